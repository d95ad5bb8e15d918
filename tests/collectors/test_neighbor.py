from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from l2exporter.kernel.neighbor_tables import NeighborTable
from l2exporter.kernel.neighbors import STATES
from tests.collectors.kernel_scene import KernelScene
from tests.tables.neighborhood import Neighbor, neighbors, parameters, table

MAC = 0x020000000007
ENTRIES = "l2_neighbor_entries"
STALE_TIME = "l2_neighbor_gc_stale_seconds"
RETENTION = "l2_neighbor_retention_seconds"
COUNTERS = {
    "overflows": "l2_neighbor_table_overflows_total",
    "forced_gc_runs": "l2_neighbor_forced_gc_runs_total",
    "unresolved_discards": "l2_neighbor_unresolved_discards_total",
    "failed_resolutions": "l2_neighbor_failed_resolutions_total",
}


def scene(*tables: NeighborTable) -> KernelScene:
    """A host with eth0 (2) and these tables."""
    host = KernelScene("neighbor")
    host.device(2, "eth0")
    host.reader.tables += tables
    return host


def held(*entries: Neighbor) -> KernelScene:
    """One that holds these entries of IPv4."""
    host = scene(table(devices={}))
    host.reader.neighbor_rows["ipv4"] = neighbors(*entries)
    return host


def devices(host: KernelScene) -> set[str]:
    return {device for device, _ in host.samples(STALE_TIME)}


def test_a_device_that_holds_entries_has_every_state() -> None:
    host = held((2, "192.0.2.1", MAC, "stale"), (2, "192.0.2.2", MAC, "stale"))
    told = host.samples(ENTRIES)
    assert told == {
        ("eth0", "ipv4", state): 2 if state == "stale" else 0 for state in ("none", *STATES)
    }


def test_each_state_counts_under_its_name_and_device() -> None:
    host = held(*((2, f"192.0.2.{n}", MAC, state) for n, state in enumerate(STATES)))
    host.device(3, "eth1")
    host.reader.neighbor_rows["ipv4"] = neighbors(
        *((2, f"192.0.2.{n}", MAC, state) for n, state in enumerate(STATES)),
        (3, "198.51.100.1", 0, "failed"),
    )
    assert host.nonzero(ENTRIES) == {
        **{("eth0", "ipv4", state): 1 for state in STATES},
        ("eth1", "ipv4", "failed"): 1,
    }


def test_the_families_are_told_apart() -> None:
    host = scene(table(), table(family="ipv6"))
    host.reader.neighbor_rows["ipv4"] = neighbors((2, "192.0.2.1", MAC, "delay"))
    host.reader.neighbor_rows["ipv6"] = neighbors((2, "2001:db8::1", MAC, "probe"), family="ipv6")
    assert host.nonzero(ENTRIES) == {("eth0", "ipv4", "delay"): 1, ("eth0", "ipv6", "probe"): 1}


def test_an_entry_that_is_new_and_one_in_a_state_not_known_here_are_counted_too() -> None:
    host = held(*((2, f"192.0.2.{n}", MAC, "stale") for n in (1, 2, 3)))
    rows = host.reader.neighbor_rows["ipv4"]
    rows = replace(rows, state=np.array([0, 0x100, 0x03], np.uint16))
    host.reader.neighbor_rows["ipv4"] = rows
    assert host.nonzero(ENTRIES) == {("eth0", "ipv4", "none"): 1, ("eth0", "ipv4", "other"): 2}
    told = [s for f in host.suite.families() for s in f.samples if s.name == ENTRIES]
    assert len(told) == len({tuple(sample.labels.values()) for sample in told})


def test_one_that_holds_multicast_addresses_alone_has_no_other_state() -> None:
    host = held((2, "224.0.0.1", MAC, "noarp"))
    assert host.samples(ENTRIES) == {("eth0", "ipv4", "noarp"): 1}


def test_entries_of_a_device_that_is_gone_are_left_out() -> None:
    host = held((99, "192.0.2.1", MAC, "stale"), (2, "192.0.2.2", MAC, "failed"))
    assert host.nonzero(ENTRIES) == {("eth0", "ipv4", "failed"): 1}


def test_fill_and_thresholds_are_those_of_each_table() -> None:
    host = scene(table(14), table(900, family="ipv6", thresholds=(1, 2, 3)))
    assert host.samples("l2_neighbor_table_entries") == {("ipv4",): 14, ("ipv6",): 900}
    assert host.samples("l2_neighbor_gc_threshold") == {
        ("ipv4", "1"): 128,
        ("ipv4", "2"): 512,
        ("ipv4", "3"): 1024,
        ("ipv6", "1"): 1,
        ("ipv6", "2"): 2,
        ("ipv6", "3"): 3,
    }


def test_times_are_those_of_the_device() -> None:
    own = replace(parameters(20.0, 90.0, 2), reachable=12.5, delay_probe=3.0)
    host = scene(table(devices={2: own}))
    for figure, value in (
        ("base_reachable", 20.0),
        ("reachable", 12.5),
        ("gc_stale", 90.0),
        ("delay_probe", 3.0),
    ):
        assert host.samples(f"l2_neighbor_{figure}_seconds") == {("eth0", "ipv4"): value}


@pytest.mark.parametrize(
    ("entries", "least", "most"), [(14, 60, math.inf), (200, 60, 75), (600, 5, 75)]
)
def test_retention_is_unbounded_below_threshold_1_and_short_from_threshold_2_on(
    entries: int, least: float, most: float
) -> None:
    host = scene(table(entries, devices={2: parameters(index=2)}))
    assert host.samples(RETENTION) == {
        ("eth0", "ipv4", "min"): least,
        ("eth0", "ipv4", "max"): most,
    }


def test_devices_that_resolve_no_addresses_have_no_times() -> None:
    host = scene(table(devices={n: parameters(index=n) for n in range(1, 9)}))
    host.device(1, "lo", loopback=True)
    host.device(3, "vnet0", master=10, port_kind="bridge")
    host.device(4, "wg0", noarp=True)
    host.device(5, "eth1", master=99, port_kind="vrf")
    assert devices(host) == {"eth0", "eth1"}


@pytest.mark.parametrize(("state", "told"), [("permanent", {"eth0", "vnet0"}), ("noarp", {"eth0"})])
def test_one_that_holds_neighbours_all_the_same_has_times(state: str, told: set[str]) -> None:
    host = scene(table(devices={n: parameters(index=n) for n in (2, 3)}))
    host.device(3, "vnet0", master=10, port_kind="bridge")
    host.reader.neighbor_rows["ipv4"] = neighbors((3, "192.0.2.1", MAC, state))
    assert devices(host) == told


def test_times_of_a_device_that_is_gone_are_left_out() -> None:
    host = scene(table(devices={99: parameters(index=99)}))
    assert devices(host) == set()


def test_counters_are_the_kernels() -> None:
    counting = replace(
        table(), overflows=1, forced_gc_runs=2, unresolved_discards=3, failed_resolutions=4
    )
    host = scene(counting)
    told = [host.samples(name) for name in COUNTERS.values()]
    assert told == [{("ipv4",): value} for value in (1, 2, 3, 4)]


@pytest.mark.parametrize("counter", COUNTERS)
def test_a_counter_that_the_kernel_does_not_give_is_absent(counter: str) -> None:
    absent: dict[str, Any] = {counter: None}
    host = scene(replace(table(), **{"unresolved_discards": 0, **absent}))
    told = {each for each, name in COUNTERS.items() if host.samples(name)}
    assert told == COUNTERS.keys() - {counter}


def test_a_kernel_without_neighbour_tables_has_none() -> None:
    assert not [sample for family in scene().suite.families() for sample in family.samples]

from __future__ import annotations

from pathlib import Path

import pytest
from prometheus_client.metrics_core import Metric

from l2exporter.collectors import fdb
from l2exporter.tables.ages import AGE_BOUNDS
from tests.collectors.kernel_scene import Entry, KernelScene, events
from tests.lab.promtool import promtool

A, B, C, HOST = 0x0A, 0x0B, 0x0C, 0xFF
ENTRIES = "l2_bridge_fdb_entries"
AGE = "l2_bridge_fdb_age_seconds"

QUANTILE = """
evaluation_interval: 1m
tests:
  - interval: 1m
    input_series:
{series}
    promql_expr_test:
      - expr: histogram_quantile(0.5, l2_bridge_fdb_age_seconds_bucket)
        eval_time: 1m
        exp_samples:
          - labels: '{{bridge="br0"}}'
            value: {median}
"""


def scene() -> KernelScene:
    """A bridge br0 (10) with the ports vnet0 (11) and vnet1 (12)."""
    host = KernelScene("fdb")
    host.bridge(10, "br0")
    host.port(11, "vnet0")
    host.port(12, "vnet1")
    return host


def ages(host: KernelScene) -> dict[str, float]:
    """The buckets by their bound."""
    return {le: value for (_, le), value in host.samples(f"{AGE}_bucket").items()}


def test_entries_are_counted_by_port_vlan_and_kind() -> None:
    host = scene()
    host.dump(
        Entry(10, 11, A),
        Entry(10, 11, B),
        Entry(10, 11, A, vlan=7),
        Entry(10, 11, C, "static"),
        Entry(10, 12, HOST, "extern_learned"),
    )
    assert host.samples(ENTRIES) == {
        ("br0", "vnet0", "", "learned"): 2,
        ("br0", "vnet0", "7", "learned"): 1,
        ("br0", "vnet0", "", "static"): 1,
        ("br0", "vnet1", "", "extern_learned"): 1,
        ("br0", "vnet1", "", "learned"): 0,
    }


def test_a_bridges_own_addresses_have_it_as_their_port_and_nothing_is_learned_there() -> None:
    host = scene()
    host.dump(Entry(10, 10, HOST, "local"))
    assert host.samples(ENTRIES) == {("br0", "br0", "", "local"): 1}


def test_a_port_that_forgot_its_only_mac_falls_to_zero_and_does_not_vanish() -> None:
    host = scene()
    host.dump(Entry(10, 11, HOST, "local"), Entry(10, 11, A))
    host.waiting.append(events(Entry(10, 11, A), added=False, expired=True))
    assert host.samples(ENTRIES) == {
        ("br0", "vnet0", "", "local"): 1,
        ("br0", "vnet0", "", "learned"): 0,
    }


def test_a_scrape_knows_what_the_kernel_told_just_before_it() -> None:
    host = scene()
    host.dump(Entry(10, 11, A))
    host.waiting.append(events(Entry(10, 12, A), Entry(10, 12, B)))
    assert host.samples(ENTRIES) == {("br0", "vnet1", "", "learned"): 2}


@pytest.mark.parametrize("gone", [10, 11])
def test_entries_of_a_device_that_is_gone_are_left_out(gone: int) -> None:
    host = scene()
    host.dump(Entry(10, 11, A), Entry(10, 12, B))
    host.remove(gone)
    kept = {("br0", "vnet1", "", "learned"): 1} if gone == 11 else {}
    assert host.samples(ENTRIES) == kept
    assert bool(ages(host)) == (gone == 11)


def test_names_are_those_of_today() -> None:
    host = scene()
    host.dump(Entry(10, 11, A))
    host.device(11, "guest", master=10)
    assert host.samples(ENTRIES) == {("br0", "guest", "", "learned"): 1}


def test_before_the_first_dump_nothing_is_told_but_that() -> None:
    host = scene()
    assert {s.name: s.value for f in host.suite.families() for s in f.samples} == {
        "l2_bridge_fdb_synchronized": 0
    }


def test_after_lost_events_what_was_known_is_told_as_such() -> None:
    host = scene()
    host.dump(Entry(10, 11, A), now=1700000000.0)
    assert host.samples("l2_bridge_fdb_synchronized") == {(): 1}
    host.forwarding.lose()
    assert host.samples("l2_bridge_fdb_synchronized") == {(): 0}
    assert host.samples("l2_bridge_fdb_dump_timestamp_seconds") == {(): 1700000000.0}
    assert host.total(ENTRIES) == 1


def test_beyond_the_cap_the_smallest_vlans_are_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fdb, "FDB_SERIES", 3)
    host = scene()
    many = [Entry(10, 11, mac, vlan=7) for mac in range(5)]
    host.dump(*many, *(Entry(10, 11, A, vlan=vid) for vid in range(8, 20)))
    assert host.samples(ENTRIES) == {
        ("br0", "vnet0", "7", "learned"): 5,
        ("br0", "vnet0", "other", "learned"): 12,
    }


def test_ages_are_those_of_what_can_be_forgotten() -> None:
    host = scene()
    host.dump(
        Entry(10, 11, A, updated=0.5),
        Entry(10, 11, B, updated=5.0),
        Entry(10, 12, C, "extern_learned", updated=3600.0),
        Entry(10, 12, HOST, "local", updated=20.0),
        Entry(10, 12, A, "static", vlan=7, updated=20.0),
        Entry(10, 12, B, vlan=7, updated=None),
    )
    bounds = [str(float(bound)) for bound in AGE_BOUNDS]
    within = {"1.0": 1, **dict.fromkeys(bounds[1:], 2), "+Inf": 3}
    assert ages(host) == within
    assert host.samples(f"{AGE}_gcount") == {("br0",): 3}
    assert host.samples(f"{AGE}_gsum") == {("br0",): 3605.5}


def test_a_bridge_that_has_learned_nothing_has_empty_buckets() -> None:
    host = scene()
    host.dump(Entry(10, 10, HOST, "local"))
    assert set(ages(host).values()) == {0}
    assert host.samples(f"{AGE}_gcount") == {("br0",): 0}


def test_ages_claim_neither_to_be_a_counter_nor_to_only_grow() -> None:
    host = scene()
    host.dump(Entry(10, 11, A, updated=20.0))
    (family,) = (family for family in host.suite.families() if family.name == AGE)
    assert family.type == "gaugehistogram"
    host.dump()
    assert host.samples(f"{AGE}_gcount") == {}


def test_prometheus_takes_a_quantile_of_the_buckets(tmp_path: Path) -> None:
    host = scene()
    host.dump(*(Entry(10, 11, mac, updated=20.0) for mac in range(6)), Entry(10, 12, A, vlan=1))
    (family,) = (family for family in host.suite.families() if family.name == AGE)
    file = tmp_path / "quantile.yml"
    # Seven entries, of which the half, 3.5, lies 2.5 of 6 into the bucket from 15 to 30.
    file.write_text(QUANTILE.format(series=_series(family), median=15 + 15 * 2.5 / 6))
    promtool("test", "rules", file)


def _series(family: Metric) -> str:
    buckets = [sample for sample in family.samples if sample.name.endswith("_bucket")]
    return "\n".join(
        f'      - series: \'{bucket.name}{{bridge="br0",le="{bucket.labels["le"]}"}}\'\n'
        f"        values: '{bucket.value:g}x2'"
        for bucket in buckets
    )

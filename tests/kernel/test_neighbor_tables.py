"""Neighbour tables beside sysctl, /proc/net/stat and pyroute2.

Their size, thresholds and counters are of the whole kernel, which others use meanwhile: what is
compared with them is read again until nothing has changed in between.
"""

from __future__ import annotations

import socket
from pathlib import Path

import pytest
from pyroute2 import IPRoute  # type: ignore[import-untyped]

from l2exporter.kernel.neighbor_tables import NeighborTable, Parameters, read_neighbor_tables
from l2exporter.kernel.rtnetlink import Netlink
from l2exporter.kernel.tally import Tally
from tests.kernel.answers import Disturbed, opened
from tests.lab.namespace import Namespace
from tests.lab.wait import wait_until

MANY = 60
CACHES = {"ipv4": "arp_cache", "ipv6": "ndisc_cache"}
NUMBERS = {"ipv4": 4, "ipv6": 6}


def tables_of(namespace: Namespace) -> dict[str, NeighborTable]:
    """Read by a thread that is in the namespace, as the exporter's are."""
    with opened(namespace) as netlink, namespace.entered():
        return {table.family: table for table in read_neighbor_tables(netlink, Tally())}


def tables_here() -> dict[str, NeighborTable]:
    with Netlink() as netlink:
        return {table.family: table for table in read_neighbor_tables(netlink, Tally())}


def index_of(namespace: Namespace, device: str) -> int:
    return int(namespace.run("cat", f"/sys/class/net/{device}/ifindex"))


@pytest.mark.root
@pytest.mark.parametrize("family", CACHES)
def test_times_are_those_of_the_device_and_family(wired: Namespace, family: str) -> None:
    settings = f"net.ipv{NUMBERS[family]}.neigh.v0"
    wired.sysctl(f"{settings}.base_reachable_time_ms", 12500)
    wired.sysctl(f"{settings}.gc_stale_time", 77)
    wired.sysctl(f"{settings}.delay_first_probe_time", 3)
    table = tables_of(wired)[family]
    device = table.devices[index_of(wired, "v0")]
    assert device == Parameters(device.index, 12.5, device.reachable, 77.0, 3.0)
    assert 6.25 <= device.reachable <= 18.75
    untouched = table.devices[index_of(wired, "v1")]
    assert (untouched.gc_stale, untouched.delay_probe) == (60.0, 5.0)


@pytest.mark.root
@pytest.mark.parametrize("family", CACHES)
def test_times_equal_those_that_pyroute2_reads(wired: Namespace, family: str) -> None:
    ours = tables_of(wired)[family]
    number = {"ipv4": socket.AF_INET, "ipv6": socket.AF_INET6}[family]
    with wired.entered(), IPRoute() as reference:
        rows = [row for row in reference.get_ntables(number) if row.get("NDTA_NAME")]
    caches = [row for row in rows if row.get("NDTA_NAME") == CACHES[family]]
    (head,) = [row for row in caches if row.get("NDTA_CONFIG")]
    assert ours.thresholds == tuple(head.get(f"NDTA_THRESH{level}") for level in (1, 2, 3))
    theirs: dict[int | None, Parameters] = {
        params.index: params for params in map(from_pyroute2, caches)
    }
    assert theirs.pop(None) == ours.defaults
    assert theirs == ours.devices
    assert set(ours.devices) == {index_of(wired, device) for device in ("lo", "v0", "v1")}


def from_pyroute2(row: object) -> Parameters:
    get = row.get("NDTA_PARMS").get  # type: ignore[attr-defined]
    return Parameters(
        index=get("NDTPA_IFINDEX"),
        base_reachable=get("NDTPA_BASE_REACHABLE_TIME") / 1000,
        reachable=get("NDTPA_REACHABLE_TIME") / 1000,
        gc_stale=get("NDTPA_GC_STALETIME") / 1000,
        delay_probe=get("NDTPA_DELAY_PROBE_TIME") / 1000,
    )


@pytest.mark.root
@pytest.mark.parametrize("family", CACHES)
def test_thresholds_and_defaults_are_those_of_the_first_namespace(
    wired: Namespace, family: str
) -> None:
    settings = Path(f"/proc/sys/net/ipv{NUMBERS[family]}/neigh/default")
    if not (settings / "gc_thresh1").exists():
        pytest.skip("the tests themselves run in a child namespace")

    def sysctl(name: str) -> int:
        return int((settings / name).read_text())

    table = tables_of(wired)[family]
    assert table.thresholds == tuple(sysctl(f"gc_thresh{level}") for level in (1, 2, 3))
    assert table.defaults.index is None
    assert table.defaults.base_reachable * 1000 == sysctl("base_reachable_time_ms")
    assert table.defaults.gc_stale == sysctl("gc_stale_time")
    assert table.defaults.delay_probe == sysctl("delay_first_probe_time")


def statistics(family: str) -> dict[str, int]:
    """Columns of /proc/net/stat summed over the CPUs, but `entries`, which each row repeats."""
    titles, *rows = Path("/proc/net/stat", CACHES[family]).read_text().splitlines()
    values = [[int(field, 16) for field in row.split()] for row in rows]
    sums = dict(zip(titles.split(), map(sum, zip(*values, strict=True)), strict=True))
    return {**sums, "entries": values[0][0]}


@pytest.mark.skipif(not Path("/proc/net/stat/arp_cache").exists(), reason="a child namespace")
@pytest.mark.parametrize("family", CACHES)
def test_size_and_counters_are_those_of_proc(family: str) -> None:
    def agree() -> bool:
        before, table, after = statistics(family), tables_here()[family], statistics(family)
        ours = {
            "entries": table.entries,
            "res_failed": table.failed_resolutions,
            "forced_gc_runs": table.forced_gc_runs,
            "table_fulls": table.overflows,
            "unresolved_discards": table.unresolved_discards,
        }
        return all(before[title] == after[title] == value for title, value in ours.items())

    wait_until(agree, "nobody else changes the table")


@pytest.mark.root
def test_an_address_without_a_host_is_a_failed_resolution(wired: Namespace) -> None:
    wired.address("v0", "192.0.2.1/24")
    wired.sysctl("net.ipv4.neigh.v0.retrans_time_ms", 20)
    before = tables_of(wired)["ipv4"].failed_resolutions
    wired.run("ping", "-c1", "-W1", "192.0.2.99", check=False)
    after = tables_of(wired)["ipv4"].failed_resolutions
    assert before is not None
    assert after is not None
    assert after > before


@pytest.mark.root
def test_in_a_child_namespace_discards_are_absent_and_all_else_is_there(wired: Namespace) -> None:
    for table in tables_of(wired).values():
        assert table.unresolved_discards is None
        assert None not in (table.failed_resolutions, table.forced_gc_runs, table.overflows)


@pytest.mark.root
def test_devices_that_go_meanwhile_are_no_error(namespace: Namespace) -> None:
    namespace.batch("ip", [f"link add b{n} type bridge" for n in range(MANY)])
    tally = Tally()
    with Disturbed(namespace, "link", "delete", "b0") as netlink:
        read_neighbor_tables(netlink, tally)
        table = read_neighbor_tables(netlink, tally)[0]
    assert len(table.devices) == MANY
    assert (tally.failures, tally.malformed) == (0, 0)

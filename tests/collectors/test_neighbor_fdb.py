from __future__ import annotations

import pytest

from l2exporter.collectors import neighbor_fdb
from l2exporter.errors import KernelError
from l2exporter.kernel.neighbors import Neighbors
from tests.collectors.kernel_scene import Entry, KernelScene, events
from tests.tables.neighborhood import Neighbor, neighbors, parameters, table

MAC = 0x020000000007
OUTLIVES, MISSING = "l2_neighbor_outlives_fdb", "l2_neighbor_missing_from_fdb"
INFO = f"{MISSING}_info"

QUIET = (10, "192.0.2.7", MAC, "stale")


def scene(*entries: Neighbor, known: tuple[int, ...] = (), collected: bool = False) -> KernelScene:
    """A host with br0 that has these neighbours, and whose bridge knows these MACs."""
    made = KernelScene("neighbor_fdb")
    made.bridge()
    made.reader.neighbor_rows["ipv4"] = neighbors(*entries)
    made.reader.tables.append(table(200 if collected else 14))
    made.dump(*(Entry(10, 20, mac) for mac in known))
    return made


def test_a_neighbour_that_the_bridge_forgot_is_counted_and_named() -> None:
    host = scene(QUIET)
    assert host.samples(OUTLIVES) == {("br0", "ipv4"): 1}
    assert host.samples(MISSING) == {("br0", "ipv4"): 1}
    assert host.samples(INFO) == {("br0", "br0", "ipv4", "192.0.2.7", "02:00:00:00:00:07"): 1}


def test_a_neighbour_that_the_bridge_knows_is_neither() -> None:
    host = scene(QUIET, known=(MAC,), collected=True)
    assert host.samples(OUTLIVES) == {("br0", "ipv4"): 0}
    assert host.samples(MISSING) == {("br0", "ipv4"): 0}
    assert host.samples(INFO) == {}


def test_while_the_bridges_are_read_nobody_is_called_missing() -> None:
    host = scene(QUIET)
    host.current = False
    assert host.samples(OUTLIVES) == {("br0", "ipv4"): 1}
    assert host.samples(MISSING) == host.samples(INFO) == {}


def test_families_and_bridges_are_told_apart() -> None:
    host = scene(QUIET)
    host.bridge(11, "br1")
    both = {10: parameters(), 11: parameters()}
    host.reader.tables[:] = [table(devices=both), table(200, family="ipv6", devices=both)]
    other = neighbors((11, "2001:db8::7", MAC, "reachable"), family="ipv6")
    host.reader.neighbor_rows["ipv6"] = other
    assert host.samples(OUTLIVES) == {
        ("br0", "ipv4"): 1,
        ("br1", "ipv4"): 1,
        ("br0", "ipv6"): 0,
        ("br1", "ipv6"): 0,
    }
    assert host.samples(MISSING) == {
        ("br0", "ipv4"): 1,
        ("br1", "ipv4"): 0,
        ("br0", "ipv6"): 0,
        ("br1", "ipv6"): 1,
    }
    assert len(host.samples(INFO)) == 2


def test_a_family_that_the_kernel_lacks_and_a_host_without_bridges_have_no_samples() -> None:
    host = scene(QUIET)
    host.reader.tables.clear()
    assert host.samples(MISSING) == host.samples(OUTLIVES) == {}
    host = scene(QUIET)
    host.reader.bridge_rows.clear()
    assert [list(family.samples) for family in host.suite.families()] == [[], [], []]


def test_the_verdict_needs_the_parameters_of_the_bridge_and_the_look_does_not() -> None:
    host = scene(QUIET)
    host.reader.tables[:] = [table(devices={})]
    assert host.samples(OUTLIVES) == {}
    assert host.samples(MISSING) == {("br0", "ipv4"): 1}


def test_after_lost_events_nobody_is_accused_until_the_next_dump() -> None:
    host = scene(QUIET)
    host.forwarding.lose()
    assert host.samples(OUTLIVES) == {("br0", "ipv4"): 1}
    assert host.samples(MISSING) == host.samples(INFO) == {}
    host.dump()
    assert host.samples(MISSING) == {("br0", "ipv4"): 1}


def test_before_the_first_dump_and_beyond_the_cap_nobody_is_accused() -> None:
    full = scene(QUIET)
    full.dump(*(Entry(10, 20, mac) for mac in range(1, 2048)))
    unread = KernelScene("neighbor_fdb")
    unread.bridge()
    unread.reader.neighbor_rows["ipv4"] = neighbors(QUIET)
    unread.reader.tables.append(table())
    for host in (full, unread):
        assert host.samples(OUTLIVES) == {("br0", "ipv4"): 1}
        assert host.samples(MISSING) == host.samples(INFO) == {}


def test_a_host_that_answers_while_neighbours_are_read_is_not_called_missing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    host = scene()

    def answer(family: str) -> Neighbors:
        host.waiting.append(events(Entry(10, 20, MAC)))
        return neighbors(QUIET)

    monkeypatch.setattr(type(host.reader), "neighbors", lambda _, family: answer(family))
    assert host.samples(MISSING) == {("br0", "ipv4"): 0}


def test_addresses_are_shown_up_to_a_cap_and_always_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    host = scene(*((30, f"192.0.2.{n}", MAC, "stale") for n in (10, 9, 100, 2)))
    host.bridge(8, "br1")
    host.device(30, "ip0", kind="ipvlan", lower=10)
    host.reader.tables.append(table(family="ipv6"))
    few = (("8", 8), ("10", 10), ("9", 10), ("a", 10))
    entries = [(index, f"2001:db8::{end}", MAC, "stale") for end, index in few]
    host.reader.neighbor_rows["ipv6"] = neighbors(*entries, family="ipv6")
    monkeypatch.setattr(neighbor_fdb, "MISSING_SHOWN", 4)
    assert host.samples(MISSING)["br0", "ipv4"] == 4
    first = [("br0", "ip0", "ipv4", f"192.0.2.{n}") for n in (2, 9, 10, 100)]
    assert [labels[:4] for labels in host.samples(INFO)] == first
    monkeypatch.setattr(neighbor_fdb, "MISSING_SHOWN", 100)
    assert [labels[:4] for labels in host.samples(INFO)] == [
        *first,
        ("br0", "br0", "ipv6", "2001:db8::9"),
        ("br0", "br0", "ipv6", "2001:db8::a"),
        ("br0", "br0", "ipv6", "2001:db8::10"),
        ("br1", "br1", "ipv6", "2001:db8::8"),
    ]


def addresses(host: KernelScene) -> list[str]:
    return [labels[3] for labels in host.samples(INFO)]


def test_new_addresses_are_shown_no_faster_than_series_may_be_made(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(neighbor_fdb, "MISSING_REMEMBERED", 3)
    monkeypatch.setattr(neighbor_fdb, "MISSING_RATE", 0.125)
    host = scene(*((10, f"192.0.2.{n}", MAC + n, "stale") for n in (1, 2, 3)))
    shown = set(addresses(host))
    assert len(shown) == 3
    for second in range(1, 101):  # somebody else each time
        host.now = float(second)
        stranger = (10, f"192.0.2.{100 + second}", MAC, "stale")
        host.reader.neighbor_rows["ipv4"] = neighbors(QUIET, stranger)
        shown.update(addresses(host))
        assert host.samples(MISSING) == {("br0", "ipv4"): 2}
    assert len(shown) == 3 + 12


def test_an_address_that_was_shown_before_comes_back_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(neighbor_fdb, "MISSING_REMEMBERED", 2)
    other = (10, "192.0.2.8", MAC + 1, "stale")
    host = scene(QUIET, other)
    assert addresses(host) == ["192.0.2.7", "192.0.2.8"]
    host.reader.neighbor_rows["ipv4"] = neighbors(other)
    assert addresses(host) == ["192.0.2.8"]
    late = (10, "192.0.2.9", MAC + 2, "stale")
    host.reader.neighbor_rows["ipv4"] = neighbors(QUIET, other, late)
    assert addresses(host) == ["192.0.2.7", "192.0.2.8"]
    host.now = 10.0
    assert addresses(host) == ["192.0.2.7", "192.0.2.8", "192.0.2.9"]


def test_all_that_may_be_remembered_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(neighbor_fdb, "MISSING_REMEMBERED", 4)
    silent = [(10, f"192.0.2.{n}", MAC + n, "stale") for n in (1, 2, 3)]
    host = scene(*silent)
    assert len(addresses(host)) == 3
    host.reader.neighbor_rows["ipv4"] = neighbors(silent[2])
    host.samples(INFO)
    host.reader.neighbor_rows["ipv4"] = neighbors(*silent)
    assert len(addresses(host)) == 3  # of the four series that may be made at once, three are


def test_what_the_kernel_refuses_is_no_zero() -> None:
    host = scene(QUIET)
    host.reader.fault = KernelError("netlink: not permitted")
    assert host.samples(OUTLIVES) == host.samples(MISSING) == {}
    host.reader.fault = None
    assert host.samples(OUTLIVES) == {("br0", "ipv4"): 1}

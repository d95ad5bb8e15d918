from __future__ import annotations

import pytest

from l2exporter.tables.fdb_events import EVENTS
from tests.collectors.kernel_scene import Entry, KernelScene, events

A, B = 0x020000000A01, 0x020000000A02
COUNT = "l2_bridge_fdb_events_total"
MOVES = "l2_bridge_fdb_moves_total"
MAC_MOVES = "l2_bridge_fdb_mac_moves_total"


def scene(*known: Entry) -> KernelScene:
    """A bridge br0 (10) with the ports vnet0 (11) and vnet1 (12), which knows these."""
    host = KernelScene("fdb_events")
    host.bridge(10, "br0")
    host.port(11, "vnet0")
    host.port(12, "vnet1")
    host.dump(*known)
    return host


def test_every_event_of_every_bridge_is_there_from_the_start() -> None:
    host = scene(Entry(10, 11, A))
    host.bridge(20, "empty")
    assert host.samples(COUNT) == {
        (bridge, event): 0 for bridge in ("br0", "empty") for event in EVENTS
    }


@pytest.mark.parametrize(
    ("change", "event"),
    [
        (events(Entry(10, 11, B)), "learned"),
        (events(Entry(10, 11, B, "static")), "added"),
        (events(Entry(10, 12, A)), "moved"),
        (
            events(Entry(10, 11, A, used=400.0, updated=300.0), added=False, expired=True),
            "aged_out",
        ),
        (
            events(Entry(10, 11, A, used=1.0, updated=300.0), added=False, expired=True),
            "aged_out_in_demand",
        ),
        (events(Entry(10, 11, A), added=False), "flushed"),
    ],
)
def test_each_event_counts_once_under_its_name(change: object, event: str) -> None:
    host = scene(Entry(10, 11, A))
    host.waiting.append(change)  # type: ignore[arg-type]
    assert host.nonzero(COUNT) == {("br0", event): 1}


def test_a_repeated_sight_of_a_mac_is_no_event() -> None:
    host = scene(Entry(10, 11, A))
    host.waiting.append(events(Entry(10, 11, A)))
    assert host.nonzero(COUNT) == {}


def test_moves_are_there_at_zero_for_each_vlan_and_count_in_their_own() -> None:
    host = scene(Entry(10, 11, A), Entry(10, 11, A, vlan=7))
    assert host.samples(MOVES) == {("br0", ""): 0, ("br0", "7"): 0}
    host.waiting.append(events(Entry(10, 12, A, vlan=7), Entry(10, 11, A, vlan=7)))
    assert host.samples(MOVES) == {("br0", ""): 0, ("br0", "7"): 2}


def test_a_mac_that_moves_is_shown() -> None:
    host = scene(Entry(10, 11, A), Entry(10, 11, B))
    host.waiting.append(events(Entry(10, 12, A), Entry(10, 11, A)))
    assert host.samples(MAC_MOVES) == {("br0", "", "02:00:00:00:0a:01"): 2}


def test_counters_end_with_their_bridge() -> None:
    host = scene(Entry(10, 11, A))
    host.waiting.append(events(Entry(10, 12, A)))
    assert host.total(COUNT, MOVES, MAC_MOVES) == 3
    host.remove(10)
    assert host.samples(COUNT) == host.samples(MOVES) == host.samples(MAC_MOVES) == {}


def test_a_counter_has_the_name_that_its_bridge_has_now() -> None:
    host = scene(Entry(10, 11, A))
    host.device(10, "lan", kind="bridge")
    assert {bridge for bridge, _ in host.samples(COUNT)} == {"lan"}
    assert host.samples(MOVES) == {("lan", ""): 0}


def test_before_the_first_dump_nothing_is_told() -> None:
    host = KernelScene("fdb_events")
    host.bridge()
    assert list(host.suite.families()) == []

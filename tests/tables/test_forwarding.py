from __future__ import annotations

import pytest

from l2exporter.kernel.fdb import KINDS
from l2exporter.limits import FDB_EVENTS_AT_ONCE, FDB_SEGMENTS
from l2exporter.tables.ages import Ages
from l2exporter.tables.fdb_events import EVENTS, IN_DEMAND_SECONDS
from l2exporter.tables.forwarding import ForwardingTable
from l2exporter.tables.sorted_map import CHANGES
from l2exporter.tables.usage import Usage
from tests.tables.fdb import BRIDGE, STALE, Entry, dump, events, gone, macs, new

A, B, C = 0x02000000000A, 0x02000000000B, 0x02000000000C
LEARNED, LOCAL = KINDS.index("learned"), KINDS.index("local")


def table(*entries: Entry, limit: int = 100) -> ForwardingTable:
    """A table that has adopted a first dump."""
    made = ForwardingTable(limit)
    made.replace(dump(made, *entries), events(), 1000.0)
    return made


def met(made: ForwardingTable, bridge: int = BRIDGE) -> dict[str, int]:
    """The bridge's events, those that never were left out."""
    counts = made.events()[bridge]
    assert tuple(counts) == EVENTS
    return {event: count for event, count in counts.items() if count}


def present(made: ForwardingTable, *wanted: int, vlan: int | None = 0) -> list[bool]:
    return list(made.present(BRIDGE, vlan, macs(wanted)).tolist())


def test_before_the_first_dump_nothing_is_known() -> None:
    made = ForwardingTable(100)
    made.apply(new(Entry(A, 4)))
    assert (made.synchronized, made.dumped_at) == (False, None)
    assert (made.counts(), made.events(), made.moves(), made.ages()) == ({}, {}, {}, {})
    assert present(made, A) == [False]


def test_the_first_dump_counts_nothing() -> None:
    made = ForwardingTable(100)
    first = dump(made, Entry(BRIDGE, BRIDGE, "local"), Entry(A, 4), Entry(B, 4))
    made.replace(first, events((True, Entry(A, 5)), (True, Entry(A, 6)), (True, Entry(C, 4))), 7.0)
    assert (made.synchronized, made.complete, made.dumped_at) == (True, True, 7.0)
    assert made.counts() == {
        (BRIDGE, BRIDGE, 0, LOCAL): 1,
        (BRIDGE, 6, 0, LEARNED): 1,
        (BRIDGE, 4, 0, LEARNED): 2,
    }
    assert met(made) == {}
    assert made.moves() == {(BRIDGE, 0): 0}
    assert made.moving() == []


@pytest.mark.parametrize(
    ("kind", "event"),
    [
        ("local", "added"),
        ("static", "added"),
        ("sticky", "added"),
        ("learned", "learned"),
        ("extern_learned", "learned"),
        ("offloaded", "learned"),
        ("locked", "learned"),
    ],
)
def test_what_is_new_was_learned_or_added(kind: str, event: str) -> None:
    made = table()
    made.apply(new(Entry(A, 4, kind)))
    assert met(made) == {event: 1}
    assert made.counts() == {(BRIDGE, 4, 0, KINDS.index(kind)): 1}
    made.apply(new(Entry(A, 4, kind)))
    assert met(made) == {event: 1}


@pytest.mark.parametrize(
    ("entry", "event"),
    [
        (Entry(A, 4, state=STALE), "aged_out"),
        (Entry(A, 4, state=STALE, used=29.99, updated=300), "aged_out_in_demand"),
        (Entry(A, 4, state=STALE, used=IN_DEMAND_SECONDS, updated=300), "aged_out"),
        (Entry(A, 4, state=STALE, used=2.0, updated=2.0), "aged_out"),
        (Entry(A, 4, state=STALE, used=2.0, updated=1.99), "aged_out"),
        (Entry(A, 4, used=1.0, updated=2.0), "flushed"),
        (Entry(A, 4, "extern_learned"), "flushed"),
        (Entry(A, 4, "static"), "removed"),
        (Entry(A, 4, "local"), "removed"),
    ],
)
def test_why_an_entry_is_gone(entry: Entry, event: str) -> None:
    made = table(Entry(A, 4), Entry(B, 4))
    made.apply(gone(entry))
    assert met(made) == {event: 1}
    assert made.counts() == {(BRIDGE, 4, 0, LEARNED): 1}
    assert present(made, A, B) == [False, True]
    made.apply(gone(entry))
    assert met(made) == {event: 2}


def test_another_port_is_a_move_and_another_kind_is_none() -> None:
    made = table(Entry(A, 4), Entry(A, 4, vlan=7))
    made.apply(new(Entry(A, 5), Entry(A, 5), Entry(A, 5, "extern_learned"), Entry(A, 4)))
    assert met(made) == {"moved": 2}
    assert made.moves() == {(BRIDGE, 0): 2, (BRIDGE, 7): 0}
    assert made.moving() == [(BRIDGE, 0, A, 2)]
    assert made.counts() == {(BRIDGE, 4, 0, LEARNED): 1, (BRIDGE, 4, 7, LEARNED): 1}


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("static", "static", {"added": 1}),
        ("static", "learned", {"moved": 1}),
        ("learned", "static", {"moved": 1}),
        ("local", "local", {"added": 1}),
    ],
)
def test_only_what_is_or_was_dynamic_moves(
    before: str, after: str, expected: dict[str, int]
) -> None:
    made = table(Entry(A, 4, before))
    made.apply(new(Entry(A, 5, after)))
    assert met(made) == expected
    assert made.counts() == {(BRIDGE, 5, 0, KINDS.index(after)): 1}


def test_bridges_and_vlans_are_apart() -> None:
    made = table(Entry(A, 4), Entry(A, 14, bridge=13), Entry(A, 4, vlan=7))
    made.apply(new(Entry(A, 15, bridge=13)))
    assert met(made) == {}
    assert met(made, 13) == {"moved": 1}
    assert made.moves() == {(BRIDGE, 0): 0, (13, 0): 1, (BRIDGE, 7): 0}


def test_present_in_a_vlan_or_in_any() -> None:
    made = table(Entry(A, 4), Entry(B, 4, vlan=7), Entry(C, 4, bridge=13))
    assert present(made, A, B, C, 0, 2**48 - 1) == [True, False, False, False, False]
    assert present(made, A, B, C, vlan=7) == [False, True, False]
    assert present(made, A, B, C, vlan=8) == [False] * 3
    assert present(made, A, B, C, vlan=None) == [True, True, False]
    assert made.present(99, None, macs([A])).tolist() == [False]
    assert made.present(BRIDGE, None, macs([])).tolist() == []


def test_a_dump_shows_moves_and_guesses_nothing_else() -> None:
    made = table(Entry(A, 4), Entry(B, 4), Entry(0xD, 4, "static"))
    made.lose()
    assert made.synchronized is False
    made.replace(dump(made, Entry(A, 5), Entry(C, 4), Entry(0xD, 5, "static")), events(), 1.0)
    assert made.synchronized is True
    assert met(made) == {"moved": 1}
    assert made.moves() == {(BRIDGE, 0): 1}
    assert made.moving() == [(BRIDGE, 0, A, 1)]
    assert present(made, A, B, C) == [True, False, True]


def test_what_events_touch_during_a_dump_is_as_they_say() -> None:
    made = table(Entry(A, 4), Entry(B, 4), Entry(C, 4))
    during = events(
        (True, Entry(A, 5)),
        (False, Entry(B, 4, state=STALE)),
        (False, Entry(C, 4)),
        (True, Entry(C, 5)),
        (True, Entry(0xD, 4)),
    )
    # Read before the first and after the third event.
    made.replace(dump(made, Entry(A, 4), Entry(B, 4), Entry(0xE, 6)), during, 1.0)
    assert met(made) == {"moved": 1, "aged_out": 1, "flushed": 1, "learned": 2}
    assert made.moves() == {(BRIDGE, 0): 1}
    assert made.counts() == {(BRIDGE, 5, 0, LEARNED): 2, (BRIDGE, 4, 0, LEARNED): 1} | {
        (BRIDGE, 6, 0, LEARNED): 1
    }
    assert present(made, A, B, C, 0xD, 0xE) == [True, False, True, True, True]


def test_an_event_that_a_dump_has_told_already_is_nothing() -> None:
    made = table(Entry(A, 4))
    made.replace(dump(made, Entry(A, 5)), events(), 1.0)
    made.apply(new(Entry(A, 5)))
    assert met(made) == {"moved": 1}


def test_the_last_of_two_rows_for_one_entry_counts() -> None:
    made = table(Entry(A, 4))
    made.replace(dump(made, Entry(A, 5), Entry(A, 4)), events(), 1.0)
    assert met(made) == {}
    assert made.counts() == {(BRIDGE, 4, 0, LEARNED): 1}


def test_a_dump_that_was_not_finished_leaves_nothing_behind() -> None:
    made = table(Entry(A, 4))
    dump(made, Entry(A, 5), Entry(B, 4), Entry(C, 4, vlan=7, updated=1))
    assert made.counts() == {(BRIDGE, 4, 0, LEARNED): 1}
    made.replace(dump(made, Entry(A, 4)), events(), 1.0)
    assert made.counts() == {(BRIDGE, 4, 0, LEARNED): 1}
    assert present(made, A, B, C, vlan=None) == [True, False, False]
    assert met(made) == {}
    assert sum(made.ages()[BRIDGE].counts) == 1


def test_the_last_row_counts_of_what_is_new_as_well() -> None:
    made = table(Entry(A, 4))
    made.replace(dump(made, Entry(B, 5), Entry(B, 6), Entry(A, 4), Entry(B, 7)), events(), 1.0)
    assert made.counts() == {(BRIDGE, 4, 0, LEARNED): 1, (BRIDGE, 7, 0, LEARNED): 1}


def test_no_more_entries_than_removals_can_be_hidden_from_a_dump() -> None:
    known = [Entry(n, 4) for n in range(10)]
    made = table(*known)
    made.replace(dump(made, *known[3:]), gone(known[0], known[1]), 1.0)
    assert present(made, 0, 1, 2, 3) == [False, False, True, True]
    assert made.complete
    made.replace(dump(made, *known[6:]), gone(known[3], known[2]), 1.0)
    assert present(made, 4, 5) == [True, True]
    made.replace(dump(made, *known[8:]), gone(known[4]), 1.0)
    assert present(made, 5, 6, 7, 8) == [False, False, False, True]
    assert met(made) == {"flushed": 5}


def test_a_dump_from_which_removals_may_hide_entries_is_not_complete() -> None:
    made = table(Entry(A, 4), Entry(B, 4))
    made.lose()
    made.replace(dump(made), gone(Entry(C, 4)), 1.0)
    assert (made.synchronized, made.hidden, made.complete) == (True, True, False)
    assert present(made, A, B) == [False, False]
    made.replace(dump(made, Entry(A, 4), Entry(B, 4)), gone(Entry(0xD, 4)), 2.0)
    assert (made.hidden, made.complete) == (False, True)


def test_what_had_no_room_may_be_hidden_as_well() -> None:
    made = table(Entry(A, 4), Entry(B, 4), limit=1)
    made.replace(dump(made, Entry(A, 4)), gone(Entry(C, 4)), 1.0)
    assert (made.hidden, made.complete) == (True, False)
    made.replace(dump(made, Entry(A, 4)), gone(Entry(C, 4)), 2.0)
    assert (made.hidden, made.complete) == (False, True)
    made.replace(dump(made, Entry(A, 4), Entry(B, 4)), gone(Entry(C, 4)), 3.0)
    assert (made.hidden, made.complete) == (False, False)


def test_beyond_the_limit_entries_are_counted_but_not_kept() -> None:
    made = table(*(Entry(n, 4) for n in range(3)), limit=2)
    assert made.counts() == {(BRIDGE, 4, 0, LEARNED): 3}
    assert made.usage()[0] == Usage("fdb", 2, 2, 0, 1)
    assert not made.complete
    made.apply(new(Entry(0xE, 5, "static")))
    made.apply(new(Entry(0xF, 4)))
    assert made.counts() == {(BRIDGE, 4, 0, LEARNED): 4, (BRIDGE, 5, 0, 1): 1}
    assert made.usage()[0] == Usage("fdb", 2, 2, 0, 3)
    assert met(made) == {"learned": 1, "added": 1}
    made.apply(gone(Entry(0xF, 4), Entry(0xE, 5, "static"), Entry(0xE, 5, "static")))
    assert made.counts() == {(BRIDGE, 4, 0, LEARNED): 3}


def test_known_entries_keep_their_place_and_a_dump_that_fits_is_complete() -> None:
    made = table(Entry(8, 4), Entry(9, 4), limit=2)
    assert made.complete
    made.replace(dump(made, Entry(1, 4), Entry(8, 4), Entry(9, 5), Entry(2, 4)), events(), 1.0)
    assert present(made, 1, 2, 8, 9) == [False, False, True, True]
    assert (made.complete, met(made)) == (False, {"moved": 1})
    made.replace(dump(made, Entry(1, 4), Entry(8, 4)), events(), 2.0)
    assert present(made, 1, 8, 9) == [True, True, False]
    assert (made.complete, made.counts()) == (True, {(BRIDGE, 4, 0, LEARNED): 2})


def test_what_had_no_room_during_a_dump_is_as_the_dump_says() -> None:
    made = table(Entry(1, 4), Entry(2, 4), limit=2)
    made.replace(dump(made, Entry(1, 4), Entry(3, 4)), new(Entry(3, 4)), 1.0)
    assert present(made, 1, 2, 3) == [True, False, True]
    assert not made.complete


def test_room_is_made_by_removals() -> None:
    made = table(Entry(1, 4), Entry(2, 4), limit=2)
    made.apply(events((False, Entry(1, 4)), (True, Entry(3, 4)), (True, Entry(4, 4))))
    assert present(made, 1, 2, 3, 4) == [False, True, True, False]
    assert not made.complete


def test_beyond_the_cap_on_segments_entries_are_counted_but_not_kept() -> None:
    made = table(
        *(Entry(A, 4, vlan=n % 4096, bridge=BRIDGE + n // 4096) for n in range(FDB_SEGMENTS)),
        limit=FDB_SEGMENTS + 10,
    )
    assert made.complete
    made.apply(new(Entry(A, 5, bridge=99), Entry(A, 5, bridge=98)))
    assert not made.complete
    assert made.present(99, 0, macs([A])).tolist() == [False]
    assert made.counts()[99, 5, 0, LEARNED] == 1
    assert made.usage()[0].refusals == 2
    assert met(made, 99) == {"learned": 1}
    assert made.guests.behind(5) == ()
    beyond = [Entry(n, 5, bridge=bridge) for bridge, n in ((98, A), (98, B), (99, C), (99, 0xD))]
    made.replace(dump(made, *beyond), gone(Entry(C, 5, bridge=99)), 1.0)
    assert made.counts() == {(98, 5, 0, LEARNED): 2, (99, 5, 0, LEARNED): 1}
    assert made.usage()[0].refusals == 5
    made.forget([BRIDGE])
    made.apply(new(Entry(A, 5, bridge=99)))
    assert made.present(99, 0, macs([A])).tolist() == [True]


def test_a_bridge_that_is_gone_takes_its_counters_with_it() -> None:
    made = table(Entry(A, 4), Entry(B, 14, bridge=13), Entry(C, 14, bridge=13), limit=2)
    made.apply(new(Entry(A, 5), Entry(B, 15, bridge=13)))
    made.forget([13, 14])
    assert set(made.events()) == {BRIDGE}
    assert made.moves() == {(BRIDGE, 0): 1}
    assert made.moving() == [(BRIDGE, 0, A, 1)]
    assert made.counts() == {(BRIDGE, 5, 0, LEARNED): 1}
    assert set(made.ages()) == {BRIDGE}
    assert made.usage()[0].entries == 1
    assert made.guests.behind(15) == ()
    made.apply(new(Entry(B, 24, bridge=23, vlan=9)))
    assert made.moves() == {(BRIDGE, 0): 1, (23, 9): 0}
    assert present(made, A) == [True]


def test_ages_are_those_of_dynamic_entries_at_the_dump() -> None:
    ages = (0, 1.0, 1.01, 5, 1800, 1801, 0xFFFFFFFF / 100)
    made = table(
        *(Entry(n, 4, updated=age) for n, age in enumerate(ages)),
        Entry(90, 4, "static", updated=2),
        Entry(91, 4, "local", updated=2, bridge=13),
    )
    assert made.ages() == {
        BRIDGE: Ages((2, 2, 0, 0, 0, 0, 0, 0, 1, 1), pytest.approx(3608.01)),  # type: ignore[arg-type]
        13: Ages((0,) * 10, 0.0),
    }
    made.apply(new(Entry(A, 4)))
    assert sum(made.ages()[BRIDGE].counts) == 6
    made.replace(dump(made), events(), 2.0)
    assert made.ages() == {}


def test_many_changes_at_once_are_all_there() -> None:
    made = table(limit=FDB_EVENTS_AT_ONCE)
    count = CHANGES * 2 + 1
    made.apply(new(*(Entry(n, 4) for n in range(count))))
    made.apply(new(*(Entry(n, 5) for n in range(0, count, 2))))
    made.apply(gone(*(Entry(n, 4) for n in range(1, count, 2))))
    assert made.counts() == {(BRIDGE, 5, 0, LEARNED): CHANGES + 1}
    assert present(made, 0, 1, 2, count - 1) == [True, False, True, True]
    assert made.usage()[0].entries == CHANGES + 1
    assert met(made) == {"learned": count, "moved": CHANGES + 1, "flushed": CHANGES}

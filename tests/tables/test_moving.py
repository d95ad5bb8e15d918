from __future__ import annotations

from l2exporter.limits import FDB_MOVING_IDLE_SECONDS, FDB_MOVING_MACS
from l2exporter.tables.forwarding import ForwardingTable
from l2exporter.tables.moving import MovingMacs
from l2exporter.tables.usage import Usage
from tests.tables.fdb import BRIDGE, Entry, dump, events, new

IDLE = FDB_MOVING_IDLE_SECONDS
FULL = FDB_MOVING_MACS


def usage(entries: int, evictions: int, refusals: int) -> Usage:
    return Usage("fdb_moving_macs", entries, FULL, evictions, refusals)


def full(now: float = 0.0) -> MovingMacs:
    """A table in which each of the first keys has moved, a second apart."""
    made = MovingMacs()
    for key in range(FULL):
        made.move(key, now + key)
    return made


def test_moves_are_counted_by_key() -> None:
    made = MovingMacs()
    for key in (5, 5 | 7 << 48, 5):
        made.move(key, 0.0)
    assert made.moves() == [(0, 5, 2), (7, 5, 1)]
    assert made.usage() == usage(2, 0, 0)


def test_what_is_there_keeps_its_place_while_it_moves() -> None:
    made = full()
    made.move(1000, IDLE - 0.1)
    assert made.usage() == usage(FULL, 0, 1)
    made.move(0, IDLE - 0.1)
    made.move(1000, IDLE)
    made.move(1000, IDLE + 0.9)
    assert made.usage() == usage(FULL, 0, 3)
    made.move(1000, IDLE + 1)
    assert made.usage() == usage(FULL, 1, 3)
    assert {mac for _, mac, _ in made.moves()} == {*range(FULL), 1000} - {1}


def test_one_that_comes_back_begins_anew() -> None:
    made = full()
    made.move(1000, IDLE)
    made.move(0, IDLE + 1)
    assert (0, 0, 1) in made.moves()
    assert made.usage() == usage(FULL, 2, 0)


def test_a_storm_gets_no_more_places_than_there_are() -> None:
    made = MovingMacs()
    for second in range(int(2 * IDLE)):
        for key in range(200):
            made.move(key, float(second))
    assert {mac for _, mac, _ in made.moves()} == set(range(FULL))
    assert made.usage() == usage(FULL, 0, int(2 * IDLE) * (200 - FULL))


def test_segments_that_are_gone_leave_room() -> None:
    made = full()
    made.move(9 << 48, 0.0)
    made.forget({0})
    made.move(9 << 48, 0.0)
    assert made.moves() == [(9, 0, 1)]


def test_the_forwarding_table_takes_the_clock_that_it_is_given() -> None:
    times = [0.0]
    made = ForwardingTable(1000, lambda: times[0])
    entries = [Entry(n, 4) for n in range(FULL + 1)]
    made.replace(dump(made, *entries), events(), 0.0)
    made.apply(new(*(entry._replace(port=5) for entry in entries)))
    assert {mac for _, _, mac, _ in made.moving()} == set(range(FULL))
    assert made.usage()[1] == usage(FULL, 0, 1)
    times[0] = IDLE
    made.apply(new(Entry(FULL, 4)))
    assert (BRIDGE, 0, FULL, 1) in made.moving()
    assert made.usage()[1] == usage(FULL, 1, 1)

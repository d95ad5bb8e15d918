from __future__ import annotations

import numpy as np

from l2exporter.kernel.fdb import NEVER
from l2exporter.tables.fdb_events import EVENTS, joined, meanings
from tests.tables.fdb import STALE, Entry, events, gone, new

A, B = 0x02000000000A, 0x02000000000B


def test_parts_are_joined_in_their_order() -> None:
    parts = [new(Entry(A, 4)), events(), gone(Entry(B, 5, vlan=7))]
    made = joined(parts)
    assert made.rows.mac.tolist() == [A, B]
    assert made.rows.port.tolist() == [4, 5]
    assert made.rows.vlan.tolist() == [0, 7]
    assert made.added.tolist() == [True, False]
    assert made.rows.mac.dtype == np.uint64


def test_of_no_parts_there_is_an_empty_batch() -> None:
    made = joined([])
    assert (made.rows.mac.tolist(), made.added.tolist()) == ([], [])
    assert made.rows.mac.dtype == np.uint64
    assert made.added.dtype == np.bool_


def test_without_times_nothing_was_in_demand() -> None:
    never = NEVER / 100
    told = gone(Entry(A, 4, state=STALE, used=never, updated=never))
    assert [EVENTS[code] for code in meanings(told).tolist()] == ["aged_out"]

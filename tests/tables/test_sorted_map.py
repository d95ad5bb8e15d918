from __future__ import annotations

import numpy as np

from l2exporter.tables.sorted_map import CHANGES, NONE, SortedMap, within
from tests.tables.fdb import macs

TOP = 2**64 - 1


def held(made: SortedMap) -> dict[int, int]:
    keys, values = made.items()
    assert keys.dtype == np.uint64
    assert sorted(keys.tolist()) == keys.tolist()
    return dict(zip(keys.tolist(), values.tolist(), strict=True))


def test_what_is_changed_is_found_once_it_is_settled() -> None:
    made = SortedMap()
    made.changes.update({TOP: 1, 0: 2, 5: 3})
    assert made.look_up(macs([0, 5, TOP])).tolist() == [NONE] * 3
    made.settle()
    assert made.look_up(macs([TOP, 4, 0, 6, 5, 5])).tolist() == [1, NONE, 2, NONE, 3, 3]
    made.changes.update({5: NONE, 0: 7, 9: NONE, 8: 0})
    assert held(made) == {0: 7, 8: 0, TOP: 1}
    assert made.changes == {}


def test_a_few_changes_are_left_alone() -> None:
    made = SortedMap()
    made.changes[1] = 1
    made.settle(CHANGES)
    assert made.changes == {1: 1}
    made.changes.update(dict.fromkeys(range(CHANGES + 1), 4))
    made.settle(CHANGES)
    assert made.changes == {}
    assert len(held(made)) == CHANGES + 1


def test_it_can_be_replaced_and_emptied() -> None:
    made = SortedMap()
    made.changes[1] = 1
    rest = macs([3]), np.array([30], np.int64)
    made.replace(
        macs([2, TOP]), np.array([20, 40], np.int64), rest, (macs([]), np.array([], np.int64))
    )
    assert held(made) == {2: 20, 3: 30, TOP: 40}
    made.changes.update({2: NONE, 3: NONE, TOP: NONE})
    assert held(made) == {}
    assert made.look_up(macs([2])).tolist() == [NONE]


def test_membership_at_both_ends_and_of_none() -> None:
    assert within(macs([2, 4]), macs([4, 5, 1, 2, 3, TOP])).tolist() == [
        *(True, False, False, True, False, False)
    ]
    assert within(macs([]), macs([1])).tolist() == [False]
    assert within(macs([1]), macs([])).tolist() == []


def test_an_entry_costs_sixteen_bytes() -> None:
    made = SortedMap()
    made.changes.update(dict.fromkeys(range(1000), 1))
    keys, values = made.items()
    assert keys.nbytes + values.nbytes == 16_000

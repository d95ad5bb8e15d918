from __future__ import annotations

import numpy as np
import pytest

from l2exporter.tables.columns import Columns, distinct


def test_every_column_has_a_row_for_each() -> None:
    columns = Columns(3)
    assert columns.add(np.uint64).tolist() == [0, 0, 0]
    assert columns.add(np.float64, 2).shape == (3, 2)


def test_clearing_takes_all_columns_of_a_row_and_no_other_row() -> None:
    columns = Columns(3)
    one, two = columns.add(np.uint64), columns.add(np.uint64, 2)
    one[:] = 7
    two[:] = 8
    columns.clear(1)
    assert one.tolist() == [7, 0, 7]
    assert two.tolist() == [[8, 8], [0, 0], [8, 8]]
    columns.clear(np.array([0, 2]))
    assert not one.any()
    assert not two.any()


def test_merging_adds_one_row_to_another_and_leaves_zeros() -> None:
    columns = Columns(3)
    one, two = columns.add(np.uint64), columns.add(np.uint64, 2)
    one[:] = [1, 2, 4]
    two[:] = [[1, 10], [2, 20], [4, 40]]
    columns.merge(0, 2)
    assert one.tolist() == [0, 2, 5]
    assert two.tolist() == [[0, 0], [2, 20], [5, 50]]


@pytest.mark.parametrize("values", [[], [3], [2, 2, 1, 2, 3, 1]])
def test_what_is_distinct_comes_in_order_and_once(values: list[int]) -> None:
    found = distinct(np.array(values, dtype=np.uint64))
    assert found.tolist() == sorted(set(values))
    assert found.dtype == np.uint64

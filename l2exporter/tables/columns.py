"""Rows as columns: numpy arrays of one length that are cleared together when a row is reused."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

_ONE = np.uint64(1)


class Columns:
    """A fixed number of rows; whoever keeps figures for them adds a column of its own.

    numpy's zeros cost no resident memory before they are written, so a high cap is free.
    """

    def __init__(self, rows: int) -> None:
        self.rows = rows
        self._columns: list[npt.NDArray[Any]] = []

    def add(self, dtype: npt.DTypeLike, width: int | None = None) -> npt.NDArray[Any]:
        """Return a new zeroed column of shape (rows,), or (rows, width)."""
        column = np.zeros(self.rows if width is None else (self.rows, width), dtype=dtype)
        self._columns.append(column)
        return column

    def clear(self, rows: int | npt.NDArray[np.intp]) -> None:
        """Zero `rows` in every column, before they come to stand for something else."""
        for column in self._columns:
            column[rows] = 0

    def merge(self, source: int, target: int) -> None:
        """Add the row `source` to the row `target` in every column, and zero it."""
        for column in self._columns:
            column[target] += column[source]
        self.clear(source)


def tally(column: npt.NDArray[np.uint64], index: npt.NDArray[np.intp]) -> None:
    """Add 1 at each place in `index`, as often as it is there.

    numpy is twenty times faster at it for one dimension and a scalar of the column's own type.
    """
    np.add.at(column, index, _ONE)


def distinct(values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Return a column's values in order, each once.

    numpy.unique would load numpy's masked arrays, 1.3 MB that nothing else here needs.
    """
    ordered = np.sort(values)
    first = np.ones(len(ordered), dtype=np.bool_)
    np.not_equal(ordered[1:], ordered[:-1], out=first[1:])
    return ordered[first]

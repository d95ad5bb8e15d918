"""A map of numbers to numbers in 16 bytes an entry, fast for batches and for single changes."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

Keys = npt.NDArray[np.uint64]
Values = npt.NDArray[np.int64]

NONE: Final = -1
"""Stands for the value of a key that is not there."""

CHANGES: Final = 4096
"""Changes kept apart, at about 150 bytes each. Taking them into 100,000 entries is a millisecond:
a quarter of a microsecond for each of them."""


class SortedMap:
    """uint64 keys to int64 values that are not negative.

    changes  what was set since the last `settle`, NONE for what was removed

    Who handles many keys one by one asks `look_up` for all of them at once; then the value of a
    key is `changes.get(key, found)`, and is changed by writing to `changes`.
    """

    def __init__(self) -> None:
        self.changes: dict[int, int] = {}
        self._keys: Keys = np.empty(0, np.uint64)
        self._values: Values = np.empty(0, np.int64)

    def look_up(self, keys: Keys) -> Values:
        """Return the settled value of each key."""
        places = find(self._keys, keys)
        known = places != NONE
        places[known] = self._values[places[known]]
        return places

    def current(self, keys: Keys) -> Values:
        """Return the value of each key, whether it is settled or not."""
        found = map(self.changes.get, keys.tolist(), self.look_up(keys).tolist())
        return np.fromiter(found, np.int64, len(keys))

    def settle(self, allowed: int = 0) -> None:
        """Take the changes into the arrays when there are more than `allowed`."""
        if len(self.changes) <= allowed:
            return
        changed = np.fromiter(self.changes.keys(), np.uint64, len(self.changes))
        values = np.fromiter(self.changes.values(), np.int64, len(self.changes))
        self.changes = {}
        order = np.argsort(changed)
        changed, values = changed[order], values[order]
        self._drop(changed)
        there = values != NONE
        self._insert(changed[there], values[there])

    def _drop(self, keys: Keys) -> None:
        """Remove sorted `keys` from the arrays, those that are there."""
        places = find(self._keys, keys)
        places = places[places != NONE]
        self._keys = np.delete(self._keys, places)
        self._values = np.delete(self._values, places)

    def _insert(self, keys: Keys, values: Values) -> None:
        """Add sorted `keys` that are not in the arrays."""
        if len(keys):
            places = np.searchsorted(self._keys, keys)
            self._keys = np.insert(self._keys, places, keys)
            self._values = np.insert(self._values, places, values)

    def items(self) -> tuple[Keys, Values]:
        """Settle; return keys, ascending, and their values. Not to be written to."""
        self.settle()
        return self._keys, self._values

    def replace(self, keys: Keys, values: Values, *others: tuple[Keys, Values]) -> None:
        """Hold just these, and others besides: keys ascending, each of them once in all."""
        self.changes = {}
        self._keys, self._values = keys, values
        for more in others:
            self._insert(*more)


def find(members: Keys, keys: Keys) -> npt.NDArray[np.int64]:
    """Return the place of each key among `members`, which are sorted, or NONE."""
    if not len(members):
        return np.full(len(keys), NONE, np.int64)
    places = np.searchsorted(members, keys)
    places[places == len(members)] = 0
    places[members[places] != keys] = NONE
    return places


def within(members: Keys, keys: Keys) -> npt.NDArray[np.bool_]:
    """Tell of each key whether it is among `members`, which are sorted.

    numpy.isin makes a hash table of 100,000 numbers: fifteen times slower.
    """
    found: npt.NDArray[np.bool_] = find(members, keys) != NONE
    return found

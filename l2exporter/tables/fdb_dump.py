"""A dump of the forwarding databases, gathered a part at a time beside what was known before."""

from __future__ import annotations

from collections import Counter
from typing import Final

import numpy as np
import numpy.typing as npt

from ..kernel.fdb import FdbRows
from .ages import DYNAMIC, AgeCounts
from .bridge_segments import MAC_BITS, REFUSED, BridgeSegments
from .sorted_map import NONE, Keys, Values, find, within

KIND_BITS: Final = 8
KIND_MASK: Final = (1 << KIND_BITS) - 1
NO_PLACE: Final = REFUSED << MAC_BITS
"""Keys from here on are in pairs of bridge and VLAN that have no number."""

Group = tuple[int, int, int, int]
"""Bridge, port, VLAN and kind (an index into KINDS)."""


class FdbDump:
    """What a dump tells of the entries known when it began, and which others there are.

    ages  of the dynamic ones

    Of what is known its value is kept, in 8 bytes; of what is not, the key as well, in 16. The
    last of several rows for one entry counts.
    """

    def __init__(self, segments: BridgeSegments, keys: Keys, values: Values) -> None:
        self.ages = AgeCounts()
        self._segments = segments
        self._keys, self._before = keys, values
        self._told = np.full(len(keys), NONE, np.int64)
        self._new: list[tuple[Keys, Values]] = []
        self._beyond: list[tuple[Keys, FdbRows]] = []

    def add(self, rows: FdbRows) -> None:
        """Take in a part."""
        keys, values = self._segments.keys(rows), packed(rows)
        places = find(self._keys, keys)
        known = places != NONE
        self._told[places[known]] = values[known]
        beyond = keys >= NO_PLACE
        if beyond.any():
            self._beyond.append((keys, rows))
        if not known.all():
            new = ~(known | beyond)
            self._new.append((keys[new], values[new]))
        self.ages.add(rows)

    def settle(self, touched: Keys, hidden: int) -> None:
        """Leave out the `touched`; what else is missing stays, when it is `hidden` at most."""
        places = find(self._keys, touched)
        places = places[places != NONE]
        missing = self._told == NONE
        missing[places] = False
        if np.count_nonzero(missing) <= hidden:
            self._told[missing] = self._before[missing]
        self._told[places] = NONE

    def known(self) -> tuple[Keys, Values]:
        """Return what was known and is still there; keys ascending."""
        there = self._told != NONE
        if there.all():
            return self._keys, self._told
        return self._keys[there], self._told[there]

    def moved(self) -> Keys:
        """Return those that are on another port now, and were or are dynamic."""
        places = np.flatnonzero((self._told != self._before) & (self._told != NONE))
        before, after = self._before[places], self._told[places]
        elsewhere = before >> KIND_BITS != after >> KIND_BITS
        moved: Keys = self._keys[places[elsewhere & is_move(before, after)]]
        return moved

    def new(self, touched: Keys) -> tuple[Keys, Values]:
        """Return what was not known, but for the `touched`; keys ascending. Only once."""
        pieces, self._new = [(np.empty(0, np.uint64), np.empty(0, np.int64)), *self._new], []
        keys, values = (np.concatenate(column) for column in zip(*pieces, strict=True))
        del pieces
        order = np.argsort(keys, kind="stable")
        keys = keys[order]
        wanted = ~within(touched, keys)
        wanted[:-1] &= keys[1:] != keys[:-1]
        return keys[wanted], values[order[wanted]]

    def beyond(self, touched: Keys) -> Counter[Group]:
        """Count what is in pairs of bridge and VLAN that have no number."""
        found: Counter[Group] = Counter()
        for keys, rows in self._beyond:
            wanted = (keys >= NO_PLACE) & ~within(touched, keys)
            columns = (rows.bridge, rows.port, rows.vlan, rows.kind)
            found.update(zip(*(column[wanted].tolist() for column in columns), strict=True))
        return found


def packed(rows: FdbRows) -> Values:
    """Return each row's port and kind as a number."""
    return rows.port.astype(np.int64) << KIND_BITS | rows.kind


def is_move(before: Values, after: Values) -> npt.NDArray[np.bool_]:
    """Tell of each value that gave way to one with another port whether that is a move."""
    moves: npt.NDArray[np.bool_] = DYNAMIC[before & KIND_MASK] | DYNAMIC[after & KIND_MASK]
    return moves

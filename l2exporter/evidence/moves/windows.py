"""Which addresses have moves that wait, since when and how many: columns, one place a window."""

from __future__ import annotations

import math
from typing import Final

import numpy as np
import numpy.typing as npt

from ...dissect.arp import Macs
from ...dissect.frames import Flags, Times
from ...limits import PENDING_RESERVE, PENDING_WINDOWS
from ...tables.addresses import AddressTable
from ...tables.bindings import AnyMoves
from ...tables.columns import tally
from ...tables.families import Ips, Keys, Rows
from ...tables.sorted_map import NONE, find
from ..seen import Key

SETTLE_SECONDS: Final = 30.0
"""From an address's first move to its verdict: longer than an owner that wakes and the proxy that
held its address may overlap, and than a hold follows on its announcement (25 s)."""

NOWHERE: Final = 0
"""The place of what has no window."""


class Windows:
    """Windows of one family's addresses, by place, from 1 on; place 0 gathers what has none.

    A window holds what it needs itself, so that it outlives the address's row: one that is
    evicted is judged all the same, and begins anew when it returns.

    place    (rows,) the window that is open on an address; a column of the address table
    row      (places,) the address's row when the window opened
    opened   (places,) monotonic, seconds; `until` likewise, infinite where no window is open
    next_due when the first of them passes
    moves    (places,) all its moves
    first    (places, 2) the MACs of the first of them; `last` likewise
    began    (places,) wall clock of the first of them; `time` of the last
    """

    def __init__(self, addresses: AddressTable) -> None:
        places = 1 + PENDING_WINDOWS + PENDING_RESERVE
        self._addresses = addresses
        self.place: npt.NDArray[np.int32] = addresses.columns.add(np.int32)
        self.row: Rows = np.zeros(places, np.intp)
        self._key: Keys = np.zeros(places, addresses.family.nobody.dtype)
        self.opened: Times = np.zeros(places)
        self.until: Times = np.full(places, np.inf)
        self.moves: npt.NDArray[np.uint64] = np.zeros(places, np.uint64)
        self.first: Macs = np.zeros((places, 2), np.uint64)
        self.last: Macs = np.zeros((places, 2), np.uint64)
        self.began: Times = np.zeros(places)
        self.time: Times = np.zeros(places)
        self._free: Rows = np.arange(places - 1, 0, -1)
        self._left = places - 1
        self.next_due = math.inf
        self._by_key: tuple[Keys, Rows] | None = None

    def __len__(self) -> int:
        return len(self._free) - self._left

    def observe(self, moves: AnyMoves, at: Times, guarded: Flags) -> Rows:
        """Count the moves, opening windows for those that have none; return what is not counted.

        That is the positions of moves that no place was left for. The reserve is for moves that
        are `guarded`, which come first; `at` is monotonic.
        """
        rows = moves.row
        new = np.flatnonzero(self.place[rows] == NOWHERE)
        if new.size:
            first = new[np.sort(np.unique(rows[new], return_index=True)[1])]
            self._open(moves, first[np.argsort(~guarded[first], kind="stable")], at, guarded)
        places = self.place[rows]
        tally(self.moves, places.astype(np.intp))
        # With a repeated place the last assignment stands, and that is the latest move.
        self.last[places, 0] = moves.from_mac
        self.last[places, 1] = moves.to_mac
        self.time[places] = moves.time
        return np.flatnonzero(places == NOWHERE) if new.size else new

    def _open(self, moves: AnyMoves, first: Rows, at: Times, guarded: Flags) -> None:
        """Open a window with each move of `first`, guarded ones first, as far as there is room."""
        privileged = min(int(guarded[first].sum()), self._left)
        others = max(0, self._left - privileged - PENDING_RESERVE)
        first = first[: privileged + others]
        self._left -= len(first)
        places = self._free[self._left : self._left + len(first)][::-1]
        rows = moves.row[first]
        self.place[rows] = places
        self.row[places] = rows
        self._key[places] = self._addresses.family.keys(*self._addresses.keys(rows))
        self.opened[places] = at[first]
        self.until[places] = at[first] + SETTLE_SECONDS
        self.next_due = min(self.next_due, float(at[first].min(initial=math.inf)) + SETTLE_SECONDS)
        self.moves[places] = 0
        self.first[places, 0] = moves.from_mac[first]
        self.first[places, 1] = moves.to_mac[first]
        self.began[places] = moves.time[first]
        self._by_key = None

    def due(self, now: float) -> Rows:
        """Return the places of windows that have passed, the oldest first."""
        if now < self.next_due:
            return np.zeros(0, np.intp)
        places = np.flatnonzero(self.until <= now)
        return places[np.argsort(self.until[places], kind="stable")]

    def close(self, places: Rows) -> None:
        """Free the places."""
        rows: Rows = self.row[places]
        rows = rows[self.place[rows] == places]
        self.place[rows] = NOWHERE
        self.until[places] = np.inf
        self._free[self._left : self._left + len(places)] = places
        self._left += len(places)
        self.next_due = float(self.until.min())
        self._by_key = None

    def at_segment(self, segment: int) -> Rows:
        """Return the places of the windows open on a segment."""
        on_it = self._addresses.family.segments(self._key) == segment
        return np.flatnonzero(on_it & np.isfinite(self.until))

    def segments(self, rows: Rows) -> Rows:
        """Return the segments of rows of the address table."""
        return self._addresses.keys(rows)[0]

    def relocate(self, places: Rows, segment: int) -> None:
        """Let the windows be of another segment."""
        family = self._addresses.family
        segments = np.full(len(places), segment, np.intp)
        self._key[places] = family.keys(segments, family.ips(self._key[places]))
        self._by_key = None

    def of(self, segment: Rows, ips: Ips) -> Rows:
        """Return the window of each address, NOWHERE where none is open."""
        keys, places = self._sorted()
        found = find(keys, self._addresses.family.keys(segment, ips))
        result: Rows = np.full(len(found), NOWHERE, np.intp)
        result[found != NONE] = places[found[found != NONE]]
        return result

    def _sorted(self) -> tuple[Keys, Rows]:
        if self._by_key is None:
            places = np.flatnonzero(np.isfinite(self.until))
            places = places[np.argsort(self._key[places])]
            self._by_key = self._key[places], places
        return self._by_key

    def address_key(self, place: int) -> Key:
        """Return the segment and the address of a window."""
        family, key = self._addresses.family, self._key[place : place + 1]
        return int(family.segments(key)[0]), family.address(self._key.item(place))

    def waiting(self) -> tuple[Rows, npt.NDArray[np.uint64]]:
        """Return (segment, moves) of each open window."""
        places = np.flatnonzero(np.isfinite(self.until))
        return self._addresses.family.segments(self._key[places]), self.moves[places]

"""Which addresses have moves that wait, since when and how many: columns, one place a window."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address
from typing import Any, Final, Protocol

import numpy as np
import numpy.typing as npt

from ..dissect.arp import Macs
from ..dissect.frames import Flags, Times
from ..dissect.reader import Address
from ..limits import PENDING_RESERVE, PENDING_WINDOWS
from ..tables.addresses import Rows
from ..tables.columns import Columns, tally
from ..tables.sorted_map import NONE, Keys, find

SETTLE_SECONDS: Final = 30.0
"""From an address's first move to its verdict: longer than an owner that wakes and the proxy that
held its address may overlap, and than a hold follows on its announcement (25 s)."""

NOWHERE: Final = 0
"""The place of what has no window."""

_SEGMENT = np.uint64(0x9E37_79B9_7F4A_7C15)
_HIGH = np.uint64(0xC2B2_AE3D_27D4_EB4F)
_SHIFT = np.uint64(29)


class AddressRows(Protocol):
    """What is needed of `AddressTable`, of either family."""

    @property
    def columns(self) -> Columns:
        """The columns of its rows."""

    def keys(self, rows: Rows) -> tuple[Rows, npt.NDArray[Any]]:
        """Return (segment, ip) of `rows`."""


class AnyMoves(Protocol):
    """What `Moves` and `NdpMoves` have in common that is needed; columns of one length."""

    @property
    def row(self) -> Rows:
        """The rows of the addresses."""

    @property
    def from_mac(self) -> Macs:
        """The MACs that they were bound to."""

    @property
    def to_mac(self) -> Macs:
        """The MACs that they are bound to now."""

    @property
    def time(self) -> Times:
        """Wall clock, in seconds."""

    @property
    def position(self) -> Rows:
        """The places in the batch of the packets that moved them."""


class Windows:
    """Windows of one family's addresses, by place, from 1 on; place 0 gathers what has none.

    A window holds what it needs itself, so that it outlives the address's row: one that is
    evicted is judged all the same, and begins anew when it returns.

    place    (rows,) the window that is open on an address; a column of the address table
    row      (places,) the address's row when the window opened; `segment` and `ip` likewise, but
             that `segment` follows the segment
    opened   (places,) monotonic, seconds; `until` likewise, infinite where no window is open
    moves    (places,) all its moves
    first    (places, 2) the MACs of the first of them; `last` likewise
    began    (places,) wall clock of the first of them; `time` of the last
    """

    def __init__(self, addresses: AddressRows) -> None:
        places = 1 + PENDING_WINDOWS + PENDING_RESERVE
        none = np.zeros(0, np.intp)
        self._addresses = addresses
        self.place: npt.NDArray[np.int32] = addresses.columns.add(np.int32)
        self.row: Rows = np.zeros(places, np.intp)
        self.segment: Rows = np.zeros(places, np.intp)
        self.ip = np.zeros(places, addresses.keys(none)[1].dtype)
        self.opened: Times = np.zeros(places)
        self.until: Times = np.full(places, np.inf)
        self.moves: npt.NDArray[np.uint64] = np.zeros(places, np.uint64)
        self.first: Macs = np.zeros((places, 2), np.uint64)
        self.last: Macs = np.zeros((places, 2), np.uint64)
        self.began: Times = np.zeros(places)
        self.time: Times = np.zeros(places)
        self._free: Rows = np.arange(places - 1, 0, -1)
        self._left = places - 1
        self._marks: tuple[Keys, Rows] | None = None

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
        self.segment[places], self.ip[places] = self._addresses.keys(rows)
        self.opened[places] = at[first]
        self.until[places] = at[first] + SETTLE_SECONDS
        self.moves[places] = 0
        self.first[places, 0] = moves.from_mac[first]
        self.first[places, 1] = moves.to_mac[first]
        self.began[places] = moves.time[first]
        self._marks = None

    def due(self, now: float) -> Rows:
        """Return the places of windows that have passed, the oldest first."""
        places = np.flatnonzero(self.until <= now)
        return places[np.argsort(self.until[places], kind="stable")]

    def close(self, places: Rows) -> Rows:
        """Free the places; return the rows of theirs that have no window now."""
        rows: Rows = self.row[places]
        rows = rows[self.place[rows] == places]
        self.place[rows] = NOWHERE
        self.until[places] = np.inf
        self._free[self._left : self._left + len(places)] = places
        self._left += len(places)
        self._marks = None
        return rows

    def at_segment(self, segment: int) -> Rows:
        """Return the places of the windows open on a segment."""
        return np.flatnonzero((self.segment == segment) & np.isfinite(self.until))

    def relocate(self, places: Rows, segment: int) -> None:
        """Let the windows be of another segment."""
        self.segment[places] = segment
        self._marks = None

    def segments(self, rows: Rows) -> Rows:
        """Return the segments of rows of the address table."""
        return self._addresses.keys(rows)[0]

    def of(self, segment: Rows, ip: npt.NDArray[Any]) -> Rows:
        """Return the window of each address, NOWHERE where none is open."""
        marks, places = self._sorted_marks()
        found = find(marks, _marks(segment, ip))
        result: Rows = np.full(len(found), NOWHERE, np.intp)
        result[found != NONE] = places[found[found != NONE]]
        # Other addresses may have the same mark.
        result[(self.segment[result] != segment) | (self.ip[result] != ip)] = NOWHERE
        return result

    def _sorted_marks(self) -> tuple[Keys, Rows]:
        if self._marks is None:
            places = np.flatnonzero(np.isfinite(self.until))
            marks = _marks(self.segment[places], self.ip[places])
            order = np.argsort(marks)
            self._marks = marks[order], places[order]
        return self._marks

    def address(self, place: int) -> Address:
        """Return the address of a window."""
        ip = self.ip[place]
        if self.ip.dtype.names is None:
            return IPv4Address(int(ip))
        return IPv6Address(int(ip["hi"]) << 64 | int(ip["lo"]))

    def waiting(self) -> tuple[Rows, npt.NDArray[np.uint64]]:
        """Return (segment, moves) of each open window."""
        places = np.flatnonzero(np.isfinite(self.until))
        return self.segment[places], self.moves[places]


def _marks(segment: Rows, ip: npt.NDArray[Any]) -> Keys:
    """Return a number for each address, the same for few others."""
    if ip.dtype.names is None:
        return ip.astype(np.uint64) ^ segment.astype(np.uint64) * _SEGMENT
    low: Keys = ip["lo"] ^ ip["hi"] * _HIGH >> _SHIFT
    return low ^ segment.astype(np.uint64) * _SEGMENT

"""What FDB events mean, and how often each meaning was met."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import fields
from typing import Final

import numpy as np
import numpy.typing as npt

from ..kernel.fdb import NO_EVENTS, FdbEvents, FdbRows
from .ages import DYNAMIC
from .bridge_segments import MAC_BITS
from .moving import MovingMacs

EVENTS: Final = (
    "learned",
    "moved",
    "aged_out",
    "aged_out_in_demand",
    "flushed",
    "added",
    "removed",
)
LEARNED, MOVED, AGED_OUT, AGED_OUT_IN_DEMAND, FLUSHED, ADDED, REMOVED = range(len(EVENTS))
NOTHING: Final = len(EVENTS)
"""An event that only changes what is known of an entry, or repeats it."""

IN_DEMAND_SECONDS: Final = 30
"""Since a frame was forwarded to a MAC that is forgotten now: the next one is flooded, and comes
soon. Longer than the keep-alives of a connection in use, far shorter than the ageing time."""

_NUD_STALE: Final = 0x04  # linux/neighbour.h; br_fdb.c says it of what has expired
_TICKS: Final = 100
_CODES: Final = 8

Codes = npt.NDArray[np.int64]


def meanings(events: FdbEvents) -> Codes:
    """Return an index into EVENTS for each event: of an addition, what it means for a new key.

    An entry ages out in demand when a frame was forwarded to it after it last spoke. The kernel
    tells that of frames from another port, not of those that the host itself sends.
    """
    rows = events.rows
    dynamic = DYNAMIC[rows.kind]
    new = np.where(dynamic, LEARNED, ADDED)
    demanded = (rows.used < IN_DEMAND_SECONDS * _TICKS) & (rows.used < rows.updated)
    expired = np.where(demanded, AGED_OUT_IN_DEMAND, AGED_OUT)
    taken = np.where(dynamic, FLUSHED, REMOVED)
    gone = np.where((rows.state & _NUD_STALE) != 0, expired, taken)
    return np.where(events.added, new, gone)


def joined(parts: Iterable[FdbEvents]) -> FdbEvents:
    """Return events as one batch, of none as well."""
    parts = [NO_EVENTS, *parts]
    names = [field.name for field in fields(FdbRows)]
    columns = (np.concatenate([getattr(part.rows, name) for part in parts]) for name in names)
    return FdbEvents(FdbRows(*columns), np.concatenate([part.added for part in parts]))


class FdbCounters:
    """Events by bridge, moves by segment (see BridgeSegments) and by the most-moving MACs."""

    def __init__(self) -> None:
        self.moving = MovingMacs()
        self._events: dict[int, list[int]] = {}
        self._moves: dict[int, int] = {}

    def count(self, bridges: npt.NDArray[np.int32], codes: Codes) -> None:
        """Count events, each of a bridge; NOTHING among them is not counted."""
        met = codes != NOTHING
        pairs = bridges[met].astype(np.int64) * _CODES + codes[met]
        distinct, times = np.unique(pairs, return_counts=True)
        for pair, count in zip(distinct.tolist(), times.tolist(), strict=True):
            bridge, code = divmod(pair, _CODES)
            self._events.setdefault(bridge, [0] * len(EVENTS))[code] += count

    def move(self, keys: Iterable[int], now: float) -> None:
        """Count a move of each key at `now` (monotonic seconds)."""
        for key in keys:
            segment = key >> MAC_BITS
            self._moves[segment] = self._moves.get(segment, 0) + 1
            self.moving.move(key, now)

    def forget(self, bridges: Collection[int], segments: Collection[int]) -> None:
        """Drop what was counted for them."""
        for bridge in bridges:
            self._events.pop(bridge, None)
        for segment in segments:
            self._moves.pop(segment, None)
        self.moving.forget(segments)

    def events(self, bridges: Iterable[int]) -> dict[int, dict[str, int]]:
        """Return the counts by bridge and event, every event among them, of these and all met."""
        none = [0] * len(EVENTS)
        return {
            bridge: dict(zip(EVENTS, self._events.get(bridge, none), strict=True))
            for bridge in {*bridges, *self._events}
        }

    def moves(self, segment: int) -> int:
        """Return the moves in a segment."""
        return self._moves.get(segment, 0)

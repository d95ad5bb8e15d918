"""The MACs that move most between the ports of a bridge, within a cap."""

from __future__ import annotations

from collections.abc import Collection

from ..limits import FDB_MOVING_IDLE_SECONDS, FDB_MOVING_MACS
from .bridge_segments import MAC_BITS, MAC_MASK
from .usage import Usage


class MovingMacs:
    """Moves of at most FDB_MOVING_MACS keys (see BridgeSegments), each from its entry on.

    Each is a series: so that labels do not churn, one gives way only when it has not moved for
    FDB_MOVING_IDLE_SECONDS, and until then what is new is refused.
    """

    def __init__(self) -> None:
        self._moves: dict[int, int] = {}
        self._moved_at: dict[int, float] = {}
        self._full_until = 0.0
        self._evictions = 0
        self._refusals = 0

    def move(self, key: int, now: float) -> None:
        """Count a move at `now` (monotonic seconds)."""
        if key not in self._moves and not self._admit(key, now):
            self._refusals += 1
            return
        self._moves[key] += 1
        self._moved_at[key] = now

    def _admit(self, key: int, now: float) -> bool:
        if len(self._moves) >= FDB_MOVING_MACS and not self._evict(now):
            return False
        self._moves[key] = 0
        return True

    def _evict(self, now: float) -> bool:
        """Remove the one that has been idle longest, if for long enough."""
        if now < self._full_until:
            return False
        idlest = min(self._moved_at, key=self._moved_at.__getitem__)
        # Times only grow, so none can give way before: a storm of moves need not look each time.
        self._full_until = self._moved_at[idlest] + FDB_MOVING_IDLE_SECONDS
        if now < self._full_until:
            return False
        del self._moves[idlest], self._moved_at[idlest]
        self._evictions += 1
        return True

    def forget(self, segments: Collection[int]) -> None:
        """Drop the keys of these segments."""
        for key in [key for key in self._moves if key >> MAC_BITS in segments]:
            del self._moves[key], self._moved_at[key]

    def moves(self) -> list[tuple[int, int, int]]:
        """Return (segment, mac, moves) of each."""
        mask = int(MAC_MASK)
        return [(key >> MAC_BITS, key & mask, moves) for key, moves in self._moves.items()]

    def usage(self) -> Usage:
        """Tell how full it is."""
        entries = len(self._moves)
        return Usage("fdb_moving_macs", entries, FDB_MOVING_MACS, self._evictions, self._refusals)

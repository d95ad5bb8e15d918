"""A captured device: its rings while it has any, and its figures."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Final

from .lane import Lane
from .rings import Rings
from .slots import Slots

FIRST_RETRY_SECONDS: Final = 1.0
LAST_RETRY_SECONDS: Final = 60.0
LANES: Final = ("fast", "slow")


@dataclass(slots=True)
class Count:
    """A lane's frames handled, and those dropped by rings that are closed."""

    frames: int = 0
    drops: int = 0

    def add(self, other: Count) -> None:
        """Go on with the figures of another."""
        self.frames += other.frames
        self.drops += other.drops


@dataclass(slots=True, eq=False)
class Device:
    """A device's lanes; outlives its rings, and the link as long as its number does."""

    number: int
    name: str
    index: int | None = None
    up: bool = False
    rings: Rings | None = None
    opened: bool = False
    fast: Count = field(default_factory=Count)
    slow: Count = field(default_factory=Count)
    retry_at: float = 0.0
    retry_after: float = FIRST_RETRY_SECONDS

    def postpone(self) -> None:
        """Let the rings be opened again later, each time twice as late."""
        self.retry_at = time.monotonic() + self.retry_after
        self.retry_after = min(2 * self.retry_after, LAST_RETRY_SECONDS)

    def lanes(self, now: float, *, named: bool) -> tuple[Lane, Lane]:
        """Tell how each lane fares; `named`: the operator asked for the device by name."""
        rings = self.rings
        up: bool | None = rings is not None and self.up
        if self.index is None and not named:
            up = None
        fast, slow = LANES
        return (
            self._lane(fast, up, self.fast, rings.fast if rings else None, now),
            self._lane(slow, up, self.slow, rings.slow if rings else None, now),
        )

    def _lane(
        self, lane: str, up: bool | None, count: Count, ring: Slots | None, now: float
    ) -> Lane:
        return Lane(
            device=self.name,
            lane=lane,
            up=up,
            frames=count.frames if self.opened else None,
            drops=count.drops + (ring.drops() if ring else 0) if self.opened else None,
            used=None if ring is None else ring.used(now),
        )

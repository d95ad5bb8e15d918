"""What a lane tells of itself."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Lane:
    """Figures of one device's lane since the start.

    up    whether frames are being captured; None for a device that is gone and was not named
    used  highest share of the ring found full lately, 0 to 1; None where there is no ring
    """

    device: str
    lane: str
    up: bool | None
    frames: int
    drops: int
    used: float | None

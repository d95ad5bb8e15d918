"""What a lane tells of itself."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Lane:
    """Figures of one device's lane since the start.

    up      whether frames are being captured; None for a device that is gone and was not named
    frames  handled; None where there never was a ring to take them from, as for drops
    drops   for want of a free slot
    used    highest share of the ring found full lately, 0 to 1; None where there is no ring
    """

    device: str
    lane: str
    up: bool | None
    frames: int | None
    drops: int | None
    used: float | None

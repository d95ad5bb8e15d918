"""What the tracker of sleep proxies tells as it happens."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from ...dissect.reader import Address

TRANSITIONS: Final = ("hold", "release", "renew", "hand_off", "expire", "lost")
"""Kinds of transitions; of them `release`, `expire` and `lost` end a hold."""

DROPPED: Final = "dropped"
"""What is counted beside them for a `Dropped`, so that every hold has an end, or lasts."""

WAKES: Final = ("demand", "maintenance")
"""Why owners return."""


@dataclass(frozen=True, slots=True)
class SleepEvent:
    """Anything told of sleep proxies on a segment."""

    segment: int


@dataclass(frozen=True, slots=True)
class Transition(SleepEvent):
    """A hold begins, goes on or ends.

    kind          one of TRANSITIONS
    owner_mac     None where it is not known
    confidence    `confirmed`, `high`, `medium` or `low`
    time, at      of the frame that shows it: wall clock and monotonic, in seconds; of the window's
                  end where it is the lack of a frame that does
    held_seconds  of a hold that has ended; None too where its beginning was not seen
    """

    ip: Address
    kind: str
    owner_mac: int | None
    proxy_mac: int
    confidence: str
    time: float
    at: float
    held_seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Wake(SleepEvent):
    """An owner has returned; once, however many addresses were held for it.

    reason  `demand` after a magic packet from the holder, `maintenance` when it woke by itself
    """

    owner_mac: int
    reason: str
    time: float


@dataclass(frozen=True, slots=True)
class Dropped(SleepEvent):
    """A hold was none, or is not followed any longer; no transition tells of it.

    reason  `contested` when its owner is awake and claims the address too, `own` when the address
            turned out to be the proxy's own, `evicted` when it gave way to another
    """

    ip: Address
    owner_mac: int | None
    proxy_mac: int
    reason: str
    time: float
    at: float

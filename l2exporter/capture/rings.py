"""A device's two rings: opened, drained and closed together."""

from __future__ import annotations

import errno
import time
from collections.abc import Iterator
from dataclasses import replace
from itertools import takewhile
from typing import Final

import numpy as np

from ..dissect.frames import SNAPLEN, Frames, Whole
from .ring import Ring
from .whole_ring import WholeRing

_BATCHES_A_TURN: Final = 8


class Rings:
    """The fast lane's ring and the slow lane's, of at least so many slots.

    Raises OSError as `Slots`.
    """

    def __init__(self, index: int, slots: int, whole_slots: int, *, promiscuous: bool) -> None:
        self.fast = Ring(index, slots, promiscuous=promiscuous)
        try:
            self.slow = WholeRing(index, whole_slots, promiscuous=promiscuous)
        except BaseException:
            self.fast.close()
            raise
        self._held: tuple[Whole, ...] = ()

    def descriptors(self) -> tuple[int, int]:
        """Return what to poll: readable while a frame waits."""
        return self.fast.fileno(), self.slow.fileno()

    def batches(self) -> Iterator[Frames]:
        """Yield what waits, up to a bound for each ring, whole frames with those of their time.

        The slow ring is drained once, and first: none of its frames is ahead of the columns. A
        batch's `data` lasts until the next one.
        """
        now = time.monotonic()
        # Those of a turn that ended by a fault of its taker come first.
        self._held = self._held or self.slow.drain(now)
        for left in reversed(range(_BATCHES_A_TURN)):
            frames = self.fast.drain(now)
            if frames is None:
                break
            # What arrives meanwhile waits for others to join it: small batches are dear.
            more = bool(left) and self.fast.was_cut(len(frames)) and self.fast.waits()
            whole = self._until(float(frames.time[-1]) if more else np.inf)
            yield replace(frames, whole=whole) if whole else frames
            now = time.monotonic()
            if not more:
                break
        if self._held:
            yield _without_columns(self._until(np.inf), now)

    def _until(self, latest: float) -> tuple[Whole, ...]:
        """Take the whole frames up to a time out of those that are held."""
        taken = tuple(takewhile(lambda one: one.time <= latest, self._held))
        self._held = self._held[len(taken) :]
        return taken

    def crowded(self) -> bool:
        """Tell whether either is so full that it should not wait longer."""
        return self.fast.crowded() or self.slow.crowded()

    def fit(self) -> bool:
        """Read the sockets' errors away; False unless the device is merely down."""
        errors = {self.fast.error(), self.slow.error()} - {0}
        return errors == {errno.ENETDOWN} and self.bound()

    def bound(self) -> bool:
        """Tell whether the device is still there, up or down; one made anew is another."""
        return self.fast.bound() and self.slow.bound()

    def close(self) -> None:
        """Give sockets and memory back; their `drops` and `used` still answer."""
        self.fast.close()
        self.slow.close()


def _without_columns(whole: tuple[Whole, ...], now: float) -> Frames:
    return Frames(
        data=np.empty((0, SNAPLEN), np.uint8),
        captured=np.empty(0, np.int32),
        tci=np.empty(0, np.int32),
        sent=np.empty(0, np.bool_),
        time=np.empty(0, np.float64),
        now=now,
        whole=whole,
    )

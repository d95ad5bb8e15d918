"""A device's slow lane: frames in whole, one by one."""

from __future__ import annotations

from typing import Final

import numpy as np

from ..dissect.frames import WHOLE_SNAPLEN, Whole
from ..limits import WHOLE_BATCH
from . import filters
from .slots import Shape, Slots, sent, tags, times

SHAPE: Final = Shape(slot=2048, pages=8)
"""66 bytes of headers and WHOLE_SNAPLEN of a frame make 2,048."""

WHOLE_BLOCK_SLOTS: Final = SHAPE.block_slots
"""Slots come in blocks of so many."""


class WholeRing(Slots):
    """At least so many slots; raises OSError as `Slots`."""

    def __init__(self, index: int, slots: int, *, promiscuous: bool) -> None:
        super().__init__(index, SHAPE, slots, filters.slow(WHOLE_SNAPLEN), promiscuous=promiscuous)

    def drain(self, now: float) -> tuple[Whole, ...]:
        """Return frames that wait, at most WHOLE_BATCH, and give their slots back.

        `now` is the monotonic time, in seconds.
        """
        part = self._waiting(WHOLE_BATCH, now)
        if part.start == part.stop:
            return ()
        headers = self._headers[part]
        mac = headers["mac"].astype(np.int64)
        begin = np.arange(part.start, part.stop) * SHAPE.slot + mac
        end = begin + np.minimum(headers["captured"], SHAPE.slot - mac)
        columns = (begin, end, headers["length"], tags(headers), sent(headers), times(headers))
        whole = tuple(
            Whole(self._map[first:last], length, tci, ours, time)
            for first, last, length, tci, ours, time in zip(
                *(column.tolist() for column in columns), strict=True
            )
        )
        self._give_back(part)
        return whole

"""A device's slow lane: frames in whole, one by one."""

from __future__ import annotations

from typing import Final

from ..dissect.frames import UNTAGGED, WHOLE_SNAPLEN, Whole
from ..limits import WHOLE_BATCH
from . import filters
from .slots import HEADER, PACKET_OUTGOING, STATUS_VLAN_VALID, Shape, Slots

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
        whole = tuple(map(self._whole, range(part.start, part.stop)))
        self._give_back(part)
        return whole

    def _whole(self, slot: int) -> Whole:
        begin = slot * SHAPE.slot
        status, length, captured, mac, sec, nsec, tci, kind = HEADER.unpack_from(self._map, begin)
        return Whole(
            # As far as the slot goes, whatever the header says.
            self._map[begin + mac : begin + min(mac + captured, SHAPE.slot)],
            length,
            tci if status & STATUS_VLAN_VALID else UNTAGGED,
            kind == PACKET_OUTGOING,
            sec + nsec * 1e-9,
        )

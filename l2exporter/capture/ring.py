"""A device's fast lane: ARP and neighbour discovery, as columns."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from ..dissect.frames import SNAPLEN, UNTAGGED, Frames
from ..limits import RING_BATCH
from . import filters
from .slots import PACKET_OUTGOING, STATUS_VLAN_VALID, Shape, Slots

SHAPE: Final = Shape(slot=192, pages=15)
"""66 bytes of headers and SNAPLEN of a frame make 192. Blocks of whole such slots are multiples of
three pages: of 15 the kernel wastes one, of 3 it would waste one too."""

BLOCK_SLOTS: Final = SHAPE.block_slots
"""Slots come in blocks of so many."""

# As in `slots.HEADER`.
_HEADER: Final = np.dtype(
    {
        "names": ["status", "captured", "mac", "sec", "nsec", "tci", "kind"],
        "formats": ["u4", "u4", "u2", "u4", "u4", "u2", "u1"],
        "offsets": [0, 8, 12, 16, 20, 24, 32 + 10],
        "itemsize": SHAPE.slot,
    }
)


class Ring(Slots):
    """At least so many slots; raises OSError as `Slots`."""

    def __init__(self, index: int, slots: int, *, promiscuous: bool) -> None:
        super().__init__(index, SHAPE, slots, filters.fast(SNAPLEN), promiscuous=promiscuous)
        self._bytes = np.frombuffer(self._map, dtype=np.uint8).reshape(-1, SHAPE.slot)
        # One for all batches: what is made anew is cleared by the kernel, page by page.
        self._taken = np.empty((min(self._count, RING_BATCH), SHAPE.slot), np.uint8)

    def drain(self, now: float) -> Frames | None:
        """Return frames that wait, at most RING_BATCH, and give their slots back.

        None when nothing waits. `now` is the monotonic time of the batch, in seconds. The next
        drain writes over `data`; the other columns are the caller's.
        """
        part = self._waiting(RING_BATCH, now)
        if part.start == part.stop:
            return None
        # One copy of whole slots, after which the kernel may have them back.
        slots = self._taken[: part.stop - part.start]
        slots[:] = self._bytes[part]
        self._give_back(part)
        headers = slots.view(_HEADER)[:, 0]
        tci = headers["tci"].astype(np.int32)
        tci[headers["status"] & STATUS_VLAN_VALID == 0] = UNTAGGED
        return Frames(
            data=_frames(slots, headers["mac"]),
            captured=np.minimum(headers["captured"], SHAPE.slot - headers["mac"]).astype(np.int32),
            tci=tci,
            sent=headers["kind"] == PACKET_OUTGOING,
            time=headers["sec"] + headers["nsec"] * 1e-9,
            now=now,
        )

    def was_cut(self, count: int) -> bool:
        """Tell whether a drain of `count` frames ended before what waited did."""
        return count == RING_BATCH or self._next == 0

    def _forget(self) -> None:
        del self._bytes
        super()._forget()


def _frames(slots: npt.NDArray[np.uint8], mac: npt.NDArray[np.uint16]) -> npt.NDArray[np.uint8]:
    """Return the frames in their slots, from the MAC offset that each header names."""
    first = int(mac[0])
    if (mac == first).all() and first + SNAPLEN <= SHAPE.slot:
        return slots[:, first : first + SNAPLEN]
    data = np.zeros((len(mac), SNAPLEN), dtype=np.uint8)
    for offset in np.unique(mac).tolist():
        rows = mac == offset
        width = min(SNAPLEN, SHAPE.slot - offset)
        data[rows, :width] = slots[rows, offset : offset + width]
    return data

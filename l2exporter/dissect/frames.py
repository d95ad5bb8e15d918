"""The unit that moves through the program: a batch of frames of one device."""

from __future__ import annotations

from dataclasses import dataclass
from operator import attrgetter
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

SNAPLEN = 126
"""Bytes kept of each frame in columns: Ethernet, three VLAN tags, IPv6 and a neighbour
solicitation or advertisement take 90, and 36 are left for its options (RFC 4861, 4.3)."""

WHOLE_SNAPLEN = 1982
"""Bytes kept of a whole frame: more than any of an Ethernet with its usual MTU of 1,500."""

UNTAGGED = -1

LONGEST_BATCH_SECONDS = 1.0
"""Between a batch's first and last frame, beyond which its wall times are not believed."""

Bytes = npt.NDArray[np.uint8]
Ints = npt.NDArray[np.int32]
Times = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]


class Whole(NamedTuple):
    """A frame of the slow lane, which is dissected by itself; made for each, so cheap.

    data   from the destination address on; the tag that the kernel took off is not in it
    length bytes on the wire; more than there are in `data` when it was cut
    tci    as in `Frames`
    sent   this host sent it
    time   wall clock, seconds since the epoch
    """

    data: bytes
    length: int
    tci: int
    sent: bool
    time: float


@dataclass(frozen=True, slots=True)
class Frames:
    """`n` Ethernet frames in the order of the wire, as columns.

    data     (n, SNAPLEN) uint8, rows contiguous: each frame from its destination address on; the
             tag that the kernel took off is not in it
    captured (n,) int32: how many bytes of the row are the frame's own (at most SNAPLEN);
             those behind them mean nothing
    tci      (n,) int32: the 802.1Q tag control information that the kernel took off
             (linux/if_packet.h, tp_vlan_tci), or UNTAGGED
    sent     (n,) bool: this host sent it (PACKET_OUTGOING)
    time     (n,) float64: wall clock, seconds since the epoch
    now      monotonic clock of the batch, seconds; in a replay the capture's own, never going back
    whole    frames of the slow lane that were taken in at the same time; they may be all there is
    """

    data: Bytes
    captured: Ints
    tci: Ints
    sent: Flags
    time: Times
    now: float
    whole: tuple[Whole, ...] = ()

    def __len__(self) -> int:
        return len(self.captured)

    @property
    def latest(self) -> float:
        """Return the wall clock of the latest frame; minus infinity when there is none."""
        whole = max(map(attrgetter("time"), self.whole), default=-np.inf)
        return float(np.max(self.time, initial=whole))

    def at(self, times: Times) -> Times:
        """Return monotonic seconds for wall times of this batch: its latest frame is at `now`.

        None is put further back than LONGEST_BATCH_SECONDS: the wall clock may have been set.
        """
        if not len(times):
            return times
        at: Times = self.now - np.clip(self.latest - times, 0.0, LONGEST_BATCH_SECONDS)
        return at

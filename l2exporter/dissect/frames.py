"""The unit that moves through the program: a batch of frames of one device."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

SNAPLEN = 62
"""Bytes kept of each frame: Ethernet, three VLAN tags and an ARP packet take 54."""

UNTAGGED = -1

Bytes = npt.NDArray[np.uint8]
Ints = npt.NDArray[np.int32]
Times = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]


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
    """

    data: Bytes
    captured: Ints
    tci: Ints
    sent: Flags
    time: Times
    now: float

    def __len__(self) -> int:
        return len(self.captured)

"""One device's frames through a TPACKET_V2 ring (linux/if_packet.h; packet_mmap.rst)."""

from __future__ import annotations

import contextlib
import mmap
import socket
import struct
import threading
from typing import Final

import numpy as np
import numpy.typing as npt

from ..dissect.frames import SNAPLEN, UNTAGGED, Frames
from ..kernel import bpf
from ..limits import RING_BATCH
from . import filters, packet_socket

SLOT: Final = 192
"""Bytes a slot: 66 of headers, and the first 126 of a frame, which ARP with three tags fits."""

_BLOCK = 15 * mmap.PAGESIZE
BLOCK_SLOTS: Final = _BLOCK // SLOT
"""Slots come in blocks of so many: whole pages of whole slots, so that the ring is one array. The
kernel takes a power of two of pages for a block: of 16 one is lost, of the four for 3 it is one."""

_PACKET_RX_RING = 5
_PACKET_VERSION = 10
_TPACKET_V2 = 1
_PACKET_OUTGOING = 4
_STATUS_KERNEL = 0
_STATUS_USER = 1
_STATUS_VLAN_VALID = 1 << 4
_PEAK_SECONDS = 60.0
_FIRST_LOOK = 64

# struct tpacket2_hdr, then struct sockaddr_ll at TPACKET_ALIGN(sizeof(struct tpacket2_hdr))
_HEADER = np.dtype(
    {
        "names": ["status", "captured", "mac", "sec", "nsec", "tci", "packet_type"],
        "formats": ["u4", "u4", "u2", "u4", "u4", "u2", "u1"],
        "offsets": [0, 8, 12, 16, 20, 24, 32 + 10],
        "itemsize": SLOT,
    }
)


class Ring:
    """A packet socket bound to one device, and the memory that it shares with the kernel.

    It has at least `slots`, in whole blocks.

    Raises OSError when it cannot be opened: PermissionError without CAP_NET_RAW, ENODEV or
    ENXIO when the device is gone, ENOMEM.
    """

    def __init__(self, index: int, slots: int, *, promiscuous: bool) -> None:
        self._socket = packet_socket.unbound()
        try:
            self._map = self._share(slots)
            bpf.attach(self._socket, filters.arp(SNAPLEN))
            if promiscuous:
                packet_socket.make_promiscuous(self._socket, index)
            packet_socket.bind(self._socket, index)
        except BaseException:
            self._socket.close()
            raise
        self._bytes = np.frombuffer(self._map, dtype=np.uint8).reshape(-1, SLOT)
        self._status = np.frombuffer(self._map, dtype=_HEADER)["status"]
        self._slots = len(self._status)
        self._next = 0
        self._drops = 0
        self._lock = threading.Lock()
        self._peak = Peak(_PEAK_SECONDS)

    def _share(self, slots: int) -> mmap.mmap:
        self._socket.setsockopt(packet_socket.SOL_PACKET, _PACKET_VERSION, _TPACKET_V2)
        blocks = -(-slots // BLOCK_SLOTS)
        request = struct.pack("IIII", _BLOCK, blocks, SLOT, blocks * BLOCK_SLOTS)
        self._socket.setsockopt(packet_socket.SOL_PACKET, _PACKET_RX_RING, request)
        return mmap.mmap(self._socket.fileno(), blocks * _BLOCK)

    def fileno(self) -> int:
        """Return the descriptor to poll: readable while a frame waits."""
        return self._socket.fileno()

    def drain(self, now: float) -> Frames | None:
        """Return frames that wait, at most RING_BATCH, and give their slots back.

        None when nothing waits. `now` is the monotonic time of the batch, in seconds.
        """
        waiting = self._waiting()
        if not waiting:
            return None
        self._peak.note(waiting / self._slots, now)
        count = min(waiting, RING_BATCH)
        part = slice(self._next, self._next + count)
        # One copy of whole slots, after which the kernel may have them back.
        slots = self._bytes[part].copy()
        self._status[part] = _STATUS_KERNEL
        self._next = (self._next + count) % self._slots
        headers = slots.view(_HEADER)[:, 0]
        tci = headers["tci"].astype(np.int32)
        tci[headers["status"] & _STATUS_VLAN_VALID == 0] = UNTAGGED
        return Frames(
            data=_frames(slots, headers["mac"]),
            captured=np.minimum(headers["captured"], SLOT - headers["mac"]).astype(np.int32),
            tci=tci,
            sent=headers["packet_type"] == _PACKET_OUTGOING,
            time=headers["sec"] + headers["nsec"] * 1e-9,
            now=now,
        )

    def _waiting(self) -> int:
        """Count the slots from the next on that the kernel has filled, as far as the ring's end."""
        status = self._status[self._next :]
        count, step = 0, _FIRST_LOOK
        while count < len(status):
            filled = status[count : count + step] & _STATUS_USER
            if not filled.all():
                count += int(filled.argmin())
                break
            count += len(filled)
            step *= 4
        return count

    def crowded(self) -> bool:
        """Tell whether a quarter of the ring waits, at the price of a look at one slot."""
        slot = (self._next + self._slots // 4) % self._slots
        return bool(self._status[slot] & _STATUS_USER)

    def error(self) -> int:
        """Return the socket's pending error number, 0 for none, and clear it."""
        return self._socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)

    def bound(self) -> bool:
        """Tell whether the device is still there, up or down; one made anew is another."""
        return packet_socket.is_bound(self._socket)

    def drops(self) -> int:
        """Return how many frames the kernel has dropped for want of a free slot."""
        with self._lock:
            if self._socket.fileno() >= 0:
                self._drops += packet_socket.statistics(self._socket)[1]
            return self._drops

    def used(self, now: float) -> float:
        """Return the highest share of the ring that a drain found full lately, 0 to 1."""
        return self._peak.value(now)

    def close(self) -> None:
        """Give the socket and the memory back; `drops` and `used` still answer."""
        self.drops()
        with self._lock:
            if self._socket.fileno() >= 0:
                self._socket.close()
                # The kernel keeps the socket while it is mapped, and the arrays keep the mapping.
                del self._bytes, self._status
                # A fault on its way up may still hold them; the mapping then goes with it.
                with contextlib.suppress(BufferError):
                    self._map.close()


class Peak:
    """Highest figure of the current and the previous period, so that no scrape can miss it."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._period = 0
        self._current = self._previous = 0.0

    def note(self, value: float, now: float) -> None:
        """Take a figure in; `now` is monotonic, in seconds."""
        self._turn(now)
        self._current = max(self._current, value)

    def value(self, now: float) -> float:
        """Return the peak as of `now`."""
        self._turn(now)
        return max(self._current, self._previous)

    def _turn(self, now: float) -> None:
        period = int(now // self._seconds)
        if period > self._period:
            self._previous = self._current if period == self._period + 1 else 0.0
            self._current = 0.0
            self._period = period


def _frames(slots: npt.NDArray[np.uint8], mac: npt.NDArray[np.uint16]) -> npt.NDArray[np.uint8]:
    """Return the frames in their slots, from the MAC offset that each header names."""
    first = int(mac[0])
    if (mac == first).all() and first + SNAPLEN <= SLOT:
        return slots[:, first : first + SNAPLEN]
    data = np.zeros((len(mac), SNAPLEN), dtype=np.uint8)
    for offset in np.unique(mac).tolist():
        rows = mac == offset
        width = min(SNAPLEN, SLOT - offset)
        data[rows, :width] = slots[rows, offset : offset + width]
    return data

"""The memory that a packet socket shares with the kernel: slots of one size, in TPACKET_V2.

(linux/if_packet.h; Documentation/networking/packet_mmap.rst)
"""

from __future__ import annotations

import contextlib
import mmap
import socket
import struct
import threading
from dataclasses import dataclass
from typing import Final

import numpy as np

from ..kernel import bpf
from . import packet_socket
from .peak import Peak

_PACKET_RX_RING = 5
_PACKET_VERSION = 10
_TPACKET_V2 = 1

PACKET_OUTGOING: Final = 4
STATUS_VLAN_VALID: Final = 1 << 4

HEADER: Final = struct.Struct("IIIHxxIIH16xB")
"""A slot begins with struct tpacket2_hdr, and struct sockaddr_ll at TPACKET_ALIGN of its size:
status, length, captured, MAC offset, seconds, nanoseconds, VLAN TCI, packet type."""

_STATUS_KERNEL = 0
_STATUS_USER = 1
_PEAK_SECONDS = 60.0
_FIRST_LOOK = 64


@dataclass(frozen=True, slots=True)
class Shape:
    """Slots of `slot` bytes, in blocks of `pages`: whole slots, so that a ring is one array.

    The kernel takes a power of two of pages for each block, whether they are used or not.
    """

    slot: int
    pages: int

    @property
    def block(self) -> int:
        """Bytes of a block."""
        return self.pages * mmap.PAGESIZE

    @property
    def block_slots(self) -> int:
        """Slots of a block."""
        return self.block // self.slot


class Slots:
    """A packet socket bound to one device, and the slots that the kernel fills in turn.

    There are at least `count`, in whole blocks. Raises OSError when it cannot be opened:
    PermissionError without CAP_NET_RAW, ENODEV or ENXIO when the device is gone, ENOMEM.
    """

    def __init__(
        self, index: int, shape: Shape, count: int, program: bpf.Program, *, promiscuous: bool
    ) -> None:
        self._socket = packet_socket.unbound()
        try:
            self._map = self._share(shape, count)
            bpf.attach(self._socket, program)
            if promiscuous:
                packet_socket.make_promiscuous(self._socket, index)
            packet_socket.bind(self._socket, index)
        except BaseException:
            self._socket.close()
            raise
        self._status = np.frombuffer(self._map, np.uint32).reshape(-1, shape.slot // 4)[:, 0]
        self._count = len(self._status)
        self._next = 0
        self._drops = 0
        self._lock = threading.Lock()
        self._peak = Peak(_PEAK_SECONDS)

    def _share(self, shape: Shape, count: int) -> mmap.mmap:
        self._socket.setsockopt(packet_socket.SOL_PACKET, _PACKET_VERSION, _TPACKET_V2)
        blocks = -(-count // shape.block_slots)
        request = struct.pack("IIII", shape.block, blocks, shape.slot, blocks * shape.block_slots)
        self._socket.setsockopt(packet_socket.SOL_PACKET, _PACKET_RX_RING, request)
        return mmap.mmap(self._socket.fileno(), blocks * shape.block)

    def fileno(self) -> int:
        """Return the descriptor to poll: readable while a frame waits."""
        return self._socket.fileno()

    def waits(self) -> bool:
        """Tell whether a frame waits."""
        return bool(self._status[self._next] & _STATUS_USER)

    def crowded(self) -> bool:
        """Tell whether a quarter of the slots wait, at the price of a look at one."""
        slot = (self._next + self._count // 4) % self._count
        return bool(self._status[slot] & _STATUS_USER)

    def _waiting(self, most: int, now: float) -> slice:
        """Return the slots from the next on that are filled, as far as the ring's end."""
        if not self.waits():
            return slice(self._next, self._next)
        status = self._status[self._next :]
        count, step = 0, _FIRST_LOOK
        while count < len(status):
            filled = status[count : count + step] & _STATUS_USER
            if not filled.all():
                count += int(filled.argmin())
                break
            count += len(filled)
            step *= 4
        self._peak.note(count / self._count, now)
        return slice(self._next, self._next + min(count, most))

    def _give_back(self, part: slice) -> None:
        """Let the kernel fill the slots anew."""
        self._status[part] = _STATUS_KERNEL
        self._next = part.stop % self._count

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
        """Return the highest share of the slots that a drain found full lately, 0 to 1."""
        return self._peak.value(now)

    def close(self) -> None:
        """Give the socket and the memory back; `drops` and `used` still answer."""
        self.drops()
        with self._lock:
            if self._socket.fileno() >= 0:
                self._socket.close()
                self._forget()
                # A fault on its way up may still hold them; the mapping then goes with it.
                with contextlib.suppress(BufferError):
                    self._map.close()

    def _forget(self) -> None:
        """Let go of the arrays: the kernel keeps the socket while its memory is mapped."""
        del self._status

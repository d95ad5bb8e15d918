"""A packet socket that is never read: the kernel counts what its filter lets through."""

from __future__ import annotations

import socket
from collections.abc import Collection, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from enum import IntEnum
from typing import Final

from ..kernel import bpf
from . import packet_socket
from .filters import unknown_unicast

_PACKET_IGNORE_OUTGOING: Final = 23
_CLOSING_AT_ONCE: Final = 32


class Direction(IntEnum):
    """Packet types (linux/if_packet.h) by which a frame is one for others."""

    TO_OTHERS = 3  # PACKET_OTHERHOST: arrived, for another MAC than the device's
    OUT = 4  # PACKET_OUTGOING


class FloodSocket:
    """Counts the unicast frames of one direction on one device that are for none of `known`.

    Its receive buffer is the kernel's smallest, full after the first frames; the kernel counts the
    others all the same and drops them before it copies anything. TO_OTHERS makes the device
    promiscuous, since a card filters such frames out. What the kernel handles as one frame (a
    segmented TCP burst on its way: GSO, GRO) counts as one.

    OSError when it cannot be opened: PermissionError without CAP_NET_RAW, ENODEV or ENXIO when the
    device is gone, EMFILE.
    """

    def __init__(self, index: int, direction: Direction, known: Collection[int]) -> None:
        self._direction = direction
        self._socket = packet_socket.unbound()
        try:
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 0)
            self.expect(known)
            if direction is Direction.TO_OTHERS:
                with suppress(OSError):  # Linux before 4.20: the filter passes over them alone
                    self._socket.setsockopt(packet_socket.SOL_PACKET, _PACKET_IGNORE_OUTGOING, 1)
                packet_socket.make_promiscuous(self._socket, index)
            packet_socket.bind(self._socket, index)
        except BaseException:
            self._socket.close()
            raise

    def expect(self, known: Collection[int]) -> None:
        """Count frames for these MACs no longer, and for all others; OSError if that fails."""
        bpf.attach(self._socket, unknown_unicast(self._direction, known))

    def bound(self) -> bool:
        """Tell whether the device is still there, up or down; one made anew is another."""
        return packet_socket.is_bound(self._socket)

    def frames(self) -> int:
        """Return how many frames there were since the last call; one caller at a time."""
        return packet_socket.statistics(self._socket)[0]

    def close(self) -> None:
        """Stop counting. The kernel takes some 12 ms: see `close_all`."""
        self._socket.close()


def close_all(sockets: Iterable[FloodSocket]) -> None:
    """Close many: each waits until no CPU uses it any more, which all of them can do together."""
    with ThreadPoolExecutor(_CLOSING_AT_ONCE) as pool:
        for _ in pool.map(FloodSocket.close, sockets):
            pass

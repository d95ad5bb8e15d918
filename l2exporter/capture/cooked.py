"""Link types of capture files, each brought to the Ethernet layout that the dissectors read.

A cooked frame (captured on Linux's `any` device) has a header in place of the Ethernet one:

    LINUX_SLL   packet type 2, ARPHRD 2, address length 2, address 8, protocol 2
    LINUX_SLL2  protocol 2, reserved 2, interface 4, ARPHRD 2, packet type 1, address length 1,
                address 8

all in network byte order (tcpdump.org/linktypes, LINKTYPE_LINUX_SLL and LINKTYPE_LINUX_SLL2).
"""

from __future__ import annotations

from collections.abc import Callable
from struct import Struct
from typing import Final

Link = Callable[[bytes], tuple[bytes, bool]]
"""A packet as captured -> (Ethernet frame, whether this host sent it)."""

Packet = tuple[float, bytes, bool, int]
"""Seconds since the epoch, Ethernet frame, whether this host sent it, bytes cut off its end."""

_SLL: Final = Struct(">HHH8sH")
_SLL2: Final = Struct(">H6xHBB8s")

_ARPHRD_ETHER: Final = 1  # linux/if_arp.h
_PACKET_OUTGOING: Final = 4  # linux/if_packet.h

_NO_ADDRESS: Final = bytes(6)
_NO_PROTOCOL: Final = bytes(14)


def ethernet(packet: bytes) -> tuple[bytes, bool]:
    """LINKTYPE_ETHERNET: the frame as it is; its direction is not in it."""
    return packet, False


def linux_sll(packet: bytes) -> tuple[bytes, bool]:
    """LINKTYPE_LINUX_SLL, as `_rewritten`; an empty frame if it is shorter than its header."""
    if len(packet) < _SLL.size:
        return b"", False
    kind, hardware, length, address, protocol = _SLL.unpack_from(packet)
    return _rewritten(kind, hardware, address[:length], protocol, packet[_SLL.size :])


def linux_sll2(packet: bytes) -> tuple[bytes, bool]:
    """LINKTYPE_LINUX_SLL2, as `_rewritten`; an empty frame if it is shorter than its header."""
    if len(packet) < _SLL2.size:
        return b"", False
    protocol, hardware, kind, length, address = _SLL2.unpack_from(packet)
    return _rewritten(kind, hardware, address[:length], protocol, packet[_SLL2.size :])


def _rewritten(
    kind: int, hardware: int, address: bytes, protocol: int, payload: bytes
) -> tuple[bytes, bool]:
    """Destination zeros (a cooked header has none), source the sender's if it is a MAC.

    From hardware that is not Ethernet (loopback, tunnels, ...) comes a frame of 14 zeros, which
    counts as a frame and which no dissector takes: its ARP, if any, has no MAC addresses.
    """
    sent = kind == _PACKET_OUTGOING
    if hardware != _ARPHRD_ETHER:
        return _NO_PROTOCOL, sent
    source = address if len(address) == len(_NO_ADDRESS) else _NO_ADDRESS
    return _NO_ADDRESS + source + protocol.to_bytes(2, "big") + payload, sent


LINKS: Final[dict[int, Link]] = {1: ethernet, 113: linux_sll, 276: linux_sll2}
"""By LINKTYPE_ number."""

UNSUPPORTED: Final = "is not Ethernet (1), LINUX_SLL (113) or LINUX_SLL2 (276)"

"""The cheap look: which packets of the slow lane are worth dissecting."""

from __future__ import annotations

import re
from collections.abc import Container
from typing import Final

from .datagrams import Datagram

MDNS: Final = "mdns"

_GROUPS = frozenset({bytes.fromhex("01005e0000fb"), bytes.fromhex("3333000000fb")})
"""Ethernet addresses of 224.0.0.251 and ff02::fb (RFC 1112, 6.4; RFC 2464, 7)."""

_GROUP = slice(0, 6)
_PORT = b"\x14\xe9"
_UDP_PORTS = (34, 66)
"""Where the ports are in a frame, behind IPv4 or IPv6 and up to two tags."""

_LABEL = re.compile(rb"(?i)\x0c_sleep-proxy")
_OPT = b"\0\0\x29"
_OWNER = re.compile(rb"\0\x04\0[\x08\x0e\x12\x14]\0")
_FLAGS = slice(2, 3)
_RESPONSE = b"\x80"
_ADDITIONALS = slice(10, 12)


def matters(protocol: str, datagram: Datagram, interest: Container[int]) -> bool:
    """Tell whether the packet may hold what somebody wants to know.

    Of multicast DNS that is: whatever the MACs of `interest` send, answers about sleep proxies
    (questions about them are frequent and tell nothing), and packets with an Owner option. It
    looks for their bytes: a packet that it turns away has none of these, one that it lets
    through may yet turn out to have none. Other protocols are rare and always matter.
    """
    if protocol != MDNS or datagram.source_mac in interest:
        return True
    payload = datagram.payload
    if payload[_ADDITIONALS] != b"\0\0":
        options = payload.find(_OPT)
        if options >= 0 and _OWNER.search(payload, options):
            return True
    return answers(payload) and _LABEL.search(payload) is not None


def is_multicast_dns(frame: bytes) -> bool:
    """Tell of a whole frame, tags and all, whether it is to multicast DNS's group and port.

    Some that are not may be taken for it, if they are to the group: never a registration.
    """
    return frame[_GROUP] in _GROUPS and frame.find(_PORT, *_UDP_PORTS) >= 0


def answers(payload: bytes) -> bool:
    """Tell whether a DNS message answers (RFC 1035, 4.1.1, QR): who asks does not tell its name."""
    return payload[_FLAGS] >= _RESPONSE

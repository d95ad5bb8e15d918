"""CARP, OpenBSD's answer to VRRP, on the same IP protocol number (netinet/ip_carp.h).

version 4 bits, type 4 bits, VHID 1, skew 1, authentication in words 1, demotion 1, base 1,
checksum 2, counter 8, SHA-1 HMAC 20
"""

from __future__ import annotations

from typing import Final

from .checksum import holds
from .datagrams import Datagram
from .reader import DissectError, Reader
from .virtual_router import VirtualRouterAdvert

REASONS: Final = ("truncated", "ttl", "checksum")
"""Why a CARP host would not believe it (carp_proto_input)."""

_LENGTH: Final = 36
_VERSION: Final = 2
_FIRST: Final = 0x21
_AUTHENTICATION: Final = 7
_VRRP_OF_SEVEN: Final = 8 + 7 * 4 + 8
_BOWS_OUT: Final = 255
_MAC: Final = 0x00005E000100


def is_carp(payload: bytes) -> bool:
    """Tell CARP from VRRP version 2, which begins with the same byte.

    CARP's seven words of authentication are VRRP's number of addresses, and a VRRP packet with
    seven addresses is longer than one of CARP.
    """
    return (
        payload[:1] == bytes((_FIRST,))
        and payload[3:4] == bytes((_AUTHENTICATION,))
        and len(payload) < _VRRP_OF_SEVEN
    )


def decode(datagram: Datagram) -> VirtualRouterAdvert:
    """Read an advertisement of which `is_carp` holds.

    Base and skew of 255 give the addresses up, and the addresses are in the HMAC alone. Raises
    DissectError with one of REASONS.
    """
    reader = Reader(datagram.payload)
    if datagram.ttl != 255:
        raise DissectError("ttl")
    header = reader.take(_LENGTH)
    if not holds(header):
        raise DissectError("checksum")
    group, skew, base = header[1], header[2], header[5]
    active = not skew == base == _BOWS_OUT
    return VirtualRouterAdvert("carp", _VERSION, group, 255 - skew, active, (), _MAC | group)

"""VRRP version 2 (RFC 3768) and version 3 (RFC 5798, RFC 9568).

version 4 bits, type 4 bits, VRID 1, priority 1, number of addresses 1
version 2: kind of authentication 1, interval 1, checksum 2, addresses, authentication 8
version 3: interval 2, checksum 2, addresses
"""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address
from typing import Final

from .checksum import holds, pseudo_header
from .datagrams import Datagram
from .reader import Address, DissectError, Reader
from .virtual_router import VirtualRouterAdvert

PROTOCOL: Final = 112

REASONS: Final = ("truncated", "ttl", "version", "type", "checksum")
"""Why a router would not believe it (RFC 3768, 7.1; RFC 5798, 7.1). Version 2 knows no IPv6."""

_ADVERTISEMENT: Final = 1
_AUTHENTICATION: Final = 8
_MAC_IPV4: Final = 0x00005E000100
_MAC_IPV6: Final = 0x00005E000200


def decode(datagram: Datagram) -> VirtualRouterAdvert:
    """Read the advertisement behind an IPv4 or IPv6 header; priority 0 gives the addresses up.

    Authentication data is passed over: it was removed from the protocol for it proves nothing.
    Raises DissectError with one of REASONS.
    """
    payload, is_ipv6 = datagram.payload, isinstance(datagram.source, IPv6Address)
    reader = Reader(payload)
    if datagram.ttl != 255:
        raise DissectError("ttl")
    version, kind = divmod(reader.u8(), 16)
    if version != 3 and (version != 2 or is_ipv6):
        raise DissectError("version")
    if kind != _ADVERTISEMENT:
        raise DissectError("type")
    group, priority, count = reader.u8(), reader.u8(), reader.u8()
    reader.skip(4)
    addresses = _addresses(reader, count, is_ipv6=is_ipv6)
    if version == 2:
        reader.skip(_AUTHENTICATION)
    if not _sums(datagram, version):
        raise DissectError("checksum")
    mac = (_MAC_IPV6 if is_ipv6 else _MAC_IPV4) | group
    return VirtualRouterAdvert("vrrp", version, group, priority, priority > 0, addresses, mac)


def _addresses(reader: Reader, count: int, *, is_ipv6: bool) -> tuple[Address, ...]:
    if is_ipv6:
        return tuple(IPv6Address(reader.take(16)) for _ in range(count))
    return tuple(IPv4Address(reader.take(4)) for _ in range(count))


def _sums(datagram: Datagram, version: int) -> bool:
    """Tell whether the checksum is right; in version 3 many leave the pseudo-header out of it."""
    payload, source, destination = datagram.payload, datagram.source, datagram.destination
    if holds(payload):
        return True
    if version == 2 or source is None or destination is None:
        return False
    return holds(payload, pseudo_header(source, destination, PROTOCOL, len(payload)))

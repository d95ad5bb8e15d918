"""Ethernet, IPv4, IPv6 and UDP headers around what the slow lane dissects.

(RFC 791, 3.1; RFC 8200, 3 and 4; RFC 768.)
"""

from __future__ import annotations

from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address
from struct import Struct
from typing import Final, NamedTuple

from .reader import Address, DissectError

ETHERTYPE_IPV4: Final = 0x0800
ETHERTYPE_IPV6: Final = 0x86DD
UDP: Final = 17

REASONS: Final = ("truncated", "version", "length", "fragment", "extension_header")
"""Why the headers of a frame cannot be read.

version           an IP header that is not of its ethertype's version
length            a header or a whole that is shorter than its own fields make it
truncated         a frame that ends before what its headers promise, or was cut by the capture
fragment          any piece of a packet: no piece can be dissected by itself
extension_header  IPv6 headers in front of the payload, which neither the protocols here nor
                  RFC 6980 need
"""

_ETHERNET: Final = Struct(">6s6sH")
_IPV4: Final = Struct(">BxHxxHBBxxII")
_IPV6: Final = Struct(">BxxxHBB16s16s")
_UDP: Final = Struct(">HHHxx")

_MORE_OR_OFFSET: Final = 0x3FFF
_FRAGMENT_HEADER: Final = 44
_EXTENSIONS: Final = frozenset({0, 43, 50, 51, 60, 135, 139, 140, 253, 254})
"""IANA's IPv6 extension header types, the fragment header apart."""


_address4 = lru_cache(256)(IPv4Address)
_address6 = lru_cache(256)(IPv6Address)
# Groups and the loudest senders come again and again; others cost little more than without it.


class Datagram(NamedTuple):
    """One frame's headers, and the bytes behind them; made for each, so as cheap as can be.

    source, destination  None where the frame is not IP
    protocol             IP protocol number; 0 where the frame is not IP
    source_port, destination_port  0 where it is not UDP
    ttl                  hop limit; 0 where the frame is not IP
    payload              of UDP, of IP, or of Ethernet, whichever is innermost; padding cut off
    """

    source_mac: int
    destination_mac: int
    ethertype: int
    source: Address | None
    destination: Address | None
    protocol: int
    source_port: int
    destination_port: int
    ttl: int
    payload: bytes


def decode(frame: bytes) -> Datagram:
    """Read the headers of a frame without VLAN tags, its ethertype at 12.

    Checksums of IPv4 and UDP are not looked at: what this host sends may leave them to the device.
    Raises DissectError with one of REASONS.
    """
    if len(frame) < _ETHERNET.size:
        raise DissectError("truncated")
    destination_mac, source_mac, ethertype = _ETHERNET.unpack_from(frame)
    source: Address | None = None
    destination: Address | None = None
    protocol = ttl = source_port = destination_port = 0
    payload = frame[_ETHERNET.size :]
    if ethertype == ETHERTYPE_IPV4:
        source, destination, protocol, ttl, payload = _ipv4(payload)
    elif ethertype == ETHERTYPE_IPV6:
        source, destination, protocol, ttl, payload = _ipv6(payload)
    if protocol == UDP:
        source_port, destination_port, payload = _udp(payload)
    return Datagram(
        int.from_bytes(source_mac),
        int.from_bytes(destination_mac),
        ethertype,
        source,
        destination,
        protocol,
        source_port,
        destination_port,
        ttl,
        payload,
    )


def _ipv4(packet: bytes) -> tuple[IPv4Address, IPv4Address, int, int, bytes]:
    if len(packet) < _IPV4.size:
        raise DissectError("truncated")
    first, total, fragment, ttl, protocol, source, destination = _IPV4.unpack_from(packet)
    if first >> 4 != 4:
        raise DissectError("version")
    header = (first & 15) * 4
    if header < _IPV4.size or total < header:
        raise DissectError("length")
    if fragment & _MORE_OR_OFFSET:
        raise DissectError("fragment")
    payload = _cut(packet, header, total)
    return _address4(source), _address4(destination), protocol, ttl, payload


def _ipv6(packet: bytes) -> tuple[IPv6Address, IPv6Address, int, int, bytes]:
    if len(packet) < _IPV6.size:
        raise DissectError("truncated")
    first, length, following, ttl, source, destination = _IPV6.unpack_from(packet)
    if first >> 4 != 6:
        raise DissectError("version")
    if following == _FRAGMENT_HEADER:
        raise DissectError("fragment")
    if following in _EXTENSIONS:
        raise DissectError("extension_header")
    payload = _cut(packet, _IPV6.size, _IPV6.size + length)
    return _address6(source), _address6(destination), following, ttl, payload


def _udp(packet: bytes) -> tuple[int, int, bytes]:
    if len(packet) < _UDP.size:
        raise DissectError("truncated")
    source, destination, length = _UDP.unpack_from(packet)
    if length < _UDP.size:
        raise DissectError("length")
    return source, destination, _cut(packet, _UDP.size, length)


def _cut(packet: bytes, start: int, end: int) -> bytes:
    """Return the bytes between; what lies behind them is Ethernet's padding."""
    if end > len(packet):
        raise DissectError("truncated")
    return packet[start:end]

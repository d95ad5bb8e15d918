"""Router advertisements (RFC 4861, 4.2; RFC 4191; RFC 8106)."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv6Address, IPv6Network
from typing import Final

from .checksum import holds, pseudo_header
from .datagrams import Datagram
from .reader import DissectError, Reader

ICMPV6: Final = 58
TYPE: Final = 134

REASONS: Final = (
    "truncated",
    "hop_limit",
    "source",
    "checksum",
    "code",
    "option_length",
    "prefix_length",
)
"""Why a host would not believe it (RFC 4861, 6.1.2), and options that are not of their length."""

PREFERENCES: Final = ("medium", "high", "medium", "low")
"""By the two bits of RFC 4191, 2.1; the reserved value is read as medium."""

_HEADER: Final = 16
_LINK_LAYER_ADDRESS: Final = 1
_PREFIX: Final = 3
_DNS_SERVERS: Final = 25
_LENGTHS: Final = {_LINK_LAYER_ADDRESS: 6, _PREFIX: 30}


@dataclass(frozen=True, slots=True)
class RouterAdvertisement:
    """One advertisement; `lifetime` in seconds, 0 when the sender is no default router.

    source      the router's link-local address
    mac         source link-layer address option; None where it is missing
    preference  `low`, `medium` or `high` (RFC 4191, 2.1)
    """

    source: IPv6Address
    mac: int | None
    lifetime: int
    managed: bool
    other: bool
    preference: str
    prefixes: tuple[IPv6Network, ...]
    dns_servers: tuple[IPv6Address, ...]


def decode(datagram: Datagram) -> RouterAdvertisement:
    """Read an ICMPv6 message of type 134 and those of its options that tell who routes what.

    Bits of a prefix behind its length are cleared. Raises DissectError with one of REASONS.
    """
    source = _sender(datagram)
    reader = Reader(datagram.payload)
    reader.skip(1)
    if reader.u8() != 0:
        raise DissectError("code")
    reader.skip(3)
    flags, lifetime = reader.u8(), reader.u16()
    reader.skip(8)
    mac, prefixes, servers = _options(reader)
    return RouterAdvertisement(
        source=source,
        mac=mac,
        lifetime=lifetime,
        managed=bool(flags & 0x80),
        other=bool(flags & 0x40),
        preference=PREFERENCES[flags >> 3 & 3],
        prefixes=prefixes,
        dns_servers=servers,
    )


def _sender(datagram: Datagram) -> IPv6Address:
    """Return the source of what came from this link (RFC 4861, 6.1.2), and undamaged."""
    payload, source, destination = datagram.payload, datagram.source, datagram.destination
    if len(payload) < _HEADER:
        raise DissectError("truncated")
    if datagram.ttl != 255:
        raise DissectError("hop_limit")
    if not isinstance(source, IPv6Address) or destination is None or not source.is_link_local:
        raise DissectError("source")
    if not holds(payload, pseudo_header(source, destination, ICMPV6, len(payload))):
        raise DissectError("checksum")
    return source


def _options(
    reader: Reader,
) -> tuple[int | None, tuple[IPv6Network, ...], tuple[IPv6Address, ...]]:
    """Read the MAC, prefixes and DNS servers; each option is at least eight bytes long."""
    mac: int | None = None
    prefixes: list[IPv6Network] = []
    servers: list[IPv6Address] = []
    while reader.remaining:
        kind, length = reader.u8(), reader.u8() * 8 - 2
        value = reader.take(length) if length > 0 else b""
        if not value or len(value) != _LENGTHS.get(kind, len(value)):
            raise DissectError("option_length")
        if kind == _LINK_LAYER_ADDRESS:
            mac = int.from_bytes(value)
        elif kind == _PREFIX:
            prefixes.append(_prefix(value))
        elif kind == _DNS_SERVERS:
            servers += _servers(value)
    return mac, tuple(prefixes), tuple(servers)


def _prefix(value: bytes) -> IPv6Network:
    """Read RFC 4861, 4.6.2: length 1, flags 1, lifetimes 4 + 4, reserved 4, prefix 16."""
    length = value[0]
    if length > 128:
        raise DissectError("prefix_length")
    return IPv6Network((value[14:], length), strict=False)


def _servers(value: bytes) -> list[IPv6Address]:
    """Read RFC 8106, 5.1: reserved 2, lifetime 4, then addresses."""
    if len(value) < 22 or len(value) % 16 != 6:
        raise DissectError("option_length")
    return [IPv6Address(value[place : place + 16]) for place in range(6, len(value), 16)]

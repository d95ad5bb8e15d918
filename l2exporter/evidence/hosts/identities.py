"""What tells that two MACs are interfaces of one host."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import blake2b
from typing import Final

from ...dissect.dhcp import Dhcp
from ...dissect.mdns import Mdns
from ...limits import IDENTIFIED_MACS, IDENTITIES_PER_MAC, IDENTITY_BYTES
from ...tables.usage import Usage
from ..seen import Seen
from .remembered import Remembered

Identity = tuple[str, bytes]
"""What kind of evidence, and its value."""

KINDS: Final = ("owner", "client_id", "host_name")
"""Of evidence, the best first."""

REMEMBERED_SECONDS: Final = 7 * 86_400.0
"""A laptop's other interface may have been silent over a weekend."""

FIRM_SECONDS: Final = 60.0
"""Heard again so long after the first time, a MAC is there, and no flood pushes it out."""

_CLIENT_SENDS: Final = ("discover", "request", "inform")
_TYPE_ETHERNET: Final = 1
_TYPE_DUID: Final = 255
_DUID_START: Final = 5


@dataclass(frozen=True, slots=True)
class _Known:
    since: float
    identities: tuple[Identity, ...]


class Identities:
    """What each MAC has told of the host that it belongs to; only of itself, never of others.

    Relays, reflectors and sleep proxies speak for others, so only what names its own sender
    counts: an Owner option with the frame's source as one of its MACs, an mDNS address record
    that is the packet's own source, a DHCP message with the frame's source as `chaddr`. DHCP host
    names are not unique and do not count. Each of these can be copied by whoever hears it.
    """

    def __init__(self) -> None:
        self._macs: Remembered[int, _Known] = Remembered(
            "host_identities", IDENTIFIED_MACS, REMEMBERED_SECONDS
        )

    def observe(self, seen: Seen) -> None:
        """Take in what a DHCP or mDNS message tells of its sender; others are ignored."""
        told = tuple(dict.fromkeys((kind, _short(value)) for kind, value in _told(seen)))
        if not told:
            return
        segment, mac = seen.segment, seen.source_mac
        known = self._macs.get(segment, mac, seen.at) or _Known(seen.at, ())
        kept = tuple(identity for identity in known.identities if identity not in told)
        self._macs.put(
            segment,
            mac,
            _Known(known.since, (*kept, *told)[-IDENTITIES_PER_MAC:]),
            author=mac,
            at=seen.at,
            firm=seen.at - known.since >= FIRM_SECONDS,
        )

    def same_host(self, segment: int, mac_a: int, mac_b: int, now: float) -> str | None:
        """Return the best evidence that both are of one host, one of KINDS."""
        common = self._of(segment, mac_a, now) & self._of(segment, mac_b, now)
        found = {kind for kind, _ in common}
        return next((kind for kind in KINDS if kind in found), None)

    def change_segment(self, row: int, target: int | None) -> None:
        """Follow a segment that became part of another, or that is no more."""
        self._macs.change_segment(row, target)

    def usage(self) -> Usage:
        """Return how full the table is."""
        return self._macs.usage()

    def _of(self, segment: int, mac: int, now: float) -> set[Identity]:
        """Return what is known of it; a MAC that names a host is that host's without a word."""
        known = self._macs.get(segment, mac, now)
        itself = _hardware(mac)
        return {("owner", itself), ("client_id", itself), *(known.identities if known else ())}


def _short(value: bytes) -> bytes:
    """Names and identifiers of 255 bytes and more would make the table's size the sender's."""
    if len(value) <= IDENTITY_BYTES:
        return value
    return blake2b(value, digest_size=IDENTITY_BYTES).digest()


def _hardware(mac: int) -> bytes:
    return mac.to_bytes(6, "big")


def _told(seen: Seen) -> Iterator[Identity]:
    message = seen.message
    if isinstance(message, Dhcp):
        if message.type in _CLIENT_SENDS and message.client_mac == seen.source_mac:
            yield from _client_id(message.client_id)
    elif isinstance(message, Mdns):
        yield from _names(seen, message)


def _client_id(client_id: bytes) -> Iterator[Identity]:
    """Name the host of a client identifier (RFC 2132, 9.14; RFC 4361, 6.1).

    Behind type 255 stand four bytes for the interface, then those for the host: only these count.
    """
    if not any(client_id[1:]):
        return
    if client_id[0] == _TYPE_DUID:
        if any(client_id[_DUID_START:]):
            yield "client_id", b"duid" + client_id[_DUID_START:]
    elif client_id[0] == _TYPE_ETHERNET and len(client_id) == 7:
        yield "client_id", client_id[1:]
    else:
        yield "client_id", client_id


def _names(seen: Seen, message: Mdns) -> Iterator[Identity]:
    owner = message.owner
    if owner is not None and seen.source_mac in (owner.host_mac, owner.wakeup_mac):
        yield "owner", _hardware(owner.host_mac)
    if not message.response:
        return
    for record in message.addresses:
        if record.ip == seen.source and record.ttl:
            yield "host_name", record.host.lower().encode()

"""Whom DHCP gave an address to, lately (RFC 2131)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import IPv4Address
from typing import Final

from ...dissect.dhcp import Dhcp
from ...limits import LEASE_CLIENTS, LEASES_PER_CLIENT
from ...tables.usage import Usage
from ..seen import Key, Seen
from .remembered import Remembered

REMEMBERED_SECONDS: Final = 200.0
"""120 s before a move, the 30 s of its window, and room for verdicts that come late."""


@dataclass(frozen=True, slots=True)
class Assignment:
    """A client asked for this address (RFC 2131, 4.3.2), or was given it; `at` monotonic."""

    ip: IPv4Address
    xid: int
    at: float
    acknowledged: bool


class Leases:
    """What each client, by its hardware address `chaddr`, has asked for and was given.

    Requests are broadcast and seen by every host; acknowledgements mostly not. A request that
    selects an offer or verifies an old lease names its address in option 50; one that renews
    names it in `ciaddr` and tells of nothing new. A NAK takes back what was asked for, a DECLINE
    or RELEASE what was given. Who is meant is in the message, so relayed ones count alike.
    """

    def __init__(self) -> None:
        self._clients: Remembered[int, tuple[Assignment, ...]] = Remembered(
            "dhcp_clients", LEASE_CLIENTS, REMEMBERED_SECONDS
        )

    def observe(self, seen: Seen) -> None:
        """Take in a DHCP message; others are ignored."""
        message = seen.message
        if not isinstance(message, Dhcp):
            return
        if message.type == "request" and not _names(message.client_ip):
            self._assign(seen, message, message.requested_ip, acknowledged=False)
        elif message.type == "ack":
            self._assign(seen, message, message.your_ip, acknowledged=True)
        elif message.type == "nak":
            self._drop(seen, message, lambda old: old.xid == message.xid and not old.acknowledged)
        elif message.type == "decline":
            self._drop(seen, message, lambda old: old.ip == message.requested_ip)
        elif message.type == "release":
            self._drop(seen, message, lambda old: old.ip == message.client_ip)

    def assigned(self, key: Key, mac: int, since: float, until: float) -> bool:
        """Tell whether the client `mac` asked for the address or was given it in that time."""
        segment, ip = key
        assignments = self._clients.get(segment, mac, until) or ()
        return any(old.ip == ip and since <= old.at <= until for old in assignments)

    def change_segment(self, row: int, target: int | None) -> None:
        """Follow a segment that became part of another, or that is no more."""
        self._clients.change_segment(row, target)

    def usage(self) -> Usage:
        """Return how full the table is."""
        return self._clients.usage()

    def _assign(
        self, seen: Seen, message: Dhcp, ip: IPv4Address | None, *, acknowledged: bool
    ) -> None:
        if ip is None or not _names(ip):
            return
        olds = self._clients.get(seen.segment, message.client_mac, seen.at) or ()
        asked = any(old.ip == ip and old.xid == message.xid for old in olds)
        acknowledged |= any(
            old.ip == ip and old.xid == message.xid and old.acknowledged for old in olds
        )
        new = Assignment(ip, message.xid, seen.at, acknowledged)
        self._clients.put(
            seen.segment,
            message.client_mac,
            (*(old for old in olds if old.ip != ip), new)[-LEASES_PER_CLIENT:],
            author=seen.source_mac,
            at=seen.at,
            firm=acknowledged and asked,
        )

    def _drop(self, seen: Seen, message: Dhcp, undone: Callable[[Assignment], bool]) -> None:
        segment, client = seen.segment, message.client_mac
        olds = self._clients.get(segment, client, seen.at)
        if olds is None:
            return
        kept = tuple(old for old in olds if not undone(old))
        if kept:
            self._clients.put(segment, client, kept, author=seen.source_mac, at=seen.at)
        else:
            self._clients.discard(segment, client)


def _names(ip: IPv4Address | None) -> bool:
    return ip is not None and int(ip) != 0

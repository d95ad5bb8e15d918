"""Addresses that DHCP servers name: themselves, resolvers, routers (RFC 2131, RFC 2132)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from ...dissect.dhcp import Dhcp
from ...dissect.reader import Address
from ...limits import LEARNED_PER_SEGMENT, LEARNED_PROTECTED, LEARNED_SECONDS
from ...tables.usage import Usage
from ..seen import Key, Seen

ROLES: Final = ("gateway", "dhcp_server", "dns_server")
"""What an address may be named as, the most important first."""

_SERVER_PORT = 67


@dataclass(slots=True)
class _Naming:
    role: str
    at: float


class NamedByDhcp:
    """Addresses by segment, each with the most important role that it was named in.

    Many of them are beyond the segment, where no MAC can be seen claiming them. Such ones give way
    first when there is no place for a new one, and only they do: `watched` tells those that were
    seen on the segment, which stay until nobody has named them for LEARNED_SECONDS.
    """

    def __init__(self, watched: Callable[[Key], bool]) -> None:
        self._watched = watched
        self._named: dict[Key, _Naming] = {}
        self._evictions = self._refusals = 0

    def observe(self, seen: Seen) -> list[Key]:
        """Take a message in; return the addresses that are new."""
        return [
            (seen.segment, ip)
            for role, ip in _names(seen)
            if self._name((seen.segment, ip), role, seen.at)
        ]

    def _name(self, key: Key, role: str, at: float) -> bool:
        known = self._named.get(key)
        if known is not None:
            known.role = min(known.role, role, key=ROLES.index)
            known.at = at
            return False
        if not self._make_room(key[0]):
            self._refusals += 1
            return False
        self._named[key] = _Naming(role, at)
        return True

    def _make_room(self, segment: int) -> bool:
        there = [key for key in self._named if key[0] == segment]
        if len(there) < LEARNED_PER_SEGMENT and len(self._named) < LEARNED_PROTECTED:
            return True
        candidates = there if len(there) >= LEARNED_PER_SEGMENT else self._named
        unseen = [key for key in candidates if not self._watched(key)]
        if not unseen:
            return False
        del self._named[min(unseen, key=lambda key: self._named[key].at)]
        self._evictions += 1
        return True

    def role(self, key: Key) -> str | None:
        """Return what the address was named as on the segment."""
        naming = self._named.get(key)
        return None if naming is None else naming.role

    def ips(self) -> set[Address]:
        """Return the addresses named, wherever it was."""
        return {ip for _, ip in self._named}

    def settle(self, now: float) -> bool:
        """Forget those that nobody has named for long; tell whether there were any."""
        old = [key for key, naming in self._named.items() if now - naming.at > LEARNED_SECONDS]
        for key in old:
            del self._named[key]
        return bool(old)

    def change_segment(self, row: int, target: int | None) -> None:
        """A segment has gone, or has become part of another."""
        for key in [key for key in self._named if key[0] == row]:
            naming = self._named.pop(key)
            if target is not None:
                self._named.setdefault((target, key[1]), naming)

    def usage(self) -> Usage:
        """Tell how full it is; a refusal is a name of an address that found no place."""
        entries = len(self._named)
        return Usage("named_by_dhcp", entries, LEARNED_PROTECTED, self._evictions, self._refusals)


def _names(seen: Seen) -> Iterator[tuple[str, Address]]:
    """Yield (role, address) of what a server's message names."""
    message = seen.message
    if not isinstance(message, Dhcp) or message.type not in ("offer", "ack"):
        return
    if seen.source_port != _SERVER_PORT:
        return
    for role, ips in (
        ("gateway", message.routers),
        ("dhcp_server", () if message.server_id is None else (message.server_id,)),
        ("dns_server", message.dns_servers),
    ):
        yield from ((role, ip) for ip in ips if _is_of_a_host(ip))


def _is_of_a_host(ip: Address) -> bool:
    return not (ip.is_unspecified or ip.is_multicast or ip.is_loopback or int(ip) == 0xFFFF_FFFF)

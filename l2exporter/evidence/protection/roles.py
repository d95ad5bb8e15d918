"""Who is to be protected: gateways, DHCP and DNS servers, those of the configuration."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from itertools import chain
from math import inf
from typing import Final

from ...dissect.reader import Address
from ...limits import GATEWAY_LINGERS_SECONDS, PROTECTED_GATEWAYS
from ...tables.segments import Segments
from ...tables.usage import Usage
from ..seen import Key, Seen
from .named import NamedByDhcp

ELSEWHERE: Final = -1
"""In the place of a device's number: gateways that devices which are not captured lead to."""


class Roles:
    """The role of each address on each segment, by whoever says so and matters most.

    The configuration's, else `gateway` by the routing table, else what DHCP messages named it on
    that segment (`gateway`, `dhcp_server`, `dns_server`). The configuration's and gateways are
    protected on every segment, a link-local gateway on its own device only. Router advertisements
    protect nobody: a rogue router sends them too.
    """

    def __init__(self, segments: Segments, watched: Callable[[Key], bool]) -> None:
        """`watched` tells which addresses were seen on their segment."""
        self._segments = segments
        self._configured: dict[Address, tuple[int | None, str]] = {}
        self._gateways: dict[tuple[int, Address], float] = {}
        self._refused = 0
        self._named = NamedByDhcp(watched)
        self._now = 0.0

    def configure(self, entries: Iterable[tuple[Address, int | None, str]]) -> None:
        """Set the configuration's entries: address, MAC if it is given, role."""
        self._configured = {ip: (mac, role) for ip, mac, role in entries}

    def gateways(self, ips_by_device: Mapping[int, frozenset[Address]]) -> None:
        """Set the gateways; those that are gone linger, and first make room for new ones."""
        present = {_scoped(device, ip) for device, ips in ips_by_device.items() for ip in ips}
        for known, until in self._gateways.items():
            if known not in present:
                self._gateways[known] = min(until, self._now + GATEWAY_LINGERS_SECONDS)
        for one in sorted(present, key=str):
            if one in self._gateways or self._room_for_gateway():
                self._gateways[one] = inf
            else:
                self._refused += 1

    def _room_for_gateway(self) -> bool:
        if len(self._gateways) < PROTECTED_GATEWAYS:
            return True
        soonest = min(self._gateways, key=self._gateways.__getitem__)
        if self._gateways[soonest] == inf:
            return False
        del self._gateways[soonest]
        return True

    def observe(self, seen: Seen) -> list[Key]:
        """Take in a DHCP message; return what it names for the first time."""
        return self._named.observe(seen)

    def role(self, key: Key) -> str | None:
        """Return the role of an address on a segment; None where it is not protected."""
        segment, ip = key
        device = self._segments.device_of(segment) if ip.is_link_local else ELSEWHERE
        if ip in self._configured or (device, ip) in self._gateways:
            return self.lasting_role(ip)
        return self._named.role(key)

    def lasting_role(self, ip: Address) -> str:
        """Return the role of one that is the configuration's or a gateway."""
        return self._configured.get(ip, (None, "gateway"))[1]

    def mac(self, ip: Address) -> int | None:
        """Return the MAC that the configuration gives an address."""
        return self._configured.get(ip, (None, ""))[0]

    def lasting(self) -> frozenset[Address]:
        """Return the configuration's and the present gateways: nobody on the wire chooses these."""
        present = (ip for (_, ip), until in self._gateways.items() if until == inf)
        return frozenset(chain(self._configured, present))

    def every(self) -> frozenset[Address]:
        """Return all that are protected on any segment."""
        gateways = frozenset(ip for _, ip in self._gateways)
        return self.lasting() | gateways | self._named.ips()

    def settle(self, now: float) -> bool:
        """Let time pass (monotonic); tell whether anything has lost a role."""
        self._now = now
        gone = [one for one, until in self._gateways.items() if until <= now]
        for one in gone:
            del self._gateways[one]
        return self._named.settle(now) or bool(gone)

    def change_segment(self, row: int, target: int | None) -> None:
        """A segment has gone, or is part of another."""
        self._named.change_segment(row, target)

    def usage(self) -> list[Usage]:
        """Tell how full the tables are; a refusal is a gateway, or a name, without a place."""
        entries = len(self._gateways)
        gateways = Usage("gateways", entries, PROTECTED_GATEWAYS, 0, self._refused)
        return [gateways, self._named.usage()]


def _scoped(device: int, ip: Address) -> tuple[int, Address]:
    """Link-local addresses are one device's, others are the same wherever they are seen."""
    return (device if ip.is_link_local else ELSEWHERE), ip

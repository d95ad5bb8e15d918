"""Claims on protected addresses: every one by an unexpected MAC is counted, a few are told."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from math import inf
from typing import Final

import numpy as np
import numpy.typing as npt

from ...dissect.arp import Macs
from ...dissect.dns_update import Registration
from ...dissect.frames import Flags, Times
from ...dissect.mdns import Mdns
from ...dissect.reader import Address
from ...dissect.router_advertisement import RouterAdvertisement
from ...tables.addresses import REFUSED, AddressTable, Rows
from ...tables.bindings import NdpSightings, Sightings
from ...tables.families import IPV4, IPV6, Family, Ips
from ...tables.state import Tables
from ...tables.usage import Usage
from ..moves.pending import Settled
from ..seen import Claim, Key, Seen
from .guards import NONE, GuardFigures, Guards
from .roles import Roles

_DUE_SECONDS: Final = 1.0


@dataclass(frozen=True, slots=True)
class ProtectedClaim:
    """A MAC that a protected address should not have claims it; `time` wall clock."""

    segment: int
    ip: Address
    role: str
    mac: int
    time: float


@dataclass(slots=True)
class _View:
    """One family's table, the guard of each row's address, and the addresses to look for."""

    family: Family
    table: AddressTable
    guard: npt.NDArray[np.int32]
    wanted: Ips


class ProtectedAddresses:
    """Which addresses are protected, the MACs that they should have, and who else claims them.

    Who is protected, and as what, see `Roles`. The MAC expected is the configuration's, else the
    first that was bound on the segment, then what benign moves lead to (see `Guards`). This host's
    own claims count like others'.

    In a batch: `note` first, once for each family; it counts every claim by an unexpected MAC and
    tells which packets those were, so that `claim` need be asked for a few of them only.
    Use under `tables.lock`.
    """

    def __init__(self, tables: Tables, is_proxy: Callable[[int, int, float], bool]) -> None:
        """`is_proxy` tells whether a MAC on a segment is a sleep proxy at a time (monotonic)."""
        self._is_proxy = is_proxy
        self._guards = Guards()
        self._roles = Roles(tables.segments, lambda key: self._guards.find(key) != NONE)
        self._ipv4, self._ipv6 = self._views = [
            _View(family, table, table.columns.add(np.int32), family.column([]))
            for family, table in ((IPV4, tables.addresses), (IPV6, tables.addresses6))
        ]
        self._now = 0.0
        self._due = -inf

    def configure(self, entries: Iterable[tuple[Address, int | None, str]]) -> None:
        """Set the configuration's entries: address, MAC if it is given, role."""
        self._roles.configure(entries)
        self._refresh()

    def gateways(self, ips_by_device: Mapping[int, frozenset[Address]]) -> None:
        """Set the gateways that the routing table names, by the device that leads to them.

        Give each device those of all links on its wire, and under `roles.ELSEWHERE` those of links
        that are not captured. One that is gone stays for GATEWAY_LINGERS_SECONDS.
        """
        self._roles.gateways(ips_by_device)
        self._refresh()

    def observe(self, seen: Seen) -> None:
        """Take in a DHCP message; others do not tell who is to be protected."""
        new = self._roles.observe(seen)
        if not new:
            return
        self._look_for_all()
        for segment, ip in new:
            view = self._ipv4 if ip.version == 4 else self._ipv6
            row = view.table.find(segment, ip)
            if row != REFUSED and view.guard[row] == NONE:
                self._attach(view, row, view.table.mac_of(row))

    def ips(self) -> frozenset[Address]:
        """Return those that no table may evict: the configuration's and the gateways.

        What DHCP names is not among them: whoever answers chooses it.
        """
        return self._roles.lasting()

    def is_protected(self, ip: Address) -> bool:
        """Tell whether an address is protected on any segment."""
        return ip in self._roles.every()

    def protects(self, key: Key) -> bool:
        """Tell whether an address is protected on its segment."""
        return self._roles.role(key) is not None

    def note(self, sightings: Sightings | NdpSightings, at: Times) -> Flags:
        """Count a batch's claims by unexpected MACs; tell which packets they are, (n,) bool.

        `at` (n,) is the monotonic time of each packet.
        """
        view, macs, ips = self._columns(sightings)
        if sightings.new.size:
            known = view.family.among(ips[sightings.new], view.wanted)
            for place in sightings.new[known].tolist():
                self._attach(view, int(sightings.row[place]), int(macs[place]))
        unexpected = np.zeros(len(macs), np.bool_)
        numbers = self._numbers(sightings)
        places = np.flatnonzero(numbers)
        if places.size:
            time = sightings.packets.time[places]
            unexpected[places] = self._guards.claim(numbers[places], macs[places], time, at[places])
        return unexpected

    def guarded(self, sightings: Sightings | NdpSightings) -> Flags:
        """Tell which packets bind a protected address, (n,) bool; right once they are noted."""
        guarded: Flags = self._numbers(sightings) != NONE
        return guarded

    def _numbers(self, sightings: Sightings | NdpSightings) -> Rows:
        guard = (self._ipv4 if isinstance(sightings, Sightings) else self._ipv6).guard
        return np.where(sightings.row == REFUSED, NONE, guard[sightings.row])

    def _columns(self, sightings: Sightings | NdpSightings) -> tuple[_View, Macs, Ips]:
        """Return the family, and the MACs and addresses that the packets bind."""
        if isinstance(sightings, Sightings):
            return self._ipv4, sightings.packets.sender_mac, sightings.packets.sender_ip
        return self._ipv6, sightings.packets.mac, sightings.packets.bound

    def _attach(self, view: _View, row: int, mac: int) -> None:
        """Watch a tracked address that is bound to `mac`, if it is protected on its segment."""
        segment = int(view.table.keys(np.array([row]))[0][0])
        number = self._open((segment, view.table.address(row)))
        if number != NONE:
            self._guards.learn(number, mac)
            view.guard[row] = number

    def _open(self, key: Key) -> int:
        role = self._roles.role(key)
        if role is None:
            return NONE
        number = self._guards.open(key, role)
        if number != NONE:
            self._guards.fix(number, self._roles.mac(key[1]))
        return number

    def _refresh(self) -> None:
        """Roles have changed: drop guards that have none left, watch what was tracked already."""
        for number, guard in self._guards.items():
            role = self._roles.role(guard.key)
            if role is None:
                self._close(number)
            else:
                guard.role = role
                self._guards.fix(number, self._roles.mac(guard.key[1]))
        self._look_for_all()
        for view in self._views:
            rows = view.table.rows()
            known = view.family.among(view.table.keys(rows)[1], view.wanted)
            for row in rows[known].tolist():
                self._attach(view, row, view.table.mac_of(row))

    def _look_for_all(self) -> None:
        every = self._roles.every()
        self._ipv4.wanted = IPV4.column(int(ip) for ip in every if ip.version == 4)
        self._ipv6.wanted = IPV6.column(int(ip) for ip in every if ip.version == 6)

    def _close(self, number: int) -> None:
        self._redirect(number, NONE)
        self._guards.close(number)

    def _redirect(self, number: int, to: int) -> None:
        for view in self._views:
            view.guard[view.guard == number] = to

    def claim(self, claim: Claim) -> list[ProtectedClaim]:
        """Tell of a claim by an unexpected MAC. `note` has counted it already."""
        number = self._guards.find(claim.key)
        expected = self._guards.expected(number)
        if not expected or claim.mac in expected:
            return []
        return [self._told(number, claim.mac, claim.time)]

    def seen(self, seen: Seen) -> list[ProtectedClaim]:
        """Count the claims that a registration, a sleep proxy's announcement or a router's
        advertisement makes in words.
        """
        claims = []
        mac = _claimant(seen)
        for ip in self._claimed(seen):
            number = self._open((seen.segment, ip))
            if number == NONE or self._is_own(number, ip, mac, seen.source):
                continue
            self._guards.accuse(number, mac, seen.time)
            claims.append(self._told(number, mac, seen.time))
        return claims

    def _claimed(self, seen: Seen) -> set[Address]:
        message = seen.message
        if isinstance(message, Registration):
            return set(message.addresses)
        if isinstance(message, RouterAdvertisement) and message.mac is not None:
            return {message.source}
        # Who repeats others' mDNS (a reflector) does not claim what it repeats; a proxy does.
        if (
            isinstance(message, Mdns)
            and message.response
            and message.addresses
            and self._is_proxy(seen.segment, seen.source_mac, seen.at)
        ):
            return {each.ip for each in message.addresses if each.ttl}
        return set()

    def _is_own(self, number: int, ip: Address, mac: int, source: Address | None) -> bool:
        """Tell whether the sender has the address; its IP header is believed for want of a MAC."""
        expected = self._guards.expected(number)
        return mac in expected if expected else source == ip

    def _told(self, number: int, mac: int, time: float) -> ProtectedClaim:
        guard = self._guards.guard(number)
        return ProtectedClaim(*guard.key, guard.role, mac, time)

    def settled(self, settled: Settled) -> None:
        """Count moves whose cause is known; a benign one may change which MAC is expected."""
        number = self._guards.find((settled.segment, settled.ip))
        if number != NONE:
            self._guards.settled(number, settled, self._now)

    def repeaters(self, key: Key, now: float) -> frozenset[int]:
        """Return MACs that took an address before and lost it; none where it is not protected."""
        number = self._guards.find(key)
        return frozenset() if number == NONE else self._guards.repeaters(number, now)

    def settle(self, now: float) -> None:
        """Let time pass (monotonic): what is named no more lapses, what has lasted is expected."""
        self._now = now
        if now < self._due:
            return
        self._due = now + _DUE_SECONDS
        if self._roles.settle(now):
            self._refresh()
        self._guards.settle(now)

    def change_segment(self, row: int, target: int | None) -> None:
        """Follow `Tables.take_changes`: a segment has gone, or is part of another."""
        self._roles.change_segment(row, target)
        for number, guard in self._guards.items():
            if guard.key[0] != row:
                continue
            if target is None:
                self._close(number)
            elif other := self._guards.find((target, guard.key[1])):
                self._redirect(number, other)
                self._guards.merge(number, other)
            else:
                self._guards.rename(number, (target, guard.key[1]))

    def figures(self) -> list[GuardFigures]:
        """Return what there is to show of each address and segment that it was seen on."""
        return self._guards.figures()

    def unseen(self) -> list[tuple[Address, int | None, str]]:
        """Return address, expected MAC and role of those that were seen on no segment yet."""
        seen = {guard.key[1] for _, guard in self._guards.items()}
        return [(ip, self._roles.mac(ip), self._roles.lasting_role(ip)) for ip in self.ips() - seen]

    def usage(self) -> list[Usage]:
        """Tell how full the tables of addresses seen, of gateways, of names by DHCP are."""
        return [self._guards.usage(), *self._roles.usage()]


def _claimant(seen: Seen) -> int:
    """Return the MAC that is to have what is claimed: hosts take a router's from its option."""
    message = seen.message
    if isinstance(message, RouterAdvertisement) and message.mac is not None:
        return message.mac
    return seen.source_mac

"""Who advertises that it answers for a virtual router's addresses (VRRP, CARP, HSRP)."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import Final

from ...dissect.reader import Address
from ...dissect.virtual_router import VirtualRouterAdvert
from ...limits import VIRTUAL_ADDRESSES, VIRTUAL_ADDRESSES_PER_ADVERT
from ...tables.usage import Usage
from ..seen import Key, Seen
from .remembered import Remembered

REMEMBERED_SECONDS: Final = 60.0
"""An advert counts for so long: the window of 30 s, and three of the slowest usual hellos (10 s)
before it."""

FIRM_SECONDS: Final = 1.0
"""Adverts so far apart are a router's, which no flood pushes out."""

CONTENDED_TURNS: Final = 10
CONTENDED_SECONDS: Final = 40.0
"""Changes of the sender within that time that make two active routers. A backup waits for three
adverts before it takes over (RFC 5798, 6.1), so routers that only hand over change at most every
3 s; two that do not hear each other change with every advert."""

PREFIXES: Final = (
    (0x0000_5E00_0100, 0xFFFF_FFFF_FF00, "RFC 5798, 7.3: VRRP for IPv4; CARP uses it as well"),
    (0x0000_5E00_0200, 0xFFFF_FFFF_FF00, "RFC 5798, 7.3: VRRP for IPv6"),
    (0x0000_0C07_AC00, 0xFFFF_FFFF_FF00, "RFC 2281, 5.3: HSRP version 1"),
    (0x0000_0C9F_F000, 0xFFFF_FFFF_F000, "Cisco: HSRP version 2 for IPv4"),
    (0x0005_73A0_0000, 0xFFFF_FFFF_F000, "Cisco: HSRP version 2 for IPv6"),
)
"""Virtual MACs: value, mask, source."""

_GLBP: Final = 0x0007_B400_0000
_GLBP_MASK: Final = 0xFFFF_FF00_0000
_GLBP_GROUP: Final = 0xFFFF_FFFF_FF00


def is_virtual(mac: int) -> bool:
    """Tell whether the MAC has a virtual router's prefix; anybody can choose one."""
    return any(mac & mask == value for value, mask, _ in PREFIXES)


def share_load(mac_a: int, mac_b: int) -> bool:
    """Tell whether both are forwarders of one GLBP group (Cisco: 0007.b4, group, forwarder).

    Its active gateway answers for one address with the virtual MAC of each forwarder in turn.
    """
    return mac_a & _GLBP_MASK == _GLBP and mac_a & _GLBP_GROUP == mac_b & _GLBP_GROUP


@dataclass(slots=True)
class _Turns:
    mac: int
    times: deque[float] = field(default_factory=lambda: deque(maxlen=CONTENDED_TURNS))


_Voice = tuple[Address | None, int]


class VirtualRouters:
    """Which MACs were heard to answer for which addresses: the sender's and the group's own.

    CARP names no addresses: its adverts speak for the virtual MAC alone, whatever it claims.
    Adverts that give the addresses up are no evidence for their sender, and none against it.
    """

    def __init__(self) -> None:
        self._voices: Remembered[_Voice, float] = Remembered(
            "virtual_router_voices", 2 * VIRTUAL_ADDRESSES, REMEMBERED_SECONDS
        )
        self._turns: Remembered[Address, _Turns] = Remembered(
            "virtual_router_addresses", VIRTUAL_ADDRESSES, REMEMBERED_SECONDS
        )

    def observe(self, seen: Seen) -> None:
        """Take in an advert; other messages are ignored."""
        advert = seen.message
        if not isinstance(advert, VirtualRouterAdvert) or not advert.active:
            return
        if advert.protocol == "carp":
            self._hear(seen, None, advert.mac)
            return
        for ip in dict.fromkeys(advert.addresses[:VIRTUAL_ADDRESSES_PER_ADVERT]):
            for mac in {seen.source_mac, advert.mac}:
                self._hear(seen, ip, mac)
            self._take_turn(seen, ip)

    def answers(self, key: Key, mac: int, now: float) -> bool:
        """Tell whether an advert lately said that `mac` answers for the address."""
        segment, ip = key
        return any(self._voices.get(segment, (named, mac), now) is not None for named in (ip, None))

    def contended(self, key: Key, now: float) -> bool:
        """Tell whether several senders advertise the address at once, deaf to each other."""
        turns = self._turns.get(*key, now)
        return (
            turns is not None
            and len(turns.times) == CONTENDED_TURNS
            and now - turns.times[0] <= CONTENDED_SECONDS
        )

    def change_segment(self, row: int, target: int | None) -> None:
        """Follow a segment that became part of another, or that is no more."""
        self._voices.change_segment(row, target)
        self._turns.change_segment(row, target)

    def usage(self) -> Usage:
        """Return how full the two tables are, as one."""
        voices, turns = self._voices.usage(), self._turns.usage()
        return Usage(
            "virtual_router_addresses",
            voices.entries + turns.entries,
            voices.limit + turns.limit,
            voices.evictions + turns.evictions,
            voices.refusals + turns.refusals,
        )

    def _hear(self, seen: Seen, ip: Address | None, mac: int) -> None:
        voice = ip, mac
        first = self._voices.get(seen.segment, voice, seen.at)
        since = seen.at if first is None else first
        firm = seen.at - since >= FIRM_SECONDS
        self._voices.put(seen.segment, voice, since, author=seen.source_mac, at=seen.at, firm=firm)

    def _take_turn(self, seen: Seen, ip: Address) -> None:
        turns = self._turns.get(seen.segment, ip, seen.at)
        known = turns is not None
        if turns is None:
            turns = _Turns(seen.source_mac)
        elif turns.mac != seen.source_mac:
            turns.mac = seen.source_mac
            turns.times.append(seen.at)
        self._turns.put(seen.segment, ip, turns, author=seen.source_mac, at=seen.at, firm=known)

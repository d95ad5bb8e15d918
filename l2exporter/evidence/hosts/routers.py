"""IPv6 routers, by what they advertise (RFC 4861, 6.3.4): rogue ones are seen here too."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ...dissect.reader import Address
from ...dissect.router_advertisement import RouterAdvertisement
from ...limits import (
    ROUTER_RATE,
    ROUTER_SHOWN_SECONDS,
    ROUTER_SILENT_SECONDS,
    ROUTERS,
    ROUTERS_PER_SEGMENT,
)
from ...tables.admission import TokenBucket
from ...tables.usage import Usage
from ..seen import Key, Seen


@dataclass(slots=True)
class Router:
    """What a router's last advertisement said.

    mac       of its source link-layer address option, else of the frame
    lifetime  seconds; 0 when it is no default router (any more)
    time      wall clock of that advertisement, `at` monotonic
    """

    key: Key
    mac: int
    preference: str
    lifetime: int
    time: float
    at: float

    @property
    def segment(self) -> int:
        """The segment that it advertises on."""
        return self.key[0]

    @property
    def ip(self) -> Address:
        """Its link-local address there."""
        return self.key[1]

    def ends(self) -> float:
        """Return when it is to be shown no more, unless it advertises again (monotonic)."""
        return self.at + max(float(self.lifetime), ROUTER_SHOWN_SECONDS)


class Routers:
    """Routers by segment and source address, each until its lifetime has passed.

    One that withdraws, or gives itself a short life, is kept for ROUTER_SHOWN_SECONDS. Those that
    `protects` tells of (the routing table names them, or the configuration) need no token and give
    way to nobody; another gives way once it has been silent for ROUTER_SILENT_SECONDS.
    """

    def __init__(self, protects: Callable[[Key], bool]) -> None:
        self._protects = protects
        self._routers: dict[Key, Router] = {}
        self._entry = TokenBucket(ROUTERS, ROUTER_RATE)
        self._macs = TokenBucket(ROUTERS, ROUTER_RATE)
        self._evictions = self._refusals = 0

    def observe(self, seen: Seen) -> None:
        """Take in a router advertisement; other messages tell nothing of routers."""
        message = seen.message
        if not isinstance(message, RouterAdvertisement):
            return
        mac = seen.source_mac if message.mac is None else message.mac
        key = seen.segment, message.source
        router = self._routers.get(key)
        if router is None:
            self._admit(Router(key, mac, message.preference, message.lifetime, seen.time, seen.at))
            return
        # Senders that take turns with one address must not make a series of each frame.
        if router.mac != mac and self._macs.take(1, seen.at):
            router.mac = mac
        router.preference, router.lifetime = message.preference, message.lifetime
        router.time, router.at = seen.time, seen.at

    def _admit(self, router: Router) -> None:
        protected = self._protects(router.key)
        leaving = self._leaving(router, protected)
        if leaving is None or not (protected or self._entry.take(1, router.at)):
            self._refusals += 1
            return
        for key in leaving:
            del self._routers[key]
            self._evictions += 1
        self._routers[router.key] = router

    def _leaving(self, new: Router, protected: bool) -> list[Key] | None:
        """Return who makes room for `new`; None when nobody does."""
        beside = [key for key in self._routers if key[0] == new.segment]
        full = len(beside) >= ROUTERS_PER_SEGMENT
        if not full and len(self._routers) < ROUTERS:
            return []
        others = beside if full else self._routers
        candidates = [key for key in others if not self._protects(key)]
        oldest = min(candidates, key=lambda key: self._routers[key].at, default=None)
        if oldest is None:
            return None
        silent = new.at - self._routers[oldest].at
        return [oldest] if protected or silent >= ROUTER_SILENT_SECONDS else None

    def settle(self, now: float) -> None:
        """Let time pass (monotonic): routers whose life has ended go."""
        for key in [key for key, router in self._routers.items() if router.ends() <= now]:
            del self._routers[key]

    def entries(self) -> list[Router]:
        """Return the routers that are shown."""
        return list(self._routers.values())

    def change_segment(self, row: int, target: int | None) -> None:
        """A segment has gone, or is part of another."""
        for key in [key for key in self._routers if key[0] == row]:
            router = self._routers.pop(key)
            if target is not None:
                router.key = target, key[1]
                self._routers.setdefault(router.key, router)

    def usage(self) -> Usage:
        """Tell how full it is; a refusal is an advertisement of a router without a place."""
        return Usage("ipv6_routers", len(self._routers), ROUTERS, self._evictions, self._refusals)

"""Who offers to answer for sleeping hosts: known by its offers (mDNS), or by its work."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from ... import limits
from ...dissect.mdns import Mdns, ProxyOffer
from ...dissect.reader import Address
from ...tables.admission import TokenBucket
from ...tables.usage import Usage
from ..seen import Seen
from . import sleep_windows as windows

Station = tuple[int, int]
"""A segment and a MAC on it."""

_NEVER = float("-inf")


@dataclass(slots=True)
class Proxy:
    """A sleep proxy on a segment; times `at` are monotonic.

    offer          its service's name as last admitted; None where only its work is known
    offered_at     when it last offered that
    offered_until  when the offer ends by itself
    worked_at      when it last held an address
    held           addresses it holds now
    confirmed      has held one whose owner was known; gives way to none
    own            addresses that are its own
    """

    segment: int
    mac: int
    seen_at: float
    offer: ProxyOffer | None = None
    offered_at: float = _NEVER
    offered_until: float = _NEVER
    worked_at: float = _NEVER
    held: int = 0
    confirmed: bool = False
    own: dict[Address, None] = field(default_factory=dict)

    def is_shown(self, at: float) -> bool:
        """Tell whether it offers, or holds an address."""
        return self.held > 0 or at < self.offered_until

    def is_known(self, at: float) -> bool:
        """Tell whether its claims may be those of a proxy."""
        return self.is_shown(at) or at < self.worked_at + windows.KNOWN_AT_WORK


class Proxies:
    """The known ones, capped; new ones and new names are admitted at a bounded rate.

    Without room the one seen least lately gives way, if it holds nothing and never was confirmed.
    """

    def __init__(self) -> None:
        self._proxies: dict[Station, Proxy] = {}
        self._admission = TokenBucket(limits.SLEEP_PROXY_BURST, limits.SLEEP_PROXY_RATE)
        self._names = TokenBucket(limits.SLEEP_PROXY_BURST, limits.SLEEP_PROXY_RATE)
        self._evictions = self._refusals = 0
        self._now = self._swept_at = _NEVER
        self._macs: npt.NDArray[np.uint64] | None = None

    def observe(self, seen: Seen) -> None:
        """Take in what a multicast DNS response offers, and which addresses its sender uses."""
        message = seen.message
        if not isinstance(message, Mdns) or not message.response:
            return
        for offer in message.proxies:
            if not offer.ttl:
                self._withdrawn(seen, offer)
            elif not _is_reflected(seen, offer, message):
                self._offered(seen, offer)
        proxy = self.get(seen.segment, seen.source_mac)
        if proxy is not None and seen.source is not None:
            self._learn_own(proxy, seen.source, message)

    def _offered(self, seen: Seen, offer: ProxyOffer) -> None:
        proxy = self._admit(seen.segment, seen.source_mac, seen.at)
        if proxy is None:
            return
        proxy.seen_at = seen.at
        if not self._may_show(proxy, offer, seen.at):
            return
        lasts = min(max(offer.ttl, windows.OFFER_SHORTEST), windows.OFFER_LONGEST)
        proxy.offer, proxy.offered_at, proxy.offered_until = offer, seen.at, seen.at + lasts

    def _may_show(self, proxy: Proxy, offer: ProxyOffer, at: float) -> bool:
        """Tell whether the proxy is shown by that name: a reflector offers what several do."""
        if proxy.offer is None or proxy.offer.instance == offer.instance:
            return True
        if at < min(proxy.offered_until, proxy.offered_at + windows.OFFER_SHORTEST):
            return False
        return bool(self._names.take(1, self._clock(at)))

    def _withdrawn(self, seen: Seen, offer: ProxyOffer) -> None:
        proxy = self.get(seen.segment, seen.source_mac)
        if proxy and proxy.offer and proxy.offer.instance == offer.instance:
            proxy.offered_until = seen.at

    def _learn_own(self, proxy: Proxy, source: Address, message: Mdns) -> None:
        """Its packets' source is its own address, and so are the others of that host's name."""
        self._own(proxy, source)
        names = {a.host.lower() for a in message.addresses if a.ip == source}
        for address in message.addresses:
            if address.host.lower() in names and address.ttl:
                self._own(proxy, address.ip)

    def _own(self, proxy: Proxy, ip: Address) -> None:
        if ip.is_unspecified:
            return
        proxy.own.pop(ip, None)
        if len(proxy.own) >= limits.SLEEP_PROXY_OWN_ADDRESSES:
            del proxy.own[next(iter(proxy.own))]
        proxy.own[ip] = None

    def get(self, segment: int, mac: int) -> Proxy | None:
        """Return what is known of it."""
        return self._proxies.get((segment, mac))

    def is_proxy(self, segment: int, mac: int, at: float) -> bool:
        """Tell whether claims of that MAC may be those of a sleep proxy."""
        proxy = self.get(segment, mac)
        return proxy is not None and proxy.is_known(at)

    def owns(self, segment: int, mac: int, ip: Address) -> bool:
        """Tell whether an address is the proxy's own."""
        proxy = self.get(segment, mac)
        return proxy is not None and ip in proxy.own

    def macs(self) -> npt.NDArray[np.uint64]:
        """Return the MACs of all, sorted, each once."""
        if self._macs is None:
            self._macs = np.array(sorted({mac for _, mac in self._proxies}), dtype=np.uint64)
        return self._macs

    def working(self, segment: int, mac: int, at: float) -> bool:
        """It begins to hold an address; tell whether it has a place, as an unknown one may not."""
        proxy = self._admit(segment, mac, at)
        if proxy is None:
            return False
        proxy.held += 1
        proxy.worked_at = proxy.seen_at = at
        return True

    def resting(self, segment: int, mac: int, at: float) -> None:
        """It holds an address less."""
        proxy = self.get(segment, mac)
        if proxy is not None and proxy.held:
            proxy.held -= 1
            proxy.worked_at = max(proxy.worked_at, at)

    def confirm(self, segment: int, mac: int) -> None:
        """It has held an address whose owner was known: from now on it gives way to none."""
        proxy = self.get(segment, mac)
        if proxy is not None:
            proxy.confirmed = True

    def _admit(self, segment: int, mac: int, at: float) -> Proxy | None:
        known = self._proxies.get((segment, mac))
        if known is not None:
            return known
        if not self._admission.take(1, self._clock(at)) or not self._make_room(at):
            self._refusals += 1
            return None
        proxy = self._proxies[segment, mac] = Proxy(segment, mac, at)
        self._macs = None
        return proxy

    def _make_room(self, at: float) -> bool:
        if len(self._proxies) < limits.SLEEP_PROXIES:
            return True
        self._sweep(at)
        if len(self._proxies) < limits.SLEEP_PROXIES:
            return True
        idle = (p for p in self._proxies.values() if not p.confirmed and not p.held)
        oldest = min(idle, key=lambda proxy: proxy.seen_at, default=None)
        if oldest is None:
            return False
        del self._proxies[oldest.segment, oldest.mac]
        self._evictions += 1
        return True

    def _clock(self, at: float) -> float:
        """Return a time that never goes back, as packets of two devices may."""
        self._now = max(self._now, at)
        return self._now

    def settle(self, now: float) -> None:
        """Let time pass; now and then forget those that neither offer nor were at work for long."""
        if self._clock(now) >= self._swept_at + windows.OFFER_SHORTEST:
            self._sweep(now)

    def _sweep(self, now: float) -> None:
        self._swept_at = now
        gone = [place for place, proxy in self._proxies.items() if not proxy.is_known(now)]
        for place in gone:
            del self._proxies[place]
            self._macs = None

    def entries(self) -> list[Proxy]:
        """Return those that offer, or hold an address."""
        return [proxy for proxy in self._proxies.values() if proxy.is_shown(self._now)]

    def usage(self) -> Usage:
        """Tell how full the table is; a refusal is an offer that found no place."""
        entries, limit = len(self._proxies), limits.SLEEP_PROXIES
        return Usage("sleep_proxies", entries, limit, self._evictions, self._refusals)

    def change_segment(self, row: int, target: int | None) -> None:
        """A segment has gone, or is another from now on."""
        for place in [place for place in self._proxies if place[0] == row]:
            proxy = self._proxies.pop(place)
            if target is None:
                continue
            proxy.segment = target
            there = self._proxies.setdefault((target, proxy.mac), proxy)
            if there is not proxy:
                there.held += proxy.held
                there.confirmed |= proxy.confirmed
        self._macs = None


def _is_reflected(seen: Seen, offer: ProxyOffer, message: Mdns) -> bool:
    """Tell whether the offer is another's, of another segment: its sender is a router that repeats
    multicast DNS, as its address is none of those that the packet tells of the proxy.
    """
    source = seen.source
    if source is None or offer.host is None:
        return False
    host = offer.host.lower()
    told = {address.ip for address in message.addresses if address.host.lower() == host}
    alike = {
        ip
        for ip in told
        if (ip.version, ip.is_link_local) == (source.version, source.is_link_local)
    }
    return bool(alike) and source not in alike

"""What an exporter says of a segment besides its addresses: packets, anomalies, routers, MACs."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from .samples import Counts, Sample
from .story import ATTACKER, GATEWAY, MINUTE, PROXIES

ARP: Final = {
    "probe": 0.05,
    "announcement": 0.12,
    "gratuitous_reply": 0.01,
    "request": 6.0,
    "reply": 1.4,
    "other": 0.0,
}
NDP: Final = {
    "neighbor_solicitation": 1.6,
    "duplicate_address_detection": 0.03,
    "neighbor_advertisement_solicited": 1.1,
    "neighbor_advertisement_unsolicited": 0.05,
    "router_solicitation": 0.01,
    "router_advertisement": 0.02,
    "redirect": 0.0,
}
ROUTERS: Final = (
    ("fe80::1", GATEWAY[1], "high", 1440),
    ("fe80::66", ATTACKER, "medium", 21),
)
"""Address, MAC, preference, and for how many minutes it has been there."""


@dataclass(frozen=True, slots=True)
class Segment:
    """One VLAN of a device."""

    device: str
    vlan: str
    end: int
    counts: Counts
    busy: float = 1.0

    def at(self, time: int) -> Iterator[Sample]:
        """Its samples at a time."""
        where = {"device": self.device, "vlan": self.vlan}
        left = (self.end - time) / MINUTE
        yield from self._packets("arp", where, ARP, left)
        yield from self._packets("ndp", where, NDP, left)
        yield self.counts.risen("l2_arp_new_stations_total", where, 0.002 * self.busy)

    def _packets(
        self, protocol: str, where: Mapping[str, str], rates: Mapping[str, float], left: float
    ) -> Iterator[Sample]:
        for kind, rate in rates.items():
            received = rate * self.busy * _of_the_day(left)
            if kind == "announcement" and self.vlan == "20" and 302 < left < 312:
                received += 30
            labels = {**where, "type": kind}
            yield self.counts.risen(f"l2_{protocol}_packets_total", labels, received)
            yield self.counts.risen(f"l2_{protocol}_packets_sent_total", labels, rate / 8)
        for kind in ("source_mismatch", "multicast_sender"):
            name = f"l2_{protocol}_anomalies_total"
            yield self.counts.risen(name, {**where, "kind": kind}, 0.0004)


@dataclass(frozen=True, slots=True)
class Roles:
    """Routers, sleep proxies, and somebody who has the gateway's address besides its own."""

    device: str
    end: int

    def at(self, time: int) -> Iterator[Sample]:
        """Its samples at a time."""
        where = {"device": self.device, "vlan": ""}
        yield from _macs(where, (self.end - time) / MINUTE)
        yield from _routers(where, self.end, time)


def _of_the_day(left: float) -> float:
    """More in the morning and the afternoon than at noon."""
    return 1 + 0.35 * math.sin((left - 60) / 240 * 2 * math.pi)


def _macs(where: Mapping[str, str], left: float) -> Iterator[Sample]:
    for number, mac in enumerate(PROXIES):
        held = round((9 - 6 * number) * _of_the_day(left + 90)) + 1
        yield "l2_mac_addresses", {**where, "mac": mac}, held
        yield "l2_mac_role_info", {**where, "mac": mac, "role": "sleep_proxy"}, 1.0
    yield "l2_mac_role_info", {**where, "mac": GATEWAY[1], "role": "router"}, 1.0
    if left < 14:
        yield "l2_mac_addresses", {**where, "mac": ATTACKER}, 2
    yield "l2_mac_addresses_withheld", {}, 0


def _routers(where: Mapping[str, str], end: int, time: int) -> Iterator[Sample]:
    for ip, mac, preference, minutes in ROUTERS:
        if time < end - minutes * MINUTE:
            continue
        router = {**where, "ip": ip}
        info = {**router, "mac": mac, "preference": preference}
        yield "l2_ipv6_router_info", info, 1.0
        yield "l2_ipv6_router_lifetime_seconds", router, 1800
        yield "l2_ipv6_router_last_seen_timestamp_seconds", router, time - time % 200

"""Protected addresses behind real tables: claims in, what they lead to out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from ipaddress import IPv4Address, IPv6Address, ip_address

import numpy as np

from l2exporter.dissect.arp import ArpPackets
from l2exporter.dissect.dhcp import Dhcp
from l2exporter.dissect.ndp import ADDRESS6, NEIGHBOR_ADVERTISEMENT_UNSOLICITED, NdpPackets
from l2exporter.dissect.reader import Address
from l2exporter.evidence.moves.pending import Settled
from l2exporter.evidence.protection.guards import GuardFigures
from l2exporter.evidence.protection.protected import ProtectedAddresses
from l2exporter.evidence.seen import Message, Seen
from l2exporter.limits import Limits
from l2exporter.tables.bindings import NdpSightings, Sightings
from l2exporter.tables.state import Tables
from tests.tables.packets import packets

Binding = tuple[str, int]


def advertisements(*bindings: Binding, vlan: int, time: float) -> NdpPackets:
    """One unsolicited neighbour advertisement for each address and MAC."""
    count = len(bindings)
    halves = [divmod(int(IPv6Address(ip)), 1 << 64) for ip, _ in bindings]
    macs = np.array([mac for _, mac in bindings], np.uint64)
    addresses = np.array(halves, ADDRESS6)
    return NdpPackets(
        type=np.full(count, NEIGHBOR_ADVERTISEMENT_UNSOLICITED, np.uint8),
        vlan=np.full(count, vlan, np.int32),
        target=addresses,
        bound=addresses,
        mac=macs,
        source=macs,
        override=np.ones(count, np.bool_),
        sent=np.zeros(count, np.bool_),
        time=np.full(count, time),
    )


class Wire:
    """Two devices, eth0 and eth1, and the MACs of those sleep proxies that are known."""

    def __init__(self, limits: Limits | None = None) -> None:
        self.tables = Tables(limits or Limits(addresses=4_096, devices=2))
        self.numbers = [self.tables.device(name) or 0 for name in ("eth0", "eth1")]
        self.proxies: set[int] = set()
        self.now = 0.0
        self.protected = ProtectedAddresses(
            self.tables, lambda segment, mac, at: mac in self.proxies
        )

    def claim(self, *bindings: Binding, device: int = 0, vlan: int = 0) -> list[bool]:
        """A batch of claims, all at `now`; which of them are by unexpected MACs."""
        if ":" in bindings[0][0]:
            batch = advertisements(*bindings, vlan=vlan, time=1_000 + self.now)
            sightings: Sightings | NdpSightings = self.tables.observe6(device, batch, self.now)[0]
        else:
            columns = packets(*bindings, vlan=vlan, time=1_000 + self.now)
            sightings = self.observe(columns, device)
        flags = self.protected.note(sightings, np.full(len(bindings), self.now))
        return [bool(flag) for flag in flags]

    def observe(self, columns: ArpPackets, device: int = 0) -> Sightings:
        return self.tables.observe(device, columns, self.now)[0]

    def settled(self, ip: str, mac: int, cause: str, count: int = 1, segment: int = -1) -> None:
        """Moves of an untagged address of eth0 to `mac` are classed."""
        where = self.segment() if segment < 0 else segment
        family = "ipv6" if ":" in ip else "ipv4"
        self.protected.settled(
            Settled(where, ip_address(ip), family, 0, mac, cause, count, 1_000 + self.now)
        )

    def segment(self, device: int = 0, vlan: int = 0) -> int:
        return self.tables.segment_of(device, vlan, self.now)

    def pass_time(self, seconds: float) -> None:
        self.now += seconds
        self.protected.settle(self.now)

    def figures(self, ip: str, device: int = 0, vlan: int = 0) -> GuardFigures:
        key = self.segment(device, vlan), ip_address(ip)
        return next(each for each in self.protected.figures() if each.key == key)

    def expected(self, ip: str, device: int = 0, vlan: int = 0) -> tuple[int, ...]:
        return self.figures(ip, device, vlan).expected

    def claims(self, ip: str, device: int = 0, vlan: int = 0) -> int:
        return self.figures(ip, device, vlan).claims

    def watched(self) -> set[str]:
        return {str(each.key[1]) for each in self.protected.figures()}

    def seen(self, message: Message, mac: int, source: Address | None = None) -> Seen:
        """A dissected packet of eth0, untagged, at `now`."""
        return Seen(
            device=0,
            segment=self.segment(),
            source_mac=mac,
            destination_mac=0,
            source=source,
            destination=None,
            source_port=67,
            destination_port=68,
            sent=False,
            time=1_000 + self.now,
            at=self.now,
            message=message,
        )

    def name(self, server: str, dns: Sequence[str] = (), routers: Sequence[str] = ()) -> None:
        """A DHCP server offers an address."""
        offer = Dhcp("offer", 1, 0x02_00_00_00_00_77, server_id=IPv4Address(server))
        dns_servers, names = tuple(map(IPv4Address, dns)), tuple(map(IPv4Address, routers))
        message = replace(offer, dns_servers=dns_servers, routers=names)
        self.protected.observe(self.seen(message, 0x02_00_00_00_00_67))


def guarded(*ips: str, limits: Limits | None = None) -> Wire:
    """The gateways of eth0."""
    wire = Wire(limits)
    wire.protected.gateways({0: frozenset(map(ip_address, ips))})
    return wire

"""Frames in, state changed: the one path that live and replayed frames share."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from ipaddress import IPv4Interface, IPv6Interface

import numpy as np

from .collectors.base import Malformed
from .collectors.dissections import Dissections
from .collectors.suite import Suite
from .dissect import arp, ethernet, ndp
from .dissect.frames import Frames
from .dissect.reader import Address
from .evidence.interest import Interest
from .evidence.ledger import Ledger
from .evidence.protection.roles import ELSEWHERE
from .evidence.seen import Seen
from .kernel.host import Host
from .kernel.links import Link
from .slow_lane import Dissected, Harvest, SlowLane
from .tables.addresses import Subnet
from .tables.state import Tables


class Pipeline:
    """Dissects batches, places them in the tables, shows them to the collectors and the ledger.

    It is the `Sink` of a live capture. What the ledger makes of them, the collectors see too.
    """

    def __init__(self, tables: Tables, suite: Suite, ledger: Ledger, lane: SlowLane) -> None:
        self._tables = tables
        self._suite = suite
        self._ledger = ledger
        self._lane = lane
        self._interest = Interest(ledger)
        self._own: frozenset[Address] = frozenset()
        self._protected: frozenset[Address] = frozenset()

    def device(self, name: str) -> int | None:
        """Return the number under which the tables know the device."""
        return self._tables.device(name)

    def rename(self, names: Mapping[int, str]) -> None:
        """Carry the devices' totals over to their new names."""
        self._tables.rename(names)

    def retire(self, number: int) -> None:
        """Keep the device's totals until its number is needed."""
        self._tables.retire(number)

    def frames(self, number: int, frames: Frames) -> None:
        """Take in a batch of the device's frames."""
        untagged, ethernet_faults = ethernet.untag(frames)
        packets, arp_faults = arp.decode(untagged)
        packets6, ndp_faults = ndp.decode(untagged)
        harvest = self._dissect(frames)
        faults = {"ethernet": ethernet_faults, "arp": arp_faults, "ndp": ndp_faults}
        with self._tables.lock:
            sightings, moves = self._tables.observe(number, packets, frames.now)
            sightings6, moves6 = self._tables.observe6(number, packets6, frames.now)
            seen = [self._seen(number, each, frames.now) for each in harvest.messages]
            events: list[object] = []
            if len(packets):
                events.append(sightings)
            if len(packets6):
                events.append(sightings6)
            events += [each for each in (moves, moves6) if each is not None]
            events += _faults(number, faults, harvest)
            if harvest.results:
                events.append(Dissections(number, harvest.results))
            self._suite.observe([*events, *seen])
            with self._suite.guard("evidence"):
                derived = self._ledger.observe(
                    sightings,
                    moves,
                    sightings6,
                    moves6,
                    frames.at(packets.time),
                    frames.at(packets6.time),
                    seen,
                    frames.now,
                    frames.latest,
                )
                self._suite.observe(derived)
            self.tick(frames.now, frames.latest)

    def _dissect(self, frames: Frames) -> Harvest:
        if not frames.whole:
            return Harvest()
        interest: frozenset[int] = frozenset()
        with self._tables.lock, self._suite.guard("evidence"):
            interest = self._interest.macs(frames.now)
        times = np.array([frame.time for frame in frames.whole])
        with self._suite.guard("slow_lane"):
            return self._lane.take(frames.whole, frames.at(times).tolist(), frames.now, interest)
        return Harvest()

    def _seen(self, number: int, dissected: Dissected, now: float) -> Seen:
        datagram = dissected.datagram
        return Seen(
            device=number,
            segment=self._tables.segment_of(number, dissected.vlan, now),
            source_mac=datagram.source_mac,
            destination_mac=datagram.destination_mac,
            source=datagram.source,
            destination=datagram.destination,
            source_port=datagram.source_port,
            destination_port=datagram.destination_port,
            sent=dissected.sent,
            time=dissected.time,
            at=dissected.at,
            message=dissected.message,
        )

    def tick(self, now: float, wall: float) -> None:
        """Time has passed, with frames or without: what waited long enough is judged."""
        with self._tables.lock, self._suite.guard("evidence"):
            self._suite.observe(self._ledger.settle(now, wall))
            self._protect()

    def finish(self, now: float, wall: float) -> None:
        """There will be no more frames: what waits is judged by what was seen."""
        with self._tables.lock, self._suite.guard("evidence"):
            self._suite.observe(self._ledger.finish(now, wall))

    def configure(self, entries: Iterable[tuple[Address, int | None, str]]) -> None:
        """Set the addresses (IP, expected MAC, role) that the configuration protects."""
        with self._tables.lock:
            self._ledger.protected.configure(entries)
            self._protect()

    def surroundings(self, host: Host, numbers: Mapping[int, int]) -> None:
        """Protect gateways and own addresses; tell each device's own subnets apart."""
        own: dict[int, list[IPv4Interface | IPv6Interface]] = {}
        for address in host.addresses:
            if not address.ip.is_loopback:
                own.setdefault(address.index, []).append(address.ip)
        gateways: dict[int, frozenset[Address]] = {}
        with self._tables.lock:
            reached: set[int] = set()
            for index, number in numbers.items():
                wire = _same_wire(host.links, index)
                reached |= wire
                gateways[number] = _gateways(host, wire)
                self._subnets(number, [ip for member in wire for ip in own.get(member, ())])
            gateways[ELSEWHERE] = _gateways(host, {g.index for g in host.gateways} - reached)
            self._own = frozenset(ip.ip for ips in own.values() for ip in ips)
            self._ledger.protected.gateways(gateways)
            self._protect()

    def _subnets(self, number: int, own: Sequence[IPv4Interface | IPv6Interface]) -> None:
        subnets: dict[int, list[Subnet]] = {4: [], 6: []}
        for ip in own:
            subnet = Subnet(int(ip.network.network_address), int(ip.network.netmask))
            subnets[ip.version].append(subnet)
        self._tables.subnets[number], self._tables.subnets6[number] = subnets.values()

    def _protect(self) -> None:
        """Keep in the tables what must not be evicted; what DHCP names may change by the packet."""
        protected = self._own | self._ledger.protected.ips()
        if protected != self._protected:
            self._protected = protected
            self._tables.protect(protected)


def _faults(
    number: int, columns: Mapping[str, Mapping[str, int]], harvest: Harvest
) -> Iterable[Malformed]:
    for protocol, reasons in (*columns.items(), *harvest.malformed.items()):
        if reasons:
            yield Malformed(number, protocol, dict(reasons))


def _gateways(host: Host, links: set[int]) -> frozenset[Address]:
    return frozenset(gateway.ip for gateway in host.gateways if gateway.index in links)


def _same_wire(links: Mapping[int, Link], index: int) -> set[int]:
    """Return the links whose addresses are on the wire of `index`: itself, masters, those on it."""
    wire = {index}
    while True:
        more = {
            link.index
            for link in links.values()
            if link.lower in wire and link.kind != "veth" and link.index not in wire
        }
        more |= {
            master
            for member in wire
            if member in links and (master := links[member].master) and master not in wire
        }
        if not more:
            return wire
        wire |= more

"""Frames in, state changed: the one path that live and replayed frames share."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from ipaddress import IPv4Address, IPv4Interface
from itertools import chain

from .collectors.base import Malformed
from .collectors.suite import Suite
from .dissect import arp, ethernet
from .dissect.frames import Frames
from .kernel.host import Host
from .kernel.links import Link
from .tables.addresses import Subnet
from .tables.state import Tables


class Pipeline:
    """Dissects batches, places them in the tables and shows them to the collectors.

    It is the `Sink` of a live capture. `protect` takes the addresses that the configuration
    names; gateways and this host's own come from the surroundings.
    """

    def __init__(self, tables: Tables, suite: Suite) -> None:
        self._tables = tables
        self._suite = suite
        self._configured: frozenset[int] = frozenset()
        self._surrounding: frozenset[int] = frozenset()

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
        with self._tables.lock:
            sightings, moves = self._tables.observe(number, packets, frames.now)
            events: list[object] = [sightings] if len(packets) else []
            if moves is not None:
                events.append(moves)
            for protocol, faults in (("ethernet", ethernet_faults), ("arp", arp_faults)):
                if faults:
                    events.append(Malformed(number, protocol, faults))
            self._suite.observe(events)

    def protect(self, ips: Iterable[IPv4Address]) -> None:
        """Set the addresses that the configuration protects; from any thread."""
        with self._tables.lock:
            self._configured = frozenset(map(int, ips))
            self._tables.protect(self._configured | self._surrounding)

    def surroundings(self, host: Host, numbers: Mapping[int, int]) -> None:
        """Protect gateways and own addresses; tell each device's own subnets apart."""
        own: dict[int, list[IPv4Interface]] = {}
        for address in host.addresses:
            if isinstance(address.ip, IPv4Interface) and not address.ip.is_loopback:
                own.setdefault(address.index, []).append(address.ip)
        gateways = (gateway.ip for gateway in host.gateways)
        surrounding = chain(*own.values(), gateways)
        with self._tables.lock:
            self._surrounding = frozenset(
                int(ip) for ip in surrounding if isinstance(ip, IPv4Address)
            )
            self._tables.protect(self._configured | self._surrounding)
            for index, number in numbers.items():
                self._tables.subnets[number] = [
                    Subnet(int(ip.network.network_address), int(ip.network.netmask))
                    for relative in _same_wire(host.links, index)
                    for ip in own.get(relative, ())
                ]


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

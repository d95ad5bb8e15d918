"""The tables that signals share, behind one lock, and the life of the devices in them."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from ..dissect.arp import ArpPackets
from ..dissect.frames import Ints
from ..dissect.ndp import NdpPackets
from ..dissect.reader import Address
from ..limits import VLAN_IDLE_SECONDS, Limits
from .addresses import AddressTable
from .bindings import Bindings, Moves, NdpMoves, NdpSightings, Sightings
from .families import IPV4, IPV6, Rows, Subnet
from .segments import Segments
from .usage import Usage


class Tables:
    """What the capture thread writes and scrapes read; whoever touches it holds `lock`.

    A scrape holds the lock only to copy figures out: frames wait in the ring meanwhile.
    """

    def __init__(self, limits: Limits) -> None:
        self.lock = threading.RLock()
        self.segments = Segments(limits.vlans, limits.devices)
        self.addresses = AddressTable(limits, IPV4)
        self.addresses6 = AddressTable(limits, IPV6)
        overflow = self.segments.overflow(0)
        self.bindings = Bindings(self.addresses, overflow, Moves)
        self.bindings6 = Bindings(self.addresses6, overflow, NdpMoves)
        self.subnets: dict[int, Sequence[Subnet]] = {}
        self.subnets6: dict[int, Sequence[Subnet]] = {}
        self._changes: list[tuple[int, int | None]] = []
        self._gone: dict[int, None] = {}
        self._limits = limits
        self._devices_evicted = self._devices_refused = 0
        self._vlans_evicted = self._vlans_refused = 0

    def observe(
        self, device: int, packets: ArpPackets, now: float
    ) -> tuple[Sightings, Moves | None]:
        """Place a batch of one device's packets in the tables; `now` is monotonic, in seconds."""
        segment = self._segment(device, packets.vlan, now)
        ips, macs, subnets = packets.sender_ip, packets.sender_mac, self.subnets.get(device, ())
        row, new, moves = self.bindings.bind(segment, ips, macs, packets.time, subnets, now)
        return Sightings(packets, segment, row, new), moves

    def observe6(
        self, device: int, packets: NdpPackets, now: float
    ) -> tuple[NdpSightings, NdpMoves | None]:
        """Do the same with neighbour discovery."""
        segment = self._segment(device, packets.vlan, now)
        ips, macs, subnets = packets.bound, packets.mac, self.subnets6.get(device, ())
        row, new, moves = self.bindings6.bind(segment, ips, macs, packets.time, subnets, now)
        return NdpSightings(packets, segment, row, new), moves

    def segment_of(self, device: int, vlan: int, now: float) -> int:
        """Return the segment of one frame, as `observe` would; 0 is what is untagged."""
        return int(self._segment(device, np.array([vlan], dtype=np.int32), now)[0])

    def _segment(self, device: int, vlans: Ints, now: float) -> Rows:
        if not len(vlans):
            return np.empty(0, np.intp)
        segment = self.segments.locate(device, vlans, now)
        overflow = self.segments.overflow(device)
        if (segment == overflow).any() and self._make_room(now):
            segment = self.segments.locate(device, vlans, now)
        self._vlans_refused += int((segment == overflow).sum())
        return segment

    def _make_room(self, now: float) -> bool:
        """Free the place of a VLAN that has been idle for long and has no protected address."""
        keep = np.union1d(self.addresses.protected_segments(), self.addresses6.protected_segments())
        idle = self.segments.idle(now - VLAN_IDLE_SECONDS, keep)
        if idle is None:
            return False
        self._drop([idle])
        self.segments.remove(idle)
        self._vlans_evicted += 1
        return True

    def device(self, name: str) -> int | None:
        """Return the number of the device `name`, known or new; None while all are in use.

        When no number is free, the device that has been gone longest gives up its own.
        """
        with self.lock:
            number = self.segments.device(name)
            if number is None and self._gone:
                self._forget(next(iter(self._gone)))
                self._devices_evicted += 1
                number = self.segments.device(name)
            if number is None:
                self._devices_refused += 1
            else:
                self._gone.pop(number, None)
            return number

    def retire(self, number: int) -> None:
        """A device has gone: its figures stay until the number is needed."""
        with self.lock:
            self._gone[number] = None

    def rename(self, names: Mapping[int, str]) -> None:
        """Devices have new names; what is left of one that is gone goes on with its name."""
        with self.lock:
            for number, name in names.items():
                self.segments.rename(number, name)
            for number, name in names.items():
                for gone in [other for other in self._gone if self.segments.name(other) == name]:
                    for source, target in self.segments.absorb(number, gone):
                        self.addresses.move(source, target)
                        self.addresses6.move(source, target)
                        self._changes.append((source, target))
                    self._release(gone)

    def _forget(self, number: int) -> None:
        self._drop(self.segments.forget(number))
        self._release(number)

    def _drop(self, segments: Sequence[int]) -> None:
        self.addresses.forget(segments)
        self.addresses6.forget(segments)
        self._changes += [(segment, None) for segment in segments]

    def _release(self, number: int) -> None:
        self.subnets.pop(number, None)
        self.subnets6.pop(number, None)
        del self._gone[number]

    def take_changes(self) -> list[tuple[int, int | None]]:
        """Return what became of segments since the last call, in order.

        (row, None): the segment is gone, and the row may stand for another one already.
        (row, target): what was known of it is that segment's now.
        """
        changes, self._changes = self._changes, []
        return changes

    def protect(self, ips: Iterable[Address]) -> None:
        """Set the addresses, of both families, that are never evicted."""
        numbers: dict[int, list[int]] = {4: [], 6: []}
        for ip in frozenset(ips):
            numbers[ip.version].append(int(ip))
        with self.lock:
            self.addresses.protect(numbers[4])
            self.addresses6.protect(numbers[6])

    def usage(self) -> list[Usage]:
        """Tell how full each table is."""
        with self.lock:
            devices = len(self.segments.device_names())
            evicted, refused = self._vlans_evicted, self._vlans_refused
            return [
                self.addresses.usage(),
                self.addresses6.usage(),
                Usage("vlans", self.segments.entries(), self._limits.vlans, evicted, refused),
                Usage(
                    "devices",
                    devices,
                    self._limits.devices,
                    self._devices_evicted,
                    self._devices_refused,
                ),
            ]

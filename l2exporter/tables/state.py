"""The tables that signals share, behind one lock, and the life of the devices in them."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping, Sequence

from ..dissect.arp import ArpPackets
from ..dissect.frames import Ints
from ..limits import VLAN_IDLE_SECONDS, Limits
from .addresses import AddressTable, Rows, Subnet
from .bindings import Bindings, Moves, Sightings
from .segments import Segments
from .usage import Usage


class Tables:
    """What the capture thread writes and scrapes read; whoever touches it holds `lock`.

    A scrape holds the lock only to copy figures out: frames wait in the ring meanwhile.
    """

    def __init__(self, limits: Limits) -> None:
        self.lock = threading.RLock()
        self.segments = Segments(limits.vlans, limits.devices)
        self.addresses = AddressTable(limits)
        self.bindings = Bindings(self.addresses, self.segments.overflow(0))
        self.subnets: dict[int, Sequence[Subnet]] = {}
        self._gone: dict[int, None] = {}
        self._limits = limits
        self._devices_evicted = self._devices_refused = 0
        self._vlans_evicted = self._vlans_refused = 0

    def observe(
        self, device: int, packets: ArpPackets, now: float
    ) -> tuple[Sightings, Moves | None]:
        """Place a batch of one device's packets in the tables; `now` is monotonic, in seconds."""
        segment = self._segment(device, packets.vlan, now)
        return self.bindings.observe(packets, segment, self.subnets.get(device, ()), now)

    def _segment(self, device: int, vlans: Ints, now: float) -> Rows:
        segment = self.segments.locate(device, vlans, now)
        overflow = self.segments.overflow(device)
        if (segment == overflow).any() and self._make_room(now):
            segment = self.segments.locate(device, vlans, now)
        self._vlans_refused += int((segment == overflow).sum())
        return segment

    def _make_room(self, now: float) -> bool:
        """Free the place of a VLAN that has been idle for long and has no protected address."""
        keep = self.addresses.protected_segments()
        idle = self.segments.idle(now - VLAN_IDLE_SECONDS, keep)
        if idle is None:
            return False
        self.addresses.forget([idle])
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
                    self.subnets.pop(gone, None)
                    del self._gone[gone]

    def _forget(self, number: int) -> None:
        self.addresses.forget(self.segments.forget(number))
        self.subnets.pop(number, None)
        del self._gone[number]

    def protect(self, ips: Iterable[int]) -> None:
        """Set the IPv4 addresses, as numbers, that are never evicted."""
        with self.lock:
            self.addresses.protect(ips)

    def usage(self) -> list[Usage]:
        """Tell how full each table is."""
        with self.lock:
            devices = len(self.segments.device_names())
            evicted, refused = self._vlans_evicted, self._vlans_refused
            return [
                self.addresses.usage(),
                Usage("vlans", self.segments.entries(), self._limits.vlans, evicted, refused),
                Usage(
                    "devices",
                    devices,
                    self._limits.devices,
                    self._devices_evicted,
                    self._devices_refused,
                ),
            ]

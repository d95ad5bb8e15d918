"""The tables that signals share, behind one lock, and the life of the devices in them."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence

from ..dissect.arp import ArpPackets
from ..limits import Limits
from .addresses import AddressTable, Subnet
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
        self.bindings = Bindings(self.addresses, limits.vlans)
        self.subnets: dict[int, Sequence[Subnet]] = {}
        self._gone: dict[int, None] = {}
        self._devices_evicted = 0
        self._devices_refused = 0

    def observe(
        self, device: int, packets: ArpPackets, now: float
    ) -> tuple[Sightings, Moves | None]:
        """Place a batch of one device's packets in the tables; `now` is monotonic, in seconds."""
        segment = self.segments.locate(device, packets.vlan)
        return self.bindings.observe(packets, segment, self.subnets.get(device, ()), now)

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

    def rename(self, number: int, name: str) -> None:
        """A device has a new name; what a vanished device of that name left behind is dropped."""
        with self.lock:
            for other in list(self._gone):
                if self.segments.name(other) == name:
                    self._forget(other)
            self.segments.rename(number, name)

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
            return [
                self.addresses.usage(),
                self.segments.usage(),
                Usage(
                    "devices",
                    len(self.segments.device_names()),
                    self.segments.device_limit,
                    self._devices_evicted,
                    self._devices_refused,
                ),
            ]

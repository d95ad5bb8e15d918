"""Bridges with guests, what is known of their MACs, and a watch over what is flooded to them."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager

import pytest

from l2exporter.capture.devices import Selection
from l2exporter.capture.floods import FloodWatch
from l2exporter.kernel.links import Link, read_links
from l2exporter.kernel.rtnetlink import Netlink
from tests.lab import frames
from tests.lab.namespace import Namespace, veth
from tests.lab.wait import wait_until

NOBODY = "02:00:00:00:de:ad"
BURST = 500
"""Frames sent between two looks: fewer than a device's backlog holds (1,000)."""


def guest_mac(number: int) -> str:
    return f"02:00:00:00:0a:{number:02x}"


def number(mac: str) -> int:
    return int(mac.replace(":", ""), 16)


def unicast(to: str, source: str = "02:00:00:00:0b:0b") -> bytes:
    """A frame of an ethertype that nobody answers (IEEE 802 local experimental 1)."""
    return bytes.fromhex((to + source).replace(":", "")) + b"\x88\xb5" + bytes(46)


FLOOD = unicast(NOBODY, guest_mac(1))
"""From the first guest to nobody."""

ETH0 = Selection(names=("eth0",))


def told(caplog: pytest.LogCaptureFixture) -> list[str]:
    """What was logged that an operator should see."""
    return [record.message for record in caplog.records if record.levelno >= logging.WARNING]


class Guests:
    """What is behind each port, set by hand: a forwarding table's stand-in."""

    def __init__(self, limit: int = 64) -> None:
        self._limit = limit
        self._macs: dict[int, set[int]] = {}
        self._changed: set[int] = set()

    def learn(self, port: int, *macs: str) -> None:
        self._macs[port] = {number(mac) for mac in macs}
        self._changed.add(port)

    def behind(self, port: int) -> tuple[int, ...]:
        return tuple(sorted(self._macs.get(port, ())))

    def overfull(self, port: int) -> bool:
        return len(self._macs.get(port, ())) > self._limit

    def changed(self) -> set[int]:
        changed, self._changed = self._changed, set()
        return changed


class Scene:
    """A watch over one namespace, and what it is told: `follow()` tells it anew."""

    def __init__(self, namespace: Namespace, watch: FloodWatch) -> None:
        self.namespace = namespace
        self.watch = watch
        self.guests = Guests()

    def links(self) -> dict[int, Link]:
        with self.namespace.entered(), Netlink() as netlink:
            return read_links(netlink)

    def index(self, device: str) -> int:
        return next(link.index for link in self.links().values() if link.name == device)

    def follow(self, links: Mapping[int, Link] | None = None) -> None:
        links = self.links() if links is None else links
        with self.namespace.entered():
            self.watch.follow(links, self.guests)

    def learn(self, port: str, *macs: str) -> None:
        self.guests.learn(self.index(port), *macs)
        self.follow()

    def counts(self) -> dict[str, int | None]:
        with self.namespace.entered():
            return {status.device: status.frames for status in self.watch.statuses()}

    def send(self, device: str, sent: Iterable[bytes]) -> None:
        frames.send(self.namespace, device, sent)

    def comes_to(self, **expected: int | None) -> None:
        """Wait until the counts are these, and no others."""
        wait_until(lambda: self.counts() == expected, f"{expected}, last {self.counts()}")


@contextmanager
def watching(
    namespace: Namespace,
    selection: Selection | None = None,
    *,
    devices: bool = False,
    guest_ports: bool = False,
) -> Iterator[Scene]:
    watch = FloodWatch(selection or Selection(), devices=devices, guest_ports=guest_ports)
    scene = Scene(namespace, watch)
    try:
        scene.follow()
        yield scene
    finally:
        watch.close()


def bridge_of_guests(namespace: Namespace, guests: int) -> None:
    """br0 with the ports p1 to pN, each to a guest gN whose MAC is `guest_mac(N)`.

    A guest says nothing by itself, or the bridge would learn where it is: IPv6 reports its groups.
    """
    namespace.run("sysctl", "-eqw", "net.ipv6.conf.default.disable_ipv6=1")
    for guest in range(1, guests + 1):
        macs = (f"02:00:00:00:0f:{guest:02x}", guest_mac(guest))
        veth(namespace, f"p{guest}", namespace, f"g{guest}", macs)
    namespace.bridge("br0", *(f"p{guest}" for guest in range(1, guests + 1)))

"""A host with a bridge and guests on it, all of them quiet: the case that bridges forget."""

from __future__ import annotations

import socket
from contextlib import ExitStack
from typing import Self

from tests.lab.guest import DEVICE, DISCARD, SOCKETS, Guest
from tests.lab.namespace import Namespace, veth
from tests.lab.wait import wait_until

BRIDGE = "br0"
FAMILIES = {"ipv4": 4, "ipv6": 6}
PREFIX = {"ipv4": 24, "ipv6": 64}
ADDRESS = {"ipv4": "192.0.2.254", "ipv6": "2001:db8::fe"}
"""The host's own, on the bridge."""

LONG = 600
"""Seconds: beyond any test."""

_REPORTS = "net.ipv6.conf.default.mldv2_unsolicited_report_interval"


class Hypervisor:
    """`with Hypervisor(3) as host:` makes br0 with three guests, that speak when made to only.

    namespace  of the host itself, with br0 (ADDRESS on it) and the ports p1 to pN
    guests     in the order of their numbers, from 1
    A neighbour of the host is STALE about half a second after it last answered, and is asked
    again LONG after that: what the host keeps is old.
    """

    def __init__(self, guests: int) -> None:
        self.namespace = Namespace()
        self.guests = [Guest(Namespace(), number) for number in range(1, guests + 1)]
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            stack.enter_context(self.namespace)
            for guest in self.guests:
                stack.enter_context(guest.namespace)
                self._connect(guest)
            self.namespace.bridge(BRIDGE, *(guest.port for guest in self.guests))
            for family in FAMILIES:
                self._settle(family)
            for guest in self.guests:
                # Until then the kernel drops what is sent there, without a word; it may take its
                # time (link_watch.c), the more so where both ends have the same index.
                wait_until(lambda guest=guest: _ready(self.namespace, guest), "carrier")  # type: ignore[misc]
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def setting(self, *options: str, device: str = BRIDGE) -> None:
        """`ip link set br0 type bridge OPTIONS`."""
        self.namespace.ip("link", "set", "dev", device, "type", "bridge", *options)

    def ageing(self, seconds: float) -> None:
        """Let br0 forget a MAC after this time."""
        self.setting("ageing_time", str(round(seconds * 100)))

    def neighbor_setting(self, name: str, value: int) -> None:
        """Set what br0 does with neighbours, of both families."""
        for number in FAMILIES.values():
            self.namespace.sysctl(f"net.ipv{number}.neigh.{BRIDGE}.{name}", value)

    def ask(self, guest: Guest, family: str) -> None:
        """Resolve the guest's address and get an answer from it; RuntimeError without one."""
        self.neighbor_setting("delay_first_probe_time", 0)
        self.namespace.run("ping", "-c1", "-W5", guest.address(family))

    def tell(self, guest: Guest, family: str) -> None:
        """Send the guest one datagram, to the MAC that the host has for it, unverified."""
        self.neighbor_setting("delay_first_probe_time", LONG)
        with self.namespace.entered():
            sender = socket.socket(SOCKETS[family], socket.SOCK_DGRAM)
        with sender:
            sender.sendto(b"quiet", (guest.address(family), DISCARD))

    def _connect(self, guest: Guest) -> None:
        guest.namespace.sysctl(_REPORTS, 1)
        macs = (f"02:00:00:00:ff:{guest.number:02x}", guest.mac)
        veth(self.namespace, guest.port, guest.namespace, DEVICE, macs)
        for family, number in FAMILIES.items():
            setting = f"net.ipv{number}.neigh.{DEVICE}.delay_first_probe_time"
            guest.namespace.sysctl(setting, LONG)
            guest.namespace.address(DEVICE, f"{guest.address(family)}/{PREFIX[family]}")

    def _settle(self, family: str) -> None:
        self.namespace.address(BRIDGE, f"{ADDRESS[family]}/{PREFIX[family]}")
        neighbors = f"net.ipv{FAMILIES[family]}.neigh.{BRIDGE}"
        self.namespace.sysctl(f"{neighbors}.base_reachable_time_ms", 500)


def _ready(namespace: Namespace, guest: Guest) -> bool:
    ends = ((namespace, guest.port), (guest.namespace, DEVICE))
    return all(
        there.run("cat", f"/sys/class/net/{device}/operstate").strip() == "up"
        for there, device in ends
    )

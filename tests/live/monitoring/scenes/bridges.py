"""A hypervisor whose bridge forgets quiet guests, and whose tables fill up."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from tests.lab.guest import Guest
from tests.lab.hypervisor import BRIDGE, Hypervisor
from tests.lab.namespace import Namespace, veth
from tests.lab.netlink import limit_learned
from tests.live.monitoring.stage import WatchedStage

FORGETFUL, MINDFUL = 1, 300
"""Seconds that the bridge keeps a MAC."""

ROOM = 8
"""MACs that a bridge may learn."""

UPLINK = "uplink"
CROWD = 150
"""Neighbours, of the 1,024 that the kernel has room for by default."""


def forgetful_bridge(stage: WatchedStage) -> None:
    """The host remembers a guest that its bridge has forgotten, and others send to it."""
    host = stage.enter(Hypervisor(3))
    exporter = stage.exporter(host.namespace, "--capture.guest-unknown-unicast")
    quiet, sender, bystander = host.guests
    bystander.send()
    host.ask(quiet, "ipv4")
    stage.scraped(exporter)
    for _ in stage.rounds():
        host.ageing(FORGETFUL)
        with streaming(sender, quiet.mac):
            stage.told("L2NeighborsOutliveFdb", family="ipv4")
            stage.told("L2NeighborsMissingFromFdb", family="ipv4")
            stage.told("L2UnknownUnicastFlooding")
        host.ageing(MINDFUL)
        quiet.send()
        stage.resolved("L2NeighborsMissingFromFdb", family="ipv4")
        stage.resolved("L2UnknownUnicastFlooding")


@contextmanager
def streaming(sender: Guest, to: str) -> Iterator[None]:
    """Ten frames a second that nobody answers."""
    over = threading.Event()

    def stream() -> None:
        while not over.wait(0.1):
            sender.send(to)

    thread = threading.Thread(target=stream)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def full_tables(stage: WatchedStage) -> None:
    """A guest fills the bridge with made-up MACs; the host has neighbours by the hundred."""
    host = stage.enter(Hypervisor(1))
    stage.exporter(host.namespace)
    (guest,) = host.guests
    limit_learned(host.namespace, BRIDGE, ROOM)
    for _ in stage.rounds():
        for number in range(ROOM + 1):
            guest.send(source=f"02:00:00:00:0c:{number:02x}")
        with crowded(host.namespace):
            stage.told("L2BridgeFdbNearLimit")
            stage.told("L2NeighborTableNearLimit", family="ipv4")
        host.setting("fdb_flush")
        stage.resolved("L2BridgeFdbNearLimit")


@contextmanager
def crowded(namespace: Namespace) -> Iterator[None]:
    """Keep neighbours that the kernel counts against its limit, as it does not permanent ones."""
    veth(namespace, UPLINK, namespace, f"{UPLINK}-end")
    entries = (f"198.51.100.{n} lladdr 02:00:00:00:ee:01" for n in range(1, CROWD + 1))
    namespace.batch("ip", [f"neigh add {entry} dev {UPLINK} nud stale" for entry in entries])
    try:
        yield
    finally:
        namespace.ip("link", "delete", UPLINK)

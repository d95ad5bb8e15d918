"""A hypervisor whose bridge forgets quiet guests, and whose tables fill up."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from tests.lab.hypervisor import BRIDGE, Hypervisor
from tests.lab.namespace import Namespace, veth
from tests.lab.netlink import limit_learned
from tests.live.monitoring.scenes.repeating import repeating
from tests.live.monitoring.stage import WatchedStage
from tests.live.monitoring.thresholds import NEIGHBORS

FORGETFUL, MINDFUL = 1, 300
"""Seconds that the bridge keeps a MAC."""

MIGRANT = "02:00:00:00:0a:01"

ROOM = 8
"""MACs that a bridge may learn."""

UPLINK = "uplink"
CROWD = NEIGHBORS + 20


def forgetful_bridge(stage: WatchedStage) -> None:
    """The host remembers a guest that its bridge has forgotten, and others send to it; a guest
    migrates.
    """
    host = stage.enter(Hypervisor(3))
    exporter = stage.exporter(host.namespace, "--capture.guest-unknown-unicast")
    quiet, sender, bystander = host.guests
    bystander.send()
    host.ask(quiet, "ipv4")
    stage.scraped(exporter)
    for _ in stage.rounds():
        host.ageing(FORGETFUL)
        with repeating(lambda: sender.send(quiet.mac), 0.1):
            stage.told("L2NeighborsOutliveFdb", family="ipv4")
            stage.told("L2NeighborsMissingFromFdb", family="ipv4")
            stage.told("L2UnknownUnicastFlooding")
        host.ageing(MINDFUL)
        quiet.send()
        for guest in (sender, bystander) * 3:
            guest.send(source=MIGRANT)
            stage.scraped(exporter)
        stage.resolved("L2NeighborsMissingFromFdb", family="ipv4")
        stage.resolved("L2UnknownUnicastFlooding")


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

"""Which alert each scene leads to, and what it has to say."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from tests.live.causes.sleepers import IP
from tests.live.monitoring.scenes import ailing, bridges, conflicts, sleepers
from tests.live.monitoring.stage import WatchedScene


@dataclass(frozen=True, slots=True)
class Expected:
    """An alert that comes of a scene: labels that it has, words that its annotations have."""

    scene: WatchedScene
    alert: str
    words: tuple[str, ...]
    labels: Mapping[str, str] = field(default_factory=dict)


RECEIVERS: Final = {"critical": "pager", "warning": "chat", "info": "nobody"}
"""Of grafana/alertmanager.yml, by severity."""

FIRST, SECOND, THIRD, FOURTH = (f"02:00:00:00:00:{n:02x}" for n in range(1, 5))
"""Hardware addresses of the hosts of a segment."""


def _expected() -> Iterator[Expected]:
    yield Expected(
        conflicts.gateway_spoofed,
        "L2ProtectedAddressClaimed",
        (SECOND, FOURTH, "gateway"),
        {"ip": "192.0.2.2"},
    )
    yield Expected(
        conflicts.gateway_spoofed,
        "L2ProtectedAddressMoved",
        (SECOND, FOURTH, "gateway"),
        {"ip": "192.0.2.2"},
    )
    yield Expected(
        conflicts.host_spoofed, "L2SuspectedSpoofing", (SECOND, THIRD), {"ip": "192.0.2.2"}
    )
    for ip in (conflicts.SHARED, conflicts.SHARED6):
        yield Expected(conflicts.duplicate, "L2DuplicateAddress", (SECOND, THIRD), {"ip": ip})
    yield Expected(conflicts.taken_over, "L2UnexplainedMoves", (*conflicts.LEFT, SECOND))
    yield Expected(
        conflicts.rogue_router,
        "L2RogueRouterAdvertisement",
        (THIRD, conflicts.ROUTER),
        {"ip": conflicts.ROGUE},
    )
    yield Expected(sleepers.never_wakes, "L2SleepProxyHoldStuck", (SECOND, THIRD))
    yield Expected(sleepers.proxy_leaves, "L2SleepProxyHoldLost", (IP, SECOND, THIRD))
    yield Expected(ailing.overwhelmed, "L2GratuitousArpStorm", ("usual",))
    yield from _bridges()
    yield from _exporter()


def _bridges() -> Iterator[Expected]:
    ipv4 = {"bridge": "br0", "family": "ipv4"}
    forgetful, full = bridges.forgetful_bridge, bridges.full_tables
    yield Expected(forgetful, "L2NeighborsOutliveFdb", ("br0", " 1s "), ipv4)
    yield Expected(forgetful, "L2NeighborsMissingFromFdb", ("br0", "192.0.2.1", FIRST), ipv4)
    yield Expected(forgetful, "L2UnknownUnicastFlooding", ("p3",), {"device": "p3"})
    yield Expected(full, "L2BridgeFdbNearLimit", ("br0", "100%"), {"bridge": "br0"})
    yield Expected(full, "L2NeighborTableNearLimit", ("ipv4", "%"), {"family": "ipv4"})


def _exporter() -> Iterator[Expected]:
    device = {"device": "eth0"}
    yield Expected(ailing.gone, "L2CaptureDown", ("eth0", "gone"), device)
    yield Expected(ailing.gone, "L2ExporterDown", ("gone",), {"instance": "gone"})
    fast = {**device, "lane": "fast"}
    yield Expected(ailing.overwhelmed, "L2CaptureDrops", ("%", "fast"), fast)
    yield Expected(ailing.overwhelmed, "L2TableFull", ("addresses",), {"table": "addresses"})
    yield Expected(ailing.faulty, "L2CollectorFailing", ("wake_on_lan",))
    yield Expected(ailing.faulty, "L2ExporterMemoryHigh", ("MB",))
    ipv4 = {"family": "ipv4"}
    yield Expected(ailing.faulty, "L2NeighborTableOverflow", ("ipv4", "gc_thresh3"), ipv4)


EXPECTED: Final = tuple(_expected())

OF_THE_MACHINE: Final = {"L2NeighborTableNearLimit"}
"""Alerts about what all namespaces share: every exporter tells of it, whatever its own scene."""

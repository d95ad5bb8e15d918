"""`neighbor_fdb`: neighbours that can outlive what a bridge knows of them, and those that do."""

from __future__ import annotations

import threading
from collections.abc import Iterable

from prometheus_client.metrics_core import GaugeMetricFamily, Metric

from ..limits import MISSING_RATE, MISSING_REMEMBERED, MISSING_SHOWN
from ..tables.admission import TokenBucket
from ..tables.verdicts import Missing, Verdict, missing, verdicts
from .base import Context, KernelSide, mac

_Missing = dict[tuple[str, str], list[Missing]]

_Series = tuple[str, str, str, str, str]
"""Bridge, device, family, ip and mac."""


class NeighborFdbCollector:
    """Whether frames to quiet hosts can be flooded, and to which hosts the next frame will be.

    A neighbour entry that outlives the bridge's FDB entry of the same MAC is used without asking
    first, and the bridge floods what is sent to it. l2_neighbor_outlives_fdb says from settings,
    topology change and fill of the neighbour table that this can happen to an idle entry;
    l2_neighbor_missing_from_fdb counts the usable neighbours (reachable, stale, delay, probe,
    permanent, with a unicast MAC) of the bridge device, and of VLAN and ipvlan devices on top of
    it, whose MAC the FDB lacks now. It is absent while the FDB is not known in full. Their
    addresses are shown up to a cap over all bridges, the lowest of each bridge and family first,
    and new ones no faster than series may be made. See docs/flooding.md.

    l2_neighbor_outlives_fdb{bridge="br0",family="ipv4"} 1.0
    l2_neighbor_missing_from_fdb{bridge="br0",family="ipv4"} 1.0
    l2_neighbor_missing_from_fdb_info{bridge="br0",device="br0",family="ipv4",
        ip="192.0.2.7",mac="02:00:00:00:00:07"} 1.0
    """

    def __init__(self, context: Context) -> None:
        self._kernel = context.kernel_side()
        self._monotonic = context.monotonic
        self._lock = threading.Lock()
        self._remembered: dict[_Series, None] = {}
        self._series = TokenBucket(MISSING_REMEMBERED, MISSING_RATE)

    def collect(self) -> Iterable[Metric]:
        """Yield the families; a bridge and family of which nothing is known have no sample."""
        side = self._kernel
        bridges = side.reader.bridges()
        tables = side.reader.neighbor_tables()
        neighbors = [side.reader.neighbors(table.family) for table in tables]
        # Only now: a host that answered before its entry was read is in the FDB's events by then.
        current = side.catch_up()
        links = side.links()
        yield _outlives(verdicts(bridges, links, tables))
        found: _Missing = {}
        if current and _known_in_full(side):
            for rows in neighbors:
                found |= missing(bridges, links, rows, side.forwarding)
        yield _counts(found)
        yield _shown(self._admit(found))

    def _admit(self, found: _Missing) -> list[_Series]:
        """Return the series that are shown; one that is not remembered takes a token."""
        series = [
            (entry.bridge, entry.device, entry.family, entry.ip, mac(entry.mac))
            for labels in sorted(found)
            for entry in found[labels][:MISSING_SHOWN]
        ][:MISSING_SHOWN]
        with self._lock:
            new = [one for one in series if one not in self._remembered]
            granted = new[: self._series.take(len(new), self._monotonic())]
            shown = [one for one in series if one in self._remembered or one in granted]
            for one in shown:  # the last to be shown is the last to be forgotten
                self._remembered.pop(one, None)
                self._remembered[one] = None
            excess = max(0, len(self._remembered) - MISSING_REMEMBERED)
            for one in list(self._remembered)[:excess]:
                del self._remembered[one]
        return shown


def _known_in_full(side: KernelSide) -> bool:
    with side.forwarding.lock:
        return side.forwarding.synchronized and side.forwarding.complete


def _outlives(found: Iterable[Verdict]) -> Metric:
    family = GaugeMetricFamily(
        "l2_neighbor_outlives_fdb",
        "Whether an idle neighbour entry can be kept for longer than the bridge keeps its MAC.",
        labels=["bridge", "family"],
    )
    for verdict in found:
        family.add_metric([verdict.bridge.name, verdict.family], verdict.outlives)
    return family


def _counts(found: _Missing) -> Metric:
    family = GaugeMetricFamily(
        "l2_neighbor_missing_from_fdb",
        "Usable neighbours behind the bridge whose MAC its FDB lacks: frames to them are flooded.",
        labels=["bridge", "family"],
    )
    for labels, entries in found.items():
        family.add_metric(list(labels), len(entries))
    return family


def _shown(series: Iterable[_Series]) -> Metric:
    family = GaugeMetricFamily(
        "l2_neighbor_missing_from_fdb_info",
        "A usable neighbour whose MAC the FDB lacks.",
        labels=["bridge", "device", "family", "ip", "mac"],
    )
    for labels in series:
        family.add_metric(labels, 1)
    return family

"""`gratuitous_arp`: gratuitous ARP packets per address."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from prometheus_client.metrics_core import CounterMetricFamily, Metric

from ..dissect.arp import ANNOUNCEMENT, GRATUITOUS_REPLY
from ..tables.addresses import REFUSED
from ..tables.bindings import Sightings
from ..tables.columns import tally
from .base import Context, TrackedAddresses


class GratuitousArpCollector:
    """Announcements and gratuitous replies received, per tracked address, from its first sight.

    This host's own are left out. Per device, with those of addresses that are not tracked, they
    are the types `announcement` and `gratuitous_reply` of l2_arp_packets_total.

    l2_gratuitous_arp_total{device="eth0",vlan="",ip="192.0.2.7"} 3.0
    """

    observes = Sightings

    def __init__(self, context: Context) -> None:
        self._tables = context.tables
        self._count = context.tables.addresses.columns.add(np.uint64)

    def observe(self, event: Sightings) -> Iterable[object]:
        """Count what others sent; this host's own announcements are no news to it."""
        packets = event.packets
        gratuitous = (packets.type == ANNOUNCEMENT) | (packets.type == GRATUITOUS_REPLY)
        gratuitous &= ~packets.sent & (event.row != REFUSED)
        if gratuitous.any():
            tally(self._count, event.row[gratuitous])
        return ()

    def collect(self) -> Iterable[Metric]:
        """Yield one sample for each tracked address."""
        with self._tables.lock:
            tracked = TrackedAddresses.of(self._tables, self._tables.addresses)
            counts = self._count[tracked.rows].tolist()
        family = CounterMetricFamily(
            "l2_gratuitous_arp",
            "Gratuitous ARP packets (announcements, gratuitous replies) received for an address.",
            labels=["device", "vlan", "ip"],
        )
        for label, count in zip(tracked.labels(), counts, strict=True):
            family.add_metric(label, count)
        yield family

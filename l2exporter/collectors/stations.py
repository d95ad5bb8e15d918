"""`stations`: addresses seen for the first time."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from prometheus_client.metrics_core import Metric

from ..tables.bindings import Sightings
from ..tables.columns import tally
from .base import Context
from .counters import of_segments


class StationsCollector:
    """New stations: addresses that entered the table, those that return after an eviction too.

    Addresses that found no place in it are in l2_tracked_refusals_total.

    l2_arp_new_stations_total{device="eth0",vlan=""} 12.0
    """

    observes = Sightings

    def __init__(self, context: Context) -> None:
        self._tables = context.tables
        self._count = context.tables.segments.columns.add(np.uint64)

    def observe(self, event: Sightings) -> Iterable[object]:
        """Count first sights by segment."""
        tally(self._count, event.segment[event.new])
        return ()

    def collect(self) -> Iterable[Metric]:
        """Yield one sample for each segment seen."""
        yield of_segments(
            self._tables,
            self._count,
            "l2_arp_new_stations",
            "Addresses bound for the first time (since the start, or since they were evicted).",
        )

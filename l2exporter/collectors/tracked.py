"""`tracked`: how full the exporter's own tables are, and what their caps have cost."""

from __future__ import annotations

from collections.abc import Iterable

from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, Metric

from ..tables.usage import Usage
from .base import Context


class TrackedCollector:
    """Entries, cap, evictions and refusals of each table.

    A refusal in `addresses`, `addresses_ipv6` or `vlans` is a packet, in `devices` an attempt to
    follow one, in `fdb` an entry of a bridge, in `fdb_moving_macs` a move. Totals without an `ip`
    or `mac` label count what was refused all the same.

    l2_tracked_entries{table="addresses"} 254.0
    l2_tracked_limit{table="addresses"} 16384.0
    l2_tracked_evictions_total{table="addresses"} 0.0
    l2_tracked_refusals_total{table="addresses"} 0.0
    """

    def __init__(self, context: Context) -> None:
        self._tables = context.tables
        self._ledger = context.ledger
        self._kernel = context.kernel

    def _usage(self) -> list[Usage]:
        with self._tables.lock:
            usage = self._tables.usage() + self._ledger.usage()
        if self._kernel is not None:
            with self._kernel.forwarding.lock:
                usage += self._kernel.forwarding.usage()
        return usage

    def collect(self) -> Iterable[Metric]:
        """Yield one sample for each table and figure."""
        labels = ["table"]
        entries = GaugeMetricFamily(
            "l2_tracked_entries", "Entries in a table of the exporter.", labels=labels
        )
        limit = GaugeMetricFamily(
            "l2_tracked_limit", "Cap of a table of the exporter.", labels=labels
        )
        evictions = CounterMetricFamily(
            "l2_tracked_evictions", "Entries that gave way to new ones.", labels=labels
        )
        refusals = CounterMetricFamily(
            "l2_tracked_refusals",
            "Sightings counted in totals only, because the table had no place or admits no faster.",
            labels=labels,
        )
        for usage in self._usage():
            entries.add_metric([usage.table], usage.entries)
            limit.add_metric([usage.table], usage.limit)
            evictions.add_metric([usage.table], usage.evictions)
            refusals.add_metric([usage.table], usage.refusals)
        yield from (entries, limit, evictions, refusals)

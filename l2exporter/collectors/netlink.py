"""`netlink`: how reading the kernel's tables fares."""

from __future__ import annotations

from collections.abc import Iterable

from prometheus_client.metrics_core import Metric

from ..kernel.tally import Tally
from .base import Context
from .figures import Figure

_TABLE = ("table",)

_READING: tuple[Figure[Tally], ...] = (
    Figure("l2_netlink_dumps", "Complete readings of a table.", lambda tally: tally.dumps),
    Figure(
        "l2_netlink_dump_interruptions",
        "Readings begun anew because the table changed meanwhile.",
        lambda tally: tally.interrupted,
    ),
    Figure(
        "l2_netlink_dump_failures",
        "Readings of a table that could not be had.",
        lambda tally: tally.failures,
    ),
    Figure(
        "l2_netlink_malformed_messages",
        "Messages left out because they could not be believed.",
        lambda tally: tally.malformed,
    ),
)
_FOLLOWING: tuple[Figure[Tally], ...] = (
    Figure(
        "l2_netlink_events",
        "Changes of a table that the kernel told of.",
        lambda tally: tally.events,
    ),
    Figure(
        "l2_netlink_overruns",
        "Times that the kernel dropped such changes for want of buffer; a new reading follows.",
        lambda tally: tally.overruns,
    ),
)
_FOLLOWED = "fdb"
"""The table that is kept current by events; the others are read at each scrape."""


class NetlinkCollector:
    """Readings of the kernel's tables, and of the FDB also the changes between them.

    A reading that the kernel marks as interrupted, since the table changed meanwhile, is begun
    anew a few times and then fails. A message that is cut off, or whose lengths lie, costs its
    own row. Changes that the kernel could not deliver (an overrun) are made up for by a new
    reading; until then l2_bridge_fdb_synchronized is 0.

    l2_netlink_dumps_total{table="fdb"} 12.0
    l2_netlink_dump_interruptions_total{table="fdb"} 0.0
    l2_netlink_dump_failures_total{table="fdb"} 0.0
    l2_netlink_malformed_messages_total{table="fdb"} 0.0
    l2_netlink_events_total{table="fdb"} 1204.0
    l2_netlink_overruns_total{table="fdb"} 0.0
    """

    def __init__(self, context: Context) -> None:
        self._tallies = context.kernel_side().tallies

    def collect(self) -> Iterable[Metric]:
        """Yield a sample for each table and figure."""
        tallies = self._tallies()
        rows = [((table,), tally) for table, tally in tallies.items()]
        for figure in _READING:
            yield figure.counter(_TABLE, rows)
        followed = [row for row in rows if row[0] == (_FOLLOWED,)]
        for figure in _FOLLOWING:
            yield figure.counter(_TABLE, followed)

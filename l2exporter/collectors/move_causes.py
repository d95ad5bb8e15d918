"""`move_causes`: why addresses moved."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import numpy as np
import numpy.typing as npt
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, Metric

from ..evidence.moves.causes import CAUSES
from ..evidence.moves.pending import UNKNOWN, Settled, Unjudged
from ..tables.columns import tally
from .base import Context

FAMILIES: Final = ("ipv4", "ipv6")

_LABELS = ["device", "vlan", "family"]


class MoveCausesCollector:
    """Moves of tracked addresses by cause, and those that wait for their verdict.

    A move is judged with all others of its address half a minute after the first of them; until
    then it is pending. What found no place to wait is `unknown` at once. Every cause of a segment
    and family is there once an address of the family was tracked on the segment at a scrape. What
    is pending on a VLAN that loses its place is gone with the VLAN's totals.

    l2_moves_by_cause_total{device="eth0",vlan="",family="ipv4",cause="sleep_proxy_hold"} 12.0
    l2_moves_pending{device="eth0",vlan="",family="ipv4"} 1.0
    """

    observes = (Settled, Unjudged)

    def __init__(self, context: Context) -> None:
        self._tables = context.tables
        self._pending = context.ledger.pending
        columns = context.tables.segments.columns
        width = len(FAMILIES) * len(CAUSES)
        self._counts: npt.NDArray[np.uint64] = columns.add(np.uint64, width)
        self._there: npt.NDArray[np.bool_] = columns.add(np.bool_, len(FAMILIES))

    def observe(self, event: Settled | Unjudged) -> Iterable[object]:
        """Count moves that have their verdict."""
        family = FAMILIES.index(event.family)
        self._there[event.segment, family] = True
        if isinstance(event, Settled):
            place = _place(family, event.cause)
            self._counts[event.segment, place] += np.uint64(event.count)
        else:
            tally(self._counts[:, _place(family, UNKNOWN)], event.segment)
        return ()

    def collect(self) -> Iterable[Metric]:
        """Yield the families; see the class for when a segment is in them."""
        with self._tables.lock:
            for family, table in enumerate((self._tables.addresses, self._tables.addresses6)):
                self._there[table.keys(table.rows())[0], family] = True
            labels = self._tables.segments.labels()
            rows = list(labels)
            there = self._there[rows].tolist()
            counts = self._counts[rows].tolist()
            size = len(self._counts)
            pending = [self._pending.waiting(name, size)[rows].tolist() for name in FAMILIES]
        causes = CounterMetricFamily(
            "l2_moves_by_cause", "Moves by what they were.", labels=[*_LABELS, "cause"]
        )
        waiting = GaugeMetricFamily(
            "l2_moves_pending", "Moves that it is not known of yet what they were.", labels=_LABELS
        )
        for at, row in enumerate(rows):
            for family, name in enumerate(FAMILIES):
                if there[at][family]:
                    label = [*labels[row], name]
                    waiting.add_metric(label, pending[family][at])
                    for cause in CAUSES:
                        causes.add_metric([*label, cause], counts[at][_place(family, cause)])
        yield from (causes, waiting)


def _place(family: int, cause: str) -> int:
    return family * len(CAUSES) + CAUSES.index(cause)

"""What `arp_moves` and `ndp_moves` have in common: addresses that change their MAC."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from prometheus_client.metrics_core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    InfoMetricFamily,
    Metric,
)

from ..evidence.moves.pending import UNKNOWN, Settled, Unjudged
from ..limits import MAC_PAIR_RATE
from ..tables.addresses import REFUSED, AddressTable, Rows
from ..tables.admission import TokenBucket
from ..tables.bindings import Moves, NdpMoves
from ..tables.columns import tally
from .base import Context, TrackedAddresses, mac

ADDRESS: Final = ("device", "vlan", "ip")
PENDING: Final = "pending"

Labels = list[list[str]]


class MoveCounts:
    """Moves of the addresses in one table; `prefix` begins the metrics' names."""

    def __init__(
        self, context: Context, addresses: AddressTable, family: str, prefix: str, packets: str
    ) -> None:
        self._tables = context.tables
        self._monotonic = context.monotonic
        self._addresses = addresses
        self._family = family
        self._prefix, self._packets = prefix, packets
        columns = addresses.columns
        self._moves = columns.add(np.uint64)
        self._flips = columns.add(np.uint64)
        self._time = columns.add(np.float64)
        self._pair = columns.add(np.uint64, 2)
        self._shown = columns.add(np.uint64, 2)
        self._cause = columns.add(np.uint8)
        self._causes = [PENDING]
        self._pairs = TokenBucket(columns.rows, MAC_PAIR_RATE)

    def moved(self, event: Moves | NdpMoves) -> None:
        """Count the moves; of several moves of an address in a batch the latest is the last."""
        tally(self._moves, event.row)
        tally(self._flips, event.row[event.flip_flop])
        self._time[event.row] = event.time
        self._pair[event.row, 0] = event.from_mac
        self._pair[event.row, 1] = event.to_mac
        self._cause[event.row] = 0

    def settled(self, event: Settled) -> None:
        """Take in the cause of moves, if the last one of their address is among them."""
        if event.family != self._family:
            return
        row = self._addresses.find(event.segment, event.ip)
        if row == REFUSED or self._time[row] > event.time:
            return
        if (event.from_mac, event.to_mac) == tuple(self._pair[row].tolist()):
            self._cause[row] = self._number(event.cause)

    def unjudged(self, event: Unjudged) -> None:
        """Take in that moves will not be judged."""
        if event.family == self._family:
            self._cause[event.row] = self._number(UNKNOWN)

    def _number(self, cause: str) -> int:
        """Return what stands for `cause`, of which there are but a few, in the column."""
        if cause not in self._causes:
            self._causes.append(cause)
        return self._causes.index(cause)

    def collect(self) -> Iterable[Metric]:
        """Yield the families: moves of each tracked address, the rest of those that have moved."""
        with self._tables.lock:
            tracked = TrackedAddresses.of(self._tables, self._addresses)
            moves = self._moves[tracked.rows].tolist()
            moved = np.flatnonzero(self._moves[tracked.rows])
            rows = tracked.rows[moved]
            flips, times = self._flips[rows].tolist(), self._time[rows].tolist()
            shown = self._show(rows)
            pairs, causes = self._pair[rows[shown]].tolist(), self._cause[rows[shown]].tolist()
        labels = tracked.labels()
        yield self.counter(
            "moves",
            f"Moves: {self._packets} that bind a known address to another MAC.",
            labels,
            moves,
        )
        labels = [labels[i] for i in moved.tolist()]
        yield self.counter("flip_flops", "Moves back to the MAC held just before.", labels, flips)
        last = GaugeMetricFamily(
            f"{self._prefix}_last_move_timestamp_seconds",
            "When the address last moved.",
            labels=ADDRESS,
        )
        for label, time in zip(labels, times, strict=True):
            last.add_metric(label, time)
        yield last
        yield self._infos([labels[i] for i in np.flatnonzero(shown)], pairs, causes)
        yield GaugeMetricFamily(
            f"{self._prefix}_last_move_info_withheld",
            "Addresses whose MACs are not shown: they change faster than series may be made.",
            value=len(shown) - len(pairs),
        )

    def _show(self, rows: Rows) -> npt.NDArray[np.bool_]:
        """Tell for which of `rows` the MACs may be shown; a pair not shown before takes a token.

        The same two MACs the other way round take none: a flip-flop makes two series at most, and
        one more of each for every cause that it turns out to have.
        """
        pair, shown = self._pair[rows], self._shown[rows]
        known: npt.NDArray[Any] = (pair == shown).all(axis=1) | (pair == shown[:, ::-1]).all(axis=1)
        changed = np.flatnonzero(~known)
        granted = changed[: self._pairs.take(len(changed), self._monotonic())]
        self._shown[rows[granted]] = pair[granted]
        known[granted] = True
        return known

    def counter(self, name: str, text: str, labels: Labels, values: list[int]) -> Metric:
        """Return a family of counters of addresses."""
        family = CounterMetricFamily(f"{self._prefix}_{name}", text, labels=ADDRESS)
        for label, value in zip(labels, values, strict=True):
            family.add_metric(label, value)
        return family

    def _infos(self, labels: Labels, pairs: list[list[int]], causes: list[int]) -> Metric:
        family = InfoMetricFamily(
            f"{self._prefix}_last_move",
            "The MACs of the address's last move, and why it moved.",
            labels=ADDRESS,
        )
        for label, (from_mac, to_mac), cause in zip(labels, pairs, causes, strict=True):
            macs = {"from_mac": mac(from_mac), "to_mac": mac(to_mac)}
            family.add_metric(label, {**macs, "cause": self._causes[cause]})
        return family

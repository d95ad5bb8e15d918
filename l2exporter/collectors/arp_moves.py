"""`arp_moves`: addresses that change their MAC, and the last time each did."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import numpy.typing as npt
from prometheus_client.metrics_core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    InfoMetricFamily,
    Metric,
)

from ..limits import MAC_PAIR_RATE
from ..tables.addresses import Rows
from ..tables.admission import TokenBucket
from ..tables.bindings import Moves
from ..tables.columns import tally
from .base import Context, TrackedAddresses, mac

_ADDRESS = ["device", "vlan", "ip"]


class ArpMovesCollector:
    """Moves of every tracked address from its first sight on; the rest once it has moved.

    An ARP packet of any operation binds its sender's address to its sender's MAC; 0.0.0.0 is
    bound to nothing. A packet that binds a known address to another MAC is a move, and one back
    to the MAC held just before that a flip-flop too. The first sight is no move. An address that
    was evicted and returns begins anew. MACs that change faster than series may be made are
    withheld from l2_arp_last_move_info until there is room.

    l2_arp_moves_total{device="eth0",vlan="",ip="192.0.2.7"} 2.0
    l2_arp_flip_flops_total{device="eth0",vlan="",ip="192.0.2.7"} 1.0
    l2_arp_last_move_timestamp_seconds{device="eth0",vlan="",ip="192.0.2.7"} 1288260794.0
    l2_arp_last_move_info{device="eth0",vlan="",ip="192.0.2.7",
        from_mac="02:00:00:00:00:02",to_mac="02:00:00:00:00:01"} 1.0
    l2_arp_last_move_info_withheld 0.0
    """

    observes = Moves

    def __init__(self, context: Context) -> None:
        self._tables = context.tables
        self._monotonic = context.monotonic
        columns = context.tables.addresses.columns
        self._moves = columns.add(np.uint64)
        self._flips = columns.add(np.uint64)
        self._time = columns.add(np.float64)
        self._pair = columns.add(np.uint64, 2)
        self._shown = columns.add(np.uint64, 2)
        self._pairs = TokenBucket(columns.rows, MAC_PAIR_RATE)

    def observe(self, event: Moves) -> Iterable[object]:
        """Count the moves; of several moves of an address in a batch the latest is the last."""
        tally(self._moves, event.row)
        tally(self._flips, event.row[event.flip_flop])
        self._time[event.row] = event.time
        self._pair[event.row, 0] = event.from_mac
        self._pair[event.row, 1] = event.to_mac
        return ()

    def collect(self) -> Iterable[Metric]:
        """Yield the families; see the class for what each address has."""
        with self._tables.lock:
            tracked = TrackedAddresses.of(self._tables)
            rows = tracked.rows
            moves = self._moves[rows].tolist()
            moved = np.flatnonzero(self._moves[rows])
            flips = self._flips[rows[moved]].tolist()
            times = self._time[rows[moved]].tolist()
            pairs = self._pair[rows[moved]].tolist()
            shown = self._show(rows[moved]).tolist()
        labels = tracked.labels()
        yield _counter(
            "l2_arp_moves",
            "Moves: packets that bind a known address to another MAC.",
            labels,
            moves,
        )
        labels = [labels[i] for i in moved.tolist()]
        yield _counter(
            "l2_arp_flip_flops", "Moves back to the MAC held just before.", labels, flips
        )
        last = GaugeMetricFamily(
            "l2_arp_last_move_timestamp_seconds", "When the address last moved.", labels=_ADDRESS
        )
        for label, time in zip(labels, times, strict=True):
            last.add_metric(label, time)
        yield last
        yield _pairs(labels, pairs, shown)
        yield GaugeMetricFamily(
            "l2_arp_last_move_info_withheld",
            "Addresses whose MACs are not shown: they change faster than series may be made.",
            value=len(shown) - sum(shown),
        )

    def _show(self, rows: Rows) -> npt.NDArray[np.bool_]:
        """Tell for which of `rows` the MACs may be shown; a pair not shown before takes a token.

        The same two MACs the other way round take none: a flip-flop makes two series at most.
        """
        pair, shown = self._pair[rows], self._shown[rows]
        known: npt.NDArray[Any] = (pair == shown).all(axis=1) | (pair == shown[:, ::-1]).all(axis=1)
        changed = np.flatnonzero(~known)
        granted = changed[: self._pairs.take(len(changed), self._monotonic())]
        self._shown[rows[granted]] = pair[granted]
        known[granted] = True
        return known


def _counter(name: str, text: str, labels: list[list[str]], values: list[int]) -> Metric:
    family = CounterMetricFamily(name, text, labels=_ADDRESS)
    for label, value in zip(labels, values, strict=True):
        family.add_metric(label, value)
    return family


def _pairs(labels: list[list[str]], pairs: list[list[int]], shown: list[bool]) -> Metric:
    family = InfoMetricFamily(
        "l2_arp_last_move", "The MACs of the address's last move.", labels=_ADDRESS
    )
    for label, (from_mac, to_mac), show in zip(labels, pairs, shown, strict=True):
        if show:
            family.add_metric(label, {"from_mac": mac(from_mac), "to_mac": mac(to_mac)})
    return family

"""`ndp_moves`: IPv6 addresses that change their MAC, and the last time each did."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from prometheus_client.metrics_core import Metric

from ..dissect.ndp import NEIGHBOR_ADVERTISEMENT_UNSOLICITED
from ..evidence.moves.pending import Settled, Unjudged
from ..tables.addresses import REFUSED
from ..tables.bindings import NdpMoves, NdpSightings
from ..tables.columns import tally
from .base import Context, TrackedAddresses
from .moves import MoveCounts


class NdpMovesCollector:
    """Moves and overrides of every tracked address from its first sight on; the rest once it moved.

    A neighbour advertisement with a link-layer address binds its target to it, a neighbour
    solicitation with one its source; other messages bind nothing. Moves, flip-flops and what is
    shown of the last move are those of `arp_moves`. An override is an unsolicited advertisement
    that tells everyone to forget what they knew of the address (RFC 4861, 4.4, the O flag), as a
    host sends it that has a new MAC, or one that takes over an address; this host's own are left
    out.

    l2_ndp_moves_total{device="eth0",vlan="",ip="2001:db8::7"} 2.0
    l2_ndp_flip_flops_total{device="eth0",vlan="",ip="2001:db8::7"} 1.0
    l2_ndp_overrides_total{device="eth0",vlan="",ip="2001:db8::7"} 2.0
    l2_ndp_last_move_timestamp_seconds{device="eth0",vlan="",ip="2001:db8::7"} 1288260794.0
    l2_ndp_last_move_info{device="eth0",vlan="",ip="2001:db8::7",
        from_mac="02:00:00:00:00:02",to_mac="02:00:00:00:00:01",cause="pending"} 1.0
    l2_ndp_last_move_info_withheld 0.0
    """

    observes = (NdpSightings, NdpMoves, Settled, Unjudged)

    def __init__(self, context: Context) -> None:
        self._tables = context.tables
        addresses = context.tables.addresses6
        self._counts = MoveCounts(context, addresses, "ipv6", "l2_ndp", "messages")
        self._overrides = addresses.columns.add(np.uint64)

    def observe(self, event: NdpSightings | NdpMoves | Settled | Unjudged) -> Iterable[object]:
        """Count moves and overrides, or take in what moves were."""
        if isinstance(event, Settled):
            self._counts.settled(event)
        elif isinstance(event, Unjudged):
            self._counts.unjudged(event)
        elif isinstance(event, NdpMoves):
            self._counts.moved(event)
        else:
            packets = event.packets
            override = packets.override & (packets.type == NEIGHBOR_ADVERTISEMENT_UNSOLICITED)
            tally(self._overrides, event.row[override & ~packets.sent & (event.row != REFUSED)])
        return ()

    def collect(self) -> Iterable[Metric]:
        """Yield the families; see the class for what each address has."""
        yield from self._counts.collect()
        with self._tables.lock:
            tracked = TrackedAddresses.of(self._tables, self._tables.addresses6)
            overrides = self._overrides[tracked.rows].tolist()
        yield self._counts.counter(
            "overrides",
            "Unsolicited advertisements received that override what is known of the address.",
            tracked.labels(),
            overrides,
        )

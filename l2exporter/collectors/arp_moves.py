"""`arp_moves`: addresses that change their MAC, and the last time each did."""

from __future__ import annotations

from collections.abc import Iterable

from prometheus_client.metrics_core import Metric

from ..evidence.moves.pending import Settled, Unjudged
from ..tables.bindings import Moves
from .base import Context
from .moves import MoveCounts


class ArpMovesCollector:
    """Moves of every tracked address from its first sight on; the rest once it has moved.

    An ARP packet of any operation binds its sender's address to its sender's MAC; 0.0.0.0 is
    bound to nothing. A packet that binds a known address to another MAC is a move, and one back
    to the MAC held just before that a flip-flop too. The first sight is no move. An address that
    was evicted and returns begins anew. MACs that change faster than series may be made are
    withheld from l2_arp_last_move_info until there is room. Its cause is `pending` until what
    came before and after the move has told it: see l2_moves_by_cause_total.

    l2_arp_moves_total{device="eth0",vlan="",ip="192.0.2.7"} 2.0
    l2_arp_flip_flops_total{device="eth0",vlan="",ip="192.0.2.7"} 1.0
    l2_arp_last_move_timestamp_seconds{device="eth0",vlan="",ip="192.0.2.7"} 1288260794.0
    l2_arp_last_move_info{device="eth0",vlan="",ip="192.0.2.7",
        from_mac="02:00:00:00:00:02",to_mac="02:00:00:00:00:01",cause="pending"} 1.0
    l2_arp_last_move_info_withheld 0.0
    """

    observes = (Moves, Settled, Unjudged)

    def __init__(self, context: Context) -> None:
        addresses = context.tables.addresses
        self._counts = MoveCounts(context, addresses, "ipv4", "l2_arp", "packets")

    def observe(self, event: Moves | Settled | Unjudged) -> Iterable[object]:
        """Count moves, or take in what they were."""
        if isinstance(event, Settled):
            self._counts.settled(event)
        elif isinstance(event, Unjudged):
            self._counts.unjudged(event)
        else:
            self._counts.moved(event)
        return ()

    def collect(self) -> Iterable[Metric]:
        """Yield the families; see the class for what each address has."""
        return self._counts.collect()

"""`arp`: ARP packets by type, and the odd ones among them."""

from __future__ import annotations

from collections.abc import Iterable

from prometheus_client.metrics_core import Metric

from ..dissect.arp import TYPES
from ..tables.bindings import Sightings
from .base import Context
from .packets import PacketCounts


class ArpCollector:
    """Packets of others by type, this host's own by type, and anomalies.

    Every ARP packet that is not malformed counts once, whether its sender is tracked or not. It
    has one type: `probe` (request from 0.0.0.0), `announcement` (request, sender = target),
    `gratuitous_reply` (reply, sender = target), `request`, `reply`, or `other`. All types of a
    segment are there from its first packet on. An anomaly is a packet like any other, whose
    sender hardware address is not the Ethernet source (`source_mismatch`) or is a group address
    (`multicast_sender`, as of network load balancing); this host's own are none.

    l2_arp_packets_total{device="eth0",vlan="",type="announcement"} 3.0
    l2_arp_packets_sent_total{device="eth0",vlan="",type="reply"} 7.0
    l2_arp_anomalies_total{device="eth0",vlan="",kind="source_mismatch"} 1.0
    """

    observes = Sightings

    def __init__(self, context: Context) -> None:
        self._counts = PacketCounts(
            context.tables, TYPES, "l2_arp", "ARP packets", "sender hardware address"
        )

    def observe(self, event: Sightings) -> Iterable[object]:
        """Count the packets."""
        self._counts.count(event, event.packets.sender_mac)
        return ()

    def collect(self) -> Iterable[Metric]:
        """Yield one sample for each segment seen and type, from zero on."""
        return self._counts.collect()

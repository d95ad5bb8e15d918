"""`ndp`: neighbour discovery messages by type, and the odd ones among them."""

from __future__ import annotations

from collections.abc import Iterable

from prometheus_client.metrics_core import Metric

from ..dissect.ndp import TYPES
from ..tables.bindings import NdpSightings
from .base import Context
from .packets import PacketCounts


class NdpCollector:
    """Messages of others by type, this host's own by type, and anomalies.

    Every message that is not malformed counts once, whether its address is tracked or not. It has
    one type: `neighbor_solicitation`, `duplicate_address_detection` (a solicitation from ::),
    `neighbor_advertisement_solicited` and `neighbor_advertisement_unsolicited` (by the S flag),
    `router_solicitation`, `router_advertisement` or `redirect`. All types of a segment are there
    from its first packet on. An anomaly is a message like any other, whose link-layer address
    option is not the Ethernet source (`source_mismatch`, as from a proxy that answers for others
    with their own MAC) or is a group address (`multicast_sender`); this host's own are none.

    l2_ndp_packets_total{device="eth0",vlan="",type="neighbor_solicitation"} 3.0
    l2_ndp_packets_sent_total{device="eth0",vlan="",type="router_solicitation"} 1.0
    l2_ndp_anomalies_total{device="eth0",vlan="",kind="source_mismatch"} 1.0
    """

    observes = NdpSightings

    def __init__(self, context: Context) -> None:
        self._counts = PacketCounts(
            context.tables,
            TYPES,
            "l2_ndp",
            "Neighbour discovery messages",
            "link-layer address option",
        )

    def observe(self, event: NdpSightings) -> Iterable[object]:
        """Count the messages."""
        self._counts.count(event, event.packets.mac)
        return ()

    def collect(self) -> Iterable[Metric]:
        """Yield one sample for each segment seen and type, from zero on."""
        return self._counts.collect()

"""`arp`: ARP packets by type, and the odd ones among them."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from prometheus_client.metrics_core import CounterMetricFamily, Metric

from ..dissect.arp import MAC_GROUP_BIT, TYPES
from ..tables.bindings import Sightings
from .base import Context

ANOMALIES = ("source_mismatch", "multicast_sender")


class ArpCollector:
    """Packets of others by type, this host's own by type, and anomalies.

    l2_arp_packets_total{device="eth0",vlan="",type="announcement"} 3.0
    l2_arp_packets_sent_total{device="eth0",vlan="",type="reply"} 7.0
    l2_arp_anomalies_total{device="eth0",vlan="",kind="source_mismatch"} 1.0
    """

    observes = Sightings

    def __init__(self, context: Context) -> None:
        self._tables = context.tables
        columns = context.tables.segments.columns
        self._received = columns.add(np.uint64, len(TYPES))
        self._sent = columns.add(np.uint64, len(TYPES))
        self._anomalies = columns.add(np.uint64, len(ANOMALIES))

    def observe(self, event: Sightings) -> Iterable[object]:
        """Count each packet once, as received or as sent; anomalies of received ones only."""
        packets, segment = event.packets, event.segment
        received = ~packets.sent
        if received.all():
            np.add.at(self._received, (segment, packets.type), 1)
        else:
            sent = packets.sent
            np.add.at(self._sent, (segment[sent], packets.type[sent]), 1)
            np.add.at(self._received, (segment[received], packets.type[received]), 1)
        mismatch = (packets.source != packets.sender_mac) & received
        multicast = (packets.sender_mac & np.uint64(MAC_GROUP_BIT) != 0) & received
        for kind, rows in enumerate((mismatch, multicast)):
            if rows.any():
                np.add.at(self._anomalies, (segment[rows], kind), 1)
        return ()

    def collect(self) -> Iterable[Metric]:
        """Yield one sample for each segment seen and type, from zero on."""
        with self._tables.lock:
            labels = self._tables.segments.labels()
            rows = list(labels)
            received = self._received[rows].tolist()
            sent = self._sent[rows].tolist()
            anomalies = self._anomalies[rows].tolist()
        for name, text, label, values, counts in (
            ("l2_arp_packets", "ARP packets received, by type.", "type", TYPES, received),
            (
                "l2_arp_packets_sent",
                "ARP packets sent by this host or forwarded through it, by type.",
                "type",
                TYPES,
                sent,
            ),
            (
                "l2_arp_anomalies",
                "ARP packets received whose sender hardware address is odd.",
                "kind",
                ANOMALIES,
                anomalies,
            ),
        ):
            family = CounterMetricFamily(name, text, labels=["device", "vlan", label])
            for row, figures in zip(rows, counts, strict=True):
                for value, figure in zip(values, figures, strict=True):
                    family.add_metric([*labels[row], value], figure)
            yield family

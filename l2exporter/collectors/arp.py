"""`arp`: ARP packets by type, and the odd ones among them."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt
from prometheus_client.metrics_core import CounterMetricFamily, Metric

from ..dissect.arp import MAC_GROUP_BIT, TYPES, Types
from ..dissect.frames import Flags
from ..tables.addresses import Rows
from ..tables.bindings import Sightings
from ..tables.columns import tally
from .base import Context

Counts = npt.NDArray[np.uint64]

ANOMALIES = ("source_mismatch", "multicast_sender")
SOURCE_MISMATCH, MULTICAST_SENDER = (np.uint8(kind) for kind in range(len(ANOMALIES)))


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
        self._tables = context.tables
        columns = context.tables.segments.columns
        self._received = columns.add(np.uint64, len(TYPES))
        self._sent = columns.add(np.uint64, len(TYPES))
        self._anomalies = columns.add(np.uint64, len(ANOMALIES))

    def observe(self, event: Sightings) -> Iterable[object]:
        """Count each packet once, as received or as sent; anomalies of received ones only."""
        packets, segment = event.packets, event.segment
        received = ~packets.sent
        mismatch = (packets.source != packets.sender_mac) & received
        multicast = (packets.sender_mac & np.uint64(MAC_GROUP_BIT) != 0) & received
        _tally(self._received, segment, packets.type, received)
        _tally(self._sent, segment, packets.type, packets.sent)
        _tally(self._anomalies, segment, SOURCE_MISMATCH, mismatch)
        _tally(self._anomalies, segment, MULTICAST_SENDER, multicast)
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


def _tally(table: Counts, segment: Rows, kind: Types | np.uint8, which: Flags) -> None:
    """Count one for each of `which`, in its segment's row and its kind's column."""
    if not which.any():
        return
    places = segment * table.shape[1] + kind
    tally(table.reshape(-1), places if which.all() else places[which])

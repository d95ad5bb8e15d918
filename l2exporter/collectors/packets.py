"""What `arp` and `ndp` have in common: packets by type, and the odd ones among them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

import numpy as np
from prometheus_client.metrics_core import CounterMetricFamily, Metric

from ..dissect.arp import MAC_GROUP_BIT, Macs, Types
from ..dissect.frames import Flags
from ..tables.addresses import Rows
from ..tables.bindings import NdpSightings, Sightings
from ..tables.columns import tally
from ..tables.state import Tables

ANOMALIES: Final = ("source_mismatch", "multicast_sender")
SOURCE_MISMATCH, MULTICAST_SENDER = (np.uint8(kind) for kind in range(len(ANOMALIES)))


class PacketCounts:
    """Packets of others by type, this host's own by type, and anomalies, by segment.

    `prefix` begins the metrics' names, `packets` their descriptions, `address` is what can be odd.
    """

    def __init__(
        self, tables: Tables, types: Sequence[str], prefix: str, packets: str, address: str
    ) -> None:
        self._tables = tables
        self._types = types
        self._prefix, self._packets, self._address = prefix, packets, address
        columns = tables.segments.columns
        self._received = columns.add(np.uint64, len(types))
        self._sent = columns.add(np.uint64, len(types))
        self._anomalies = columns.add(np.uint64, len(ANOMALIES))

    def count(self, event: Sightings | NdpSightings, mac: Macs) -> None:
        """Count each packet once, as received or as sent; anomalies of received ones only.

        `mac` is what each says of its sender, 0 where it says nothing.
        """
        packets, segment = event.packets, event.segment
        received = ~packets.sent
        mismatch = (packets.source != mac) & (mac != 0) & received
        multicast = (mac & np.uint64(MAC_GROUP_BIT) != 0) & received
        _tally(self._received, segment, packets.type, received)
        _tally(self._sent, segment, packets.type, packets.sent)
        _tally(self._anomalies, segment, SOURCE_MISMATCH, mismatch)
        _tally(self._anomalies, segment, MULTICAST_SENDER, multicast)

    def collect(self) -> Iterable[Metric]:
        """Yield one sample for each segment seen and type, from zero on."""
        with self._tables.lock:
            labels = self._tables.segments.labels()
            rows = list(labels)
            received = self._received[rows].tolist()
            sent = self._sent[rows].tolist()
            anomalies = self._anomalies[rows].tolist()
        for suffix, text, label, values, counts in (
            ("packets", "received, by type.", "type", self._types, received),
            (
                "packets_sent",
                "sent by this host or forwarded through it, by type.",
                "type",
                self._types,
                sent,
            ),
            ("anomalies", f"received whose {self._address} is odd.", "kind", ANOMALIES, anomalies),
        ):
            name, labelnames = f"{self._prefix}_{suffix}", ["device", "vlan", label]
            family = CounterMetricFamily(name, f"{self._packets} {text}", labels=labelnames)
            for row, figures in zip(rows, counts, strict=True):
                for value, figure in zip(values, figures, strict=True):
                    family.add_metric([*labels[row], value], figure)
            yield family


def _tally(table: Macs, segment: Rows, kind: Types | np.uint8, which: Flags) -> None:
    """Count one for each of `which`, in its segment's row and its kind's column."""
    if not which.any():
        return
    places = segment * table.shape[1] + kind
    tally(table.reshape(-1), places if which.all() else places[which])

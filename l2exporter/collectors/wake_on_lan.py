"""`wake_on_lan`: magic packets."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from prometheus_client.metrics_core import Metric

from ..dissect.wake_on_lan import MagicPacket
from ..evidence.seen import Seen
from .base import Context
from .counters import of_segments


class WakeOnLanCollector:
    """Wake-on-LAN packets of either form (ethertype 0x0842, UDP ports 7 and 9), whoever sends them.

    Every packet counts: a sleep proxy sends up to fifteen for one wake.

    l2_wake_on_lan_packets_total{device="eth0",vlan=""} 3.0
    """

    observes = Seen

    def __init__(self, context: Context) -> None:
        self._tables = context.tables
        self._count = context.tables.segments.columns.add(np.uint64)

    def observe(self, event: Seen) -> Iterable[object]:
        """Count magic packets among what is dissected."""
        if isinstance(event.message, MagicPacket):
            self._count[event.segment] += np.uint64(1)
        return ()

    def collect(self) -> Iterable[Metric]:
        """Yield one sample for each segment seen, from zero on."""
        yield of_segments(
            self._tables,
            self._count,
            "l2_wake_on_lan_packets",
            "Wake-on-LAN magic packets.",
        )

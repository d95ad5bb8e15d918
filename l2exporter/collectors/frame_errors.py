"""`frame_errors`: frames that could not be believed, by reason."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from prometheus_client.metrics_core import CounterMetricFamily, Metric

from ..dissect import arp, ethernet, ndp, slow
from .base import Context, Malformed

FAULTS = [
    *(("ethernet", reason) for reason in ethernet.REASONS),
    *(("arp", reason) for reason in arp.REASONS),
    *(("ndp", reason) for reason in ndp.REASONS),
    *((protocol, reason) for protocol, reasons in slow.REASONS.items() for reason in reasons),
]
ALWAYS = ("ethernet", "arp", "ndp")


class FrameErrorsCollector:
    """Malformed frames of each device.

    Of the fast lane's protocols (`ethernet`, `arp`, `ndp`) every reason is there from zero on; of
    those that are dissected one by one a protocol's reasons are, once one of them was found.

    A frame counts once in each lane that takes it, under the first fault found there: both tell
    what is wrong with a router advertisement, as `ndp` and as `router_advertisement`. It counts
    nowhere else but in l2_capture_frames_total and l2_slow_packets_total. A frame longer than
    1,982 bytes (of a jumbo MTU) is cut, and then `truncated` of the protocol `datagram`.

    l2_frame_errors_total{device="eth0",protocol="arp",reason="truncated"} 1.0
    """

    observes = Malformed

    def __init__(self, context: Context) -> None:
        self._tables = context.tables
        self._counts = context.tables.segments.device_columns.add(np.uint64, len(FAULTS))

    def observe(self, event: Malformed) -> Iterable[object]:
        """Add up the reasons of one batch."""
        for reason, count in event.reasons.items():
            self._counts[event.device, FAULTS.index((event.protocol, reason))] += np.uint64(count)
        return ()

    def collect(self) -> Iterable[Metric]:
        """Yield one sample for each device, protocol and reason."""
        with self._tables.lock:
            names = self._tables.segments.device_names()
            counts = self._counts[list(names)].tolist()
        family = CounterMetricFamily(
            "l2_frame_errors",
            "Malformed frames, by protocol and reason.",
            labels=["device", "protocol", "reason"],
        )
        for name, figures in zip(names.values(), counts, strict=True):
            found = {fault[0] for fault, figure in zip(FAULTS, figures, strict=True) if figure}
            for fault, figure in zip(FAULTS, figures, strict=True):
                if fault[0] in ALWAYS or fault[0] in found:
                    family.add_metric([name, *fault], figure)
        yield family

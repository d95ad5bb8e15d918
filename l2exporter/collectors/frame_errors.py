"""`frame_errors`: frames that could not be believed, by reason."""

from __future__ import annotations

from collections.abc import Iterable

from prometheus_client.metrics_core import Metric

from ..dissect import arp, ethernet, ndp, slow
from .base import Context, Malformed
from .counters import DeviceCounts

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
        self._counts = DeviceCounts(context.tables, FAULTS, ALWAYS)

    def observe(self, event: Malformed) -> Iterable[object]:
        """Add up the reasons of one batch."""
        for reason, count in event.reasons.items():
            self._counts.add(event.device, (event.protocol, reason), count)
        return ()

    def collect(self) -> Iterable[Metric]:
        """Yield one sample for each device, protocol and reason."""
        yield self._counts.family(
            "l2_frame_errors", "Malformed frames, by protocol and reason.", "reason"
        )

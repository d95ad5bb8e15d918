"""`capture`: what the lanes took off the wire, and what the kernel dropped before them."""

from __future__ import annotations

from collections.abc import Iterable

from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, Metric

from .base import Context


class CaptureCollector:
    """Frames handled and dropped, whether the capture stands, how full its ring gets.

    What a lane cannot know is absent: a capture file (lane `file`) has no ring, a device that is
    gone is neither up nor down.

    l2_capture_up{device="eth0"} 1.0
    l2_capture_frames_total{device="eth0",lane="fast"} 1204.0
    l2_capture_drops_total{device="eth0",lane="fast"} 0.0
    l2_capture_ring_used_ratio{device="eth0",lane="fast"} 0.02
    """

    def __init__(self, context: Context) -> None:
        self._lanes = context.lanes

    def collect(self) -> Iterable[Metric]:
        """Yield the families, a sample for each device or for each device and lane."""
        lane_labels = ["device", "lane"]
        up = GaugeMetricFamily(
            "l2_capture_up",
            "Whether frames are being captured; 0 without CAP_NET_RAW or while the device is down.",
            labels=["device"],
        )
        frames = CounterMetricFamily(
            "l2_capture_frames", "Frames taken from the lane and handled.", labels=lane_labels
        )
        drops = CounterMetricFamily(
            "l2_capture_drops",
            "Frames that the kernel dropped because the lane's ring was full.",
            labels=lane_labels,
        )
        used = GaugeMetricFamily(
            "l2_capture_ring_used_ratio",
            "Highest share of the lane's ring found full within the last two minutes.",
            labels=lane_labels,
        )
        states: dict[str, bool] = {}
        for lane in self._lanes():
            if lane.up is not None:
                states[lane.device] = lane.up
            for family, value in ((frames, lane.frames), (drops, lane.drops), (used, lane.used)):
                if value is not None:
                    family.add_metric([lane.device, lane.lane], value)
        for device, state in states.items():
            up.add_metric([device], state)
        yield from (up, frames, drops, used)

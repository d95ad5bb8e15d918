"""`unknown_unicast`: unicast frames that went where nobody waited for them."""

from __future__ import annotations

from collections.abc import Iterable

from prometheus_client.metrics_core import CounterMetricFamily, Metric

from .base import Context


class UnknownUnicastCollector:
    """Frames that a switch or bridge flooded because it did not know their destination's port.

    On a captured device (--capture.unknown-unicast): frames that came in for MACs that are neither
    the device's own nor those of devices stacked on it (macvlans of containers included). Not on a
    bridge, a port of a bridge or bond, or what carries one: there, frames for others are ordinary.
    So they are on a mirror port, which is counted all the same.

    On a bridge's port to a guest (--capture.guest-unknown-unicast): frames sent out to it for MACs
    not seen behind it since the exporter started, or the port joined its bridge. That includes
    those for the guest itself until it has sent its first frame, as the bridge floods these. For
    up to a tenth of a second after that, and after its MAC has moved to the port, frames for it
    count although they are no flood: one or two when a guest starts, up to all of them while a MAC
    moves back and forth without end (see l2_bridge_fdb_moves_total). A port with too many MACs
    behind it is not counted.

    Multicast and broadcast are never counted. A burst of TCP that the kernel handles as one frame
    counts as one. A device that cannot be counted has no sample; the log tells why.

    l2_unknown_unicast_frames_total{device="vnet3"} 17.0
    """

    def __init__(self, context: Context) -> None:
        self._floods = context.kernel_side().floods

    def collect(self) -> Iterable[Metric]:
        """Yield one sample for each device that is counted."""
        family = CounterMetricFamily(
            "l2_unknown_unicast_frames",
            "Unicast frames for others, flooded to this device.",
            labels=["device"],
        )
        for status in self._floods():
            if status.frames is not None:
                family.add_metric([status.device], status.frames)
        yield family

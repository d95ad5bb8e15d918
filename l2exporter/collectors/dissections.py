"""`dissections`: what became of the packets that are dissected one by one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from prometheus_client.metrics_core import Metric

from ..dissect.slow import PROTOCOLS, RESULTS
from .base import Context
from .counters import DeviceCounts

PLACES = [
    *(("ethernet", "malformed"), ("datagram", "malformed"), ("unknown", "passed_over")),
    *((protocol, result) for protocol in PROTOCOLS for result in RESULTS),
]


@dataclass(frozen=True, slots=True)
class Dissections:
    """Packets of one device's slow lane by (protocol, result)."""

    device: int
    results: Mapping[tuple[str, str], int]


class DissectionsCollector:
    """Packets of the slow lane by protocol, each under one result.

    `dissected`: read whole. `passed_over`: a look at it told that nothing in it matters here, as of
    most multicast DNS. `skipped`: it might have mattered, but the CPU time for dissection was used
    up, or its sender's share of it. `malformed`: see l2_frame_errors_total. Protocol `datagram` is
    a packet whose IP or UDP header cannot be believed, `ethernet` one whose VLAN tags cannot,
    `unknown` one that only looked like one of these protocols. All results of a protocol are there
    from its first packet on.

    l2_slow_packets_total{device="eth0",protocol="mdns",result="dissected"} 12.0
    """

    observes = Dissections

    def __init__(self, context: Context) -> None:
        self._counts = DeviceCounts(context.tables, PLACES)

    def observe(self, event: Dissections) -> Iterable[object]:
        """Add up the results of one batch."""
        for place, count in event.results.items():
            self._counts.add(event.device, place, count)
        return ()

    def collect(self) -> Iterable[Metric]:
        """Yield one sample for each device, protocol seen on it, and result."""
        yield self._counts.family(
            "l2_slow_packets",
            "Packets that are dissected one by one, by protocol and what became of them.",
            "result",
        )

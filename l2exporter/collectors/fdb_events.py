"""`fdb_events`: what bridges learned, forgot and saw move, as the kernel told of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from prometheus_client.metrics_core import CounterMetricFamily, Metric

from ..tables.fdb_events import EVENTS
from .base import Context, mac
from .fdb import vlan_label

_NONE: Final = dict.fromkeys(EVENTS, 0)


class FdbEventsCollector:
    """Changes of each bridge's FDB since the exporter started, or since the bridge was made.

    `learned`: a MAC not known in its VLAN was seen. `moved`: a known one was seen behind another
    port. `aged_out`: one was forgotten since it was not seen for the ageing time, and
    `aged_out_in_demand`, which is counted apart, when frames were still being sent to it: from
    then on they are flooded. `flushed`: one was forgotten before its time, as when a port goes
    down. `added` and `removed` are of entries that are not learned: local and static ones.
    All of them are there for every bridge.

    Moves of single MACs are shown for some that move now, from their first move on. What changes
    while events are lost (l2_netlink_overruns_total) is not counted.

    l2_bridge_fdb_events_total{bridge="br0",event="learned"} 12.0
    l2_bridge_fdb_moves_total{bridge="br0",vlan=""} 1.0
    l2_bridge_fdb_mac_moves_total{bridge="br0",vlan="",mac="02:00:00:00:00:0a"} 1.0
    """

    def __init__(self, context: Context) -> None:
        self._kernel = context.kernel_side()

    def collect(self) -> Iterable[Metric]:
        """Yield the families; the FDB's lock is held only while figures are copied out."""
        self._kernel.catch_up()
        links, forwarding = self._kernel.links(), self._kernel.forwarding
        with forwarding.lock:
            events, moves, moving = forwarding.events(), forwarding.moves(), forwarding.moving()
        names = {index: link.name for index, link in links.items() if link.kind == "bridge"}
        if forwarding.dumped_at is not None:
            yield _events(events, names)
            yield _moves(moves, names)
            yield _moving(moving, names)


def _events(events: Mapping[int, Mapping[str, int]], names: Mapping[int, str]) -> Metric:
    family = CounterMetricFamily(
        "l2_bridge_fdb_events", "Changes of a bridge's FDB.", labels=["bridge", "event"]
    )
    for bridge, name in names.items():
        counts = events.get(bridge, _NONE)
        for event in EVENTS:
            family.add_metric([name, event], counts[event])
    return family


def _moves(moves: Mapping[tuple[int, int], int], names: Mapping[int, str]) -> Metric:
    family = CounterMetricFamily(
        "l2_bridge_fdb_moves",
        "MACs seen behind another port than before.",
        labels=["bridge", "vlan"],
    )
    for (bridge, vid), count in moves.items():
        if bridge in names:
            family.add_metric([names[bridge], vlan_label(vid)], count)
    return family


def _moving(moving: Iterable[tuple[int, int, int, int]], names: Mapping[int, str]) -> Metric:
    family = CounterMetricFamily(
        "l2_bridge_fdb_mac_moves",
        "Moves of single MACs, of those that move now.",
        labels=["bridge", "vlan", "mac"],
    )
    for bridge, vid, address, count in moving:
        if bridge in names:
            family.add_metric([names[bridge], vlan_label(vid), mac(address)], count)
    return family

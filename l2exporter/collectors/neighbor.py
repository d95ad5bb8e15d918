"""`neighbor`: the kernel's ARP and NDP tables, and how long they keep what they know."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import numpy as np
from prometheus_client.metrics_core import GaugeMetricFamily, Metric

from ..kernel.links import Link
from ..kernel.neighbor_tables import NeighborTable, Parameters
from ..kernel.neighbors import STATES, Neighbors
from ..kernel.retention import retention
from .base import Context
from .figures import Figure, frequencies

_FAMILY = ("family",)
_DEVICE = ("device", "family")

_NAMES: Final = {0: "none", **{bit: name for name, bit in STATES.items()}}
_UNKNOWN = "other"
_QUIET = {STATES["noarp"]}

_TABLE: Final[tuple[Figure[NeighborTable], ...]] = (
    Figure(
        "l2_neighbor_table_entries",
        "Entries in the whole kernel's table, of all network namespaces.",
        lambda table: table.entries,
    ),
)
_COUNTERS: Final[tuple[Figure[NeighborTable], ...]] = (
    Figure(
        "l2_neighbor_table_overflows",
        "Times that an entry found no place in the table.",
        lambda table: table.overflows,
    ),
    Figure(
        "l2_neighbor_forced_gc_runs",
        "Times that entries were removed because the table was full.",
        lambda table: table.forced_gc_runs,
    ),
    Figure(
        "l2_neighbor_unresolved_discards",
        "Packets dropped because too many waited for the same neighbour's answer.",
        lambda table: table.unresolved_discards,
    ),
    Figure(
        "l2_neighbor_failed_resolutions",
        "Times that a neighbour was asked for and did not answer.",
        lambda table: table.failed_resolutions,
    ),
)
_SETTINGS: Final[tuple[Figure[Parameters], ...]] = (
    Figure(
        "l2_neighbor_base_reachable_seconds",
        "Mean time that a confirmed neighbour counts as reachable.",
        lambda device: device.base_reachable,
    ),
    Figure(
        "l2_neighbor_reachable_seconds",
        "Time that it counts as reachable now: the kernel draws 0.5 to 1.5 times the mean.",
        lambda device: device.reachable,
    ),
    Figure(
        "l2_neighbor_gc_stale_seconds",
        "Time for which an entry must have been idle before it may be removed.",
        lambda device: device.gc_stale,
    ),
    Figure(
        "l2_neighbor_delay_probe_seconds",
        "Time for which a stale entry is used before the neighbour is asked again.",
        lambda device: device.delay_probe,
    ),
)


class NeighborCollector:
    """Neighbour entries, the limits of their tables, the times of each device.

    A device that holds entries has all states, or `noarp` alone where all its entries are such
    (multicast and loopback addresses, which need no resolution). Times are told of devices that
    resolve addresses (not of loopback, and not of ports of a bridge or bond), and of others as
    long as they hold entries that are not `noarp`.

    Retention is how long an idle entry is kept, from the least to the most: without bound (+Inf)
    while the table holds fewer entries than threshold 1, and as short as 5 s at threshold 2,
    where the kernel removes idle entries by force. There is one table a family for the whole
    kernel: its entries, thresholds and counters are of all network namespaces, and its counters
    begin when the kernel does. In a namespace of its own some are not to be had.

    l2_neighbor_entries{device="br0",family="ipv4",state="stale"} 3.0
    l2_neighbor_table_entries{family="ipv4"} 14.0
    l2_neighbor_gc_threshold{family="ipv4",level="1"} 128.0
    l2_neighbor_base_reachable_seconds{device="br0",family="ipv4"} 30.0
    l2_neighbor_reachable_seconds{device="br0",family="ipv4"} 21.7
    l2_neighbor_gc_stale_seconds{device="br0",family="ipv4"} 60.0
    l2_neighbor_delay_probe_seconds{device="br0",family="ipv4"} 5.0
    l2_neighbor_retention_seconds{device="br0",family="ipv4",bound="max"} +Inf
    l2_neighbor_table_overflows_total{family="ipv4"} 0.0
    l2_neighbor_forced_gc_runs_total{family="ipv4"} 0.0
    l2_neighbor_unresolved_discards_total{family="ipv4"} 2.0
    l2_neighbor_failed_resolutions_total{family="ipv4"} 1.0
    """

    def __init__(self, context: Context) -> None:
        self._kernel = context.kernel_side()

    def collect(self) -> Iterable[Metric]:
        """Yield what each device holds, what each table is, what each device is set to."""
        self._kernel.catch_up()
        links = self._kernel.links()
        tables = self._kernel.reader.neighbor_tables()
        held = {
            table.family: _states(self._kernel.reader.neighbors(table.family)) for table in tables
        }
        yield _entries(held, links)
        rows = [((table.family,), table) for table in tables]
        for figure in _TABLE:
            yield figure.gauge(_FAMILY, rows)
        yield _thresholds(tables)
        devices = [
            (table, link.name, table.devices[index])
            for table in tables
            for index, link in links.items()
            if index in table.devices and (_resolves(link) or _busy(held[table.family], index))
        ]
        times = [((name, table.family), own) for table, name, own in devices]
        for setting in _SETTINGS:
            yield setting.gauge(_DEVICE, times)
        yield _retentions(devices)
        for counter in _COUNTERS:
            yield counter.counter(_FAMILY, rows)


def _states(rows: Neighbors) -> Mapping[int, Mapping[int, int]]:
    """Entries by device and state."""
    found: dict[int, dict[int, int]] = {}
    for key, count in frequencies(rows.index.astype(np.int64) << 16 | rows.state):
        found.setdefault(key >> 16, {})[key & 0xFFFF] = count
    return found


def _resolves(link: Link) -> bool:
    """A port hands what it receives to its master; a VRF is a master whose ports do resolve."""
    port = link.master is not None and link.port_kind != "vrf"
    return not (link.loopback or link.noarp or port)


def _busy(held: Mapping[int, Mapping[int, int]], index: int) -> bool:
    return bool(held.get(index, {}).keys() - _QUIET)


def _entries(
    held: Mapping[str, Mapping[int, Mapping[int, int]]], links: Mapping[int, Link]
) -> Metric:
    family = GaugeMetricFamily(
        "l2_neighbor_entries",
        "Neighbour entries of a device by state.",
        labels=["device", "family", "state"],
    )
    for version, devices in held.items():
        for index, found in devices.items():
            if index not in links:
                continue
            states = found if not found.keys() - _QUIET else {**dict.fromkeys(_NAMES, 0), **found}
            named: Counter[str] = Counter()
            for state, count in states.items():
                named[_NAMES.get(state, _UNKNOWN)] += count
            for name, count in named.items():
                family.add_metric([links[index].name, version, name], count)
    return family


def _thresholds(tables: Sequence[NeighborTable]) -> Metric:
    family = GaugeMetricFamily(
        "l2_neighbor_gc_threshold",
        "Entries from which idle ones are removed (1), others too by force (2), none added (3).",
        labels=["family", "level"],
    )
    for table in tables:
        for level, entries in enumerate(table.thresholds, 1):
            family.add_metric([table.family, str(level)], entries)
    return family


def _retentions(devices: Iterable[tuple[NeighborTable, str, Parameters]]) -> Metric:
    family = GaugeMetricFamily(
        "l2_neighbor_retention_seconds",
        "How long an idle entry is kept, at least (min) and at most (max).",
        labels=["device", "family", "bound"],
    )
    for table, name, own in devices:
        kept = retention(table, own)
        family.add_metric([name, table.family, "min"], kept.least)
        family.add_metric([name, table.family, "max"], kept.most)
    return family

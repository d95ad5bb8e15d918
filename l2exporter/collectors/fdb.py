"""`fdb`: what bridges know of the MACs behind their ports, and how old that is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from itertools import accumulate

from prometheus_client.metrics_core import GaugeHistogramMetricFamily, GaugeMetricFamily, Metric

from ..kernel.fdb import KINDS
from ..kernel.links import Link
from ..limits import FDB_SERIES
from ..tables.ages import AGE_BOUNDS, Ages
from .base import Context
from .figures import Key, fold

_ENTRY = ("bridge", "port", "vlan", "kind")
_BUCKETS = (*(str(float(bound)) for bound in AGE_BOUNDS), "+Inf")
_LEARNED = KINDS.index("learned")


class FdbCollector:
    """Entries of each bridge by port, VLAN and kind, and the ages of what it has learned.

    An entry has one kind, the first of these that it is: `local` (an address of this host),
    `locked` (seen on a locked port, not let through), `sticky` (never moves to another port),
    `extern_learned` (by a daemon), `offloaded` (in hardware), `static` (entered by hand),
    `learned`. A bridge's own addresses have the bridge as their port. Every port has its
    `learned`, if 0; other kinds are there when it has some. Beyond the cap the smallest counts are
    summed up under vlan="other": no entry is lost from a sum.

    Entries follow the kernel's events, of which there is none when a local MAC that two ports share
    loses one of them: it is told of its other port at the next whole reading. Ages are those at the
    last whole reading, since nothing tells when a known MAC is seen again. They are of entries that
    can be forgotten (not of local, static and sticky ones). As the state of a moment they can fall:
    take histogram_quantile() of the buckets as they are, not of their rate(). Number and sum are in
    `_gcount` and `_gsum`.

    l2_bridge_fdb_synchronized 1.0
    l2_bridge_fdb_dump_timestamp_seconds 1700000000.0
    l2_bridge_fdb_entries{bridge="br0",port="vnet0",vlan="",kind="learned"} 1.0
    l2_bridge_fdb_age_seconds_bucket{bridge="br0",le="60.0"} 11.0
    l2_bridge_fdb_age_seconds_gcount{bridge="br0"} 17.0
    l2_bridge_fdb_age_seconds_gsum{bridge="br0"} 1204.0
    """

    def __init__(self, context: Context) -> None:
        self._kernel = context.kernel_side()

    def collect(self) -> Iterable[Metric]:
        """Yield the families; the FDB's lock is held only while figures are copied out."""
        self._kernel.catch_up()
        links, forwarding = self._kernel.links(), self._kernel.forwarding
        with forwarding.lock:
            counts, ages = forwarding.counts(), dict(forwarding.ages())
            synchronized, dumped_at = forwarding.synchronized, forwarding.dumped_at
        yield GaugeMetricFamily(
            "l2_bridge_fdb_synchronized",
            "Whether all entries are known; 0 before the first reading, or after lost events.",
            value=synchronized,
        )
        if dumped_at is None:
            return
        yield GaugeMetricFamily(
            "l2_bridge_fdb_dump_timestamp_seconds",
            "When all entries were last read.",
            value=dumped_at,
        )
        yield _entries(_named(counts, links))
        yield _ages(ages, links)


def vlan_label(vid: int) -> str:
    """Return the label of a VLAN, which is empty for none."""
    return str(vid) if vid else ""


def _named(
    counts: Mapping[tuple[int, int, int, int], int], links: Mapping[int, Link]
) -> Counter[Key]:
    """Counts by label values, without those of devices that are gone, with `learned` at 0."""
    named: Counter[Key] = Counter()
    for (bridge, port, vid, kind), count in counts.items():
        if bridge in links and port in links:
            place = links[bridge].name, links[port].name, vlan_label(vid)
            named[*place, KINDS[kind]] += count
            if port != bridge:
                named[*place, KINDS[_LEARNED]] += 0
    return named


def _entries(counts: Mapping[Key, int]) -> Metric:
    family = GaugeMetricFamily(
        "l2_bridge_fdb_entries", "Entries of a bridge's FDB, by kind.", labels=_ENTRY
    )
    for labels, count in fold(counts, _ENTRY.index("vlan"), FDB_SERIES).items():
        family.add_metric(labels, count)
    return family


def _ages(ages: Mapping[int, Ages], links: Mapping[int, Link]) -> Metric:
    """A gauge histogram: the text format, which has none, tells it as a histogram without a sum.

    Its count and sum are gauges of their own there (_gcount, _gsum), so nothing in either format
    claims to only grow.
    """
    family = GaugeHistogramMetricFamily(
        "l2_bridge_fdb_age_seconds",
        "How long ago learned MACs were last seen, at the last reading.",
        labels=["bridge"],
    )
    for bridge, found in ages.items():
        if bridge in links:
            buckets = list(zip(_BUCKETS, accumulate(found.counts), strict=True))
            family.add_metric([links[bridge].name], buckets, found.seconds)
    return family

"""`vxlan`: what vxlan devices know of the MACs at the other ends of their tunnels."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping

import numpy as np
from prometheus_client.metrics_core import GaugeMetricFamily, Metric

from ..kernel.vxlan_fdb import VXLAN_KINDS, VxlanRows
from ..kernel.vxlans import Vxlan
from ..limits import VXLAN_SERIES
from .base import Context
from .figures import Figure, Key, fold, frequencies

_DEVICE = ("device",)
_ENTRY = ("device", "vni", "kind")

_SETTINGS: tuple[Figure[Vxlan], ...] = (
    Figure(
        "l2_vxlan_ageing_seconds",
        "How long a learned MAC is kept without being seen; 0 keeps it for good.",
        lambda device: device.ageing_seconds,
    ),
    Figure(
        "l2_vxlan_learning",
        "Whether MACs are learned from what comes through the tunnel.",
        lambda device: device.learning,
    ),
    Figure(
        "l2_vxlan_fdb_limit",
        "Entries that the device may have.",
        lambda device: math.inf if device.limit == 0 else device.limit,
    ),
)


class VxlanCollector:
    """Entries of each vxlan device by VNI and kind, and what it is set to.

    An entry is a MAC with one of the remote hosts that frames to it are sent to. Its kind is
    `extern_learned` (by a routing daemon), `static` (entered by hand; the default remotes, to
    which frames to unknown MACs go, are such entries of the MAC 00:00:00:00:00:00), or
    `learned`. All kinds are there for a device's own VNI; of a device without one, `vni` is empty
    for entries that name none. Beyond the cap the smallest counts are summed up under
    vni="other". Where entries have no limit, it is +Inf.

    l2_vxlan_fdb_entries{device="vxlan100",vni="100",kind="learned"} 12.0
    l2_vxlan_ageing_seconds{device="vxlan100"} 300.0
    l2_vxlan_learning{device="vxlan100"} 1.0
    l2_vxlan_fdb_limit{device="vxlan100"} +Inf
    """

    def __init__(self, context: Context) -> None:
        self._reader = context.kernel_side().reader

    def collect(self) -> Iterable[Metric]:
        """Yield the families; each device's entries are read anew."""
        devices = self._reader.vxlans()
        counts: dict[Key, int] = {}
        for device in devices:
            counts.update(_counts(device, self._reader.vxlan_fdb(device.index)))
        entries = GaugeMetricFamily(
            "l2_vxlan_fdb_entries",
            "Forwarding entries of a vxlan device: a MAC and one remote host each.",
            labels=_ENTRY,
        )
        for labels, count in fold(counts, _ENTRY.index("vni"), VXLAN_SERIES).items():
            entries.add_metric(labels, count)
        yield entries
        rows = [((device.name,), device) for device in devices]
        for figure in _SETTINGS:
            yield figure.gauge(_DEVICE, rows)


def _counts(device: Vxlan, rows: VxlanRows) -> Mapping[Key, int]:
    own = "" if device.vni is None else str(device.vni)
    counts: Counter[Key] = Counter({(device.name, own, kind): 0 for kind in VXLAN_KINDS})
    keys = rows.vni.astype(np.int64) * len(VXLAN_KINDS) + rows.kind
    for key, count in frequencies(keys):
        vni, kind = divmod(key, len(VXLAN_KINDS))
        counts[device.name, str(vni) if vni else own, VXLAN_KINDS[kind]] += count
    return counts

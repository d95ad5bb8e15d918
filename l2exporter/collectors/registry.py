"""The collectors, one line each, in the order in which they see events."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from .arp import ArpCollector
from .arp_moves import ArpMovesCollector
from .base import Collector, Context
from .bridge import BridgeCollector
from .capture import CaptureCollector
from .exporter import ExporterCollector
from .fdb import FdbCollector
from .fdb_events import FdbEventsCollector
from .frame_errors import FrameErrorsCollector
from .gratuitous_arp import GratuitousArpCollector
from .neighbor import NeighborCollector
from .neighbor_fdb import NeighborFdbCollector
from .netlink import NetlinkCollector
from .stations import StationsCollector
from .tracked import TrackedCollector
from .unknown_unicast import UnknownUnicastCollector
from .vxlan import VxlanCollector

COLLECTORS: Final[Mapping[str, Callable[[Context], Collector]]] = {
    "arp": ArpCollector,
    "gratuitous_arp": GratuitousArpCollector,
    "stations": StationsCollector,
    "arp_moves": ArpMovesCollector,
    "frame_errors": FrameErrorsCollector,
    "capture": CaptureCollector,
    "bridge": BridgeCollector,
    "fdb": FdbCollector,
    "fdb_events": FdbEventsCollector,
    "vxlan": VxlanCollector,
    "neighbor": NeighborCollector,
    "neighbor_fdb": NeighborFdbCollector,
    "unknown_unicast": UnknownUnicastCollector,
    "netlink": NetlinkCollector,
    "tracked": TrackedCollector,
    "exporter": ExporterCollector,
}

OF_THE_HOST: Final = frozenset(
    {
        *("bridge", "fdb", "fdb_events", "vxlan", "neighbor", "neighbor_fdb"),
        *("unknown_unicast", "netlink", "exporter"),
    }
)
"""Those that tell of the host they run on, which a capture file does not know."""

"""The collectors, one line each, in the order in which they see events."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from .arp import ArpCollector
from .arp_moves import ArpMovesCollector
from .base import Collector, Context
from .bridge import BridgeCollector
from .capture import CaptureCollector
from .dissections import DissectionsCollector
from .exporter import ExporterCollector
from .fdb import FdbCollector
from .fdb_events import FdbEventsCollector
from .frame_errors import FrameErrorsCollector
from .gratuitous_arp import GratuitousArpCollector
from .ipv6_routers import Ipv6RoutersCollector
from .mac_addresses import MacAddressesCollector
from .move_causes import MoveCausesCollector
from .ndp import NdpCollector
from .ndp_moves import NdpMovesCollector
from .neighbor import NeighborCollector
from .neighbor_fdb import NeighborFdbCollector
from .netlink import NetlinkCollector
from .protected_addresses import ProtectedAddressesCollector
from .sleep_proxy import SleepProxyCollector
from .stations import StationsCollector
from .tracked import TrackedCollector
from .unknown_unicast import UnknownUnicastCollector
from .vxlan import VxlanCollector
from .wake_on_lan import WakeOnLanCollector

COLLECTORS: Final[Mapping[str, Callable[[Context], Collector]]] = {
    "arp": ArpCollector,
    "gratuitous_arp": GratuitousArpCollector,
    "stations": StationsCollector,
    "arp_moves": ArpMovesCollector,
    "ndp": NdpCollector,
    "ndp_moves": NdpMovesCollector,
    "move_causes": MoveCausesCollector,
    "protected_addresses": ProtectedAddressesCollector,
    "mac_addresses": MacAddressesCollector,
    "ipv6_routers": Ipv6RoutersCollector,
    "sleep_proxy": SleepProxyCollector,
    "wake_on_lan": WakeOnLanCollector,
    "dissections": DissectionsCollector,
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

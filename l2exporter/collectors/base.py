"""What a collector is, and what it may be given."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import IPv6Address
from types import UnionType
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import numpy.typing as npt
from prometheus_client.metrics_core import Metric

from ..dissect.ndp import ADDRESS6
from ..tables.addresses import AddressTable
from ..tables.families import Ips
from ..tables.state import Tables

if TYPE_CHECKING:
    from ..evidence.ledger import Ledger
    from ..kernel.bridges import Bridge, Port
    from ..kernel.links import Link
    from ..kernel.neighbor_tables import NeighborTable
    from ..kernel.neighbors import Neighbors
    from ..kernel.netfilter import BridgeNetfilter
    from ..kernel.tally import Tally
    from ..kernel.vxlan_fdb import VxlanRows
    from ..kernel.vxlans import Vxlan
    from ..tables.forwarding import ForwardingTable


@dataclass(frozen=True, slots=True)
class Malformed:
    """Frames of one device and protocol that could not be believed, counted by reason."""

    device: int
    protocol: str
    reasons: dict[str, int]


class LaneStatus(Protocol):
    """What a capture lane tells of itself at a scrape; counters since the start."""

    @property
    def device(self) -> str:
        """The device's present name."""

    @property
    def lane(self) -> str:
        """`fast` or `slow`; `file` for a capture file."""

    @property
    def up(self) -> bool | None:
        """Whether frames are being captured; None for a device that is gone."""

    @property
    def frames(self) -> int | None:
        """Frames handled; None where none could be had, as for drops."""

    @property
    def drops(self) -> int | None:
        """Frames that the kernel had no slot for."""

    @property
    def used(self) -> float | None:
        """Highest share of the ring found full lately, 0 to 1; None where there is no ring."""


@dataclass(frozen=True, slots=True)
class ReloadStatus:
    """How the last reading of the configuration file ended; times in seconds since the epoch."""

    successful: bool
    last_success: float


class KernelTables(Protocol):
    """The kernel's tables as they are now; KernelError from each that cannot be read."""

    def bridges(self) -> Sequence[Bridge]:
        """Every bridge, with its settings."""

    def ports(self) -> Sequence[Port]:
        """Every port of a bridge."""

    def vxlans(self) -> Sequence[Vxlan]:
        """Every vxlan device."""

    def vxlan_fdb(self, index: int) -> VxlanRows:
        """The forwarding entries of one vxlan device."""

    def neighbors(self, family: str) -> Neighbors:
        """The neighbour entries of a family, `ipv4` or `ipv6`."""

    def neighbor_tables(self) -> Sequence[NeighborTable]:
        """Fill, thresholds and parameters of the neighbour tables, one a family."""

    def netfilter(self) -> BridgeNetfilter:
        """Whether bridged frames are shown to iptables, for all bridges."""


class FloodStatus(Protocol):
    """What is counted of the unknown unicast frames of one device."""

    @property
    def device(self) -> str:
        """The device's present name."""

    @property
    def frames(self) -> int | None:
        """Frames since the start; None where they cannot be counted."""


@dataclass(frozen=True, slots=True)
class KernelSide:
    """What the kernel knows by itself, whatever goes over the wire.

    reader      tables that are read when asked for
    forwarding  the FDB of all bridges; `catch_up` takes in what the kernel told of it meanwhile,
                and tells whether it could
    links       devices by index
    floods      devices whose unknown unicast frames are counted
    tallies     how reading each table fares
    """

    reader: KernelTables
    forwarding: ForwardingTable
    catch_up: Callable[[], bool]
    links: Callable[[], Mapping[int, Link]]
    floods: Callable[[], Sequence[FloodStatus]]
    tallies: Callable[[], Mapping[str, Tally]]


@dataclass(frozen=True, slots=True)
class Context:
    """All that collectors may draw on; each takes what it needs. A capture file has no kernel."""

    tables: Tables
    ledger: Ledger
    lanes: Callable[[], Sequence[LaneStatus]]
    reload: Callable[[], ReloadStatus]
    monotonic: Callable[[], float]
    kernel: KernelSide | None = None

    def kernel_side(self) -> KernelSide:
        """Return `kernel`, for collectors that are made only where there is one."""
        assert self.kernel is not None  # noqa: S101 - see REPLAY_COLLECTORS
        return self.kernel


class Collector(Protocol):
    """State or rows to metric families, built afresh at each call."""

    def collect(self) -> Iterable[Metric]:
        """Yield the families."""


class FrameCollector(Collector, Protocol):
    """A collector that also sees what goes over the wire."""

    observes: type | tuple[type, ...] | UnionType
    """The kinds of event that `observe` is called with."""

    def observe(self, event: Any) -> Iterable[object]:
        """Take an event in; return derived ones, which later collectors see."""


def ipv4(address: int) -> str:
    """Return the dotted form of an IPv4 address given as a number."""
    return f"{address >> 24}.{address >> 16 & 255}.{address >> 8 & 255}.{address & 255}"


def ipv6(address: int) -> str:
    """Return the text of an IPv6 address given as a number (RFC 5952), as `ipaddress` has it.

    The C library is six times faster, but shows some addresses with dots, which Python does not
    do in every version.
    """
    text = socket.inet_ntop(socket.AF_INET6, address.to_bytes(16, "big"))
    return text if "." not in text else str(IPv6Address(address))


def mac(address: int) -> str:
    """Return the colon form of a MAC address given as a number."""
    text = f"{address:012x}"
    return ":".join(text[i : i + 2] for i in range(0, 12, 2))


@dataclass(frozen=True, slots=True)
class TrackedAddresses:
    """The tracked rows of one family at one moment, and what their label values are made of."""

    rows: npt.NDArray[np.intp]
    segments: npt.NDArray[np.intp]
    ips: Ips
    names: dict[int, tuple[str, str]]

    @classmethod
    def of(cls, tables: Tables, addresses: AddressTable) -> TrackedAddresses:
        """Copy them out. The caller holds `tables.lock` until it has copied its own columns."""
        rows = addresses.rows()
        segments, ips = addresses.keys(rows)
        return cls(rows, segments, ips, tables.segments.labels())

    def labels(self) -> list[list[str]]:
        """Return (device, vlan, ip) of each row; slow enough to want no lock held."""
        return [
            [*self.names[segment], ip]
            for segment, ip in zip(self.segments.tolist(), self._texts(), strict=True)
        ]

    def _texts(self) -> list[str]:
        if self.ips.dtype == ADDRESS6:
            return [ipv6(high << 64 | low) for high, low in self.ips.tolist()]
        return [ipv4(ip) for ip in self.ips.tolist()]

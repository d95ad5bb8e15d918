"""The kernel's tables for those who scrape: read when asked for, once for all who ask at a time."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from ..errors import KernelError
from .bridges import Bridge, Port, read_bridges, read_ports
from .neighbor_tables import NeighborTable, read_neighbor_tables
from .neighbors import Neighbors, read_neighbors
from .netfilter import BridgeNetfilter, read_bridge_netfilter
from .rtnetlink import Netlink
from .tally import Tally
from .vxlan_fdb import VxlanRows, read_vxlan_fdb
from .vxlans import Vxlan, read_vxlans

FRESH_SECONDS = 0.5
"""Several collectors of one scrape ask for the same table, and scrapes come from several servers:
far longer than a scrape, far shorter than the time between two of one server."""

TABLES = ("bridges", "bridge_ports", "vxlans", "vxlan_fdb", "neighbors", "neighbor_tables")

Table = TypeVar("Table")


class KernelReader:
    """Tables of the namespace in which the first reading happens; from any thread.

    monotonic  seconds
    tallies    what reading has met, by TABLES

    What one has read serves all who ask within FRESH_SECONDS; errors are not remembered. Every
    method raises KernelError when it cannot read, and tries again when called again.
    """

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self.tallies: Mapping[str, Tally] = {table: Tally() for table in TABLES}
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._netlink: Netlink | None = None
        self._fresh: dict[str, tuple[float, Any]] = {}

    def bridges(self) -> Sequence[Bridge]:
        """Every bridge."""
        return self._remembered("bridges", lambda: self._read("bridges", read_bridges))

    def ports(self) -> Sequence[Port]:
        """Every port of every bridge."""
        return self._remembered("bridge_ports", lambda: self._read("bridge_ports", read_ports))

    def vxlans(self) -> Sequence[Vxlan]:
        """Every vxlan device."""
        return self._remembered("vxlans", lambda: self._read("vxlans", read_vxlans))

    def vxlan_fdb(self, index: int) -> VxlanRows:
        """The forwarding database of a vxlan device, by its ifindex; read at each call."""
        with self._lock:
            return self._read(
                "vxlan_fdb", lambda netlink, tally: read_vxlan_fdb(netlink, index, tally)
            )

    def neighbors(self, family: str) -> Neighbors:
        """The neighbours of all devices; family "ipv4" or "ipv6"."""
        return self._remembered(
            f"neighbors {family}",
            lambda: self._read(
                "neighbors", lambda netlink, tally: read_neighbors(netlink, family, tally)
            ),
        )

    def neighbor_tables(self) -> Sequence[NeighborTable]:
        """Settings and counters of the neighbour tables."""
        return self._remembered(
            "neighbor_tables", lambda: self._read("neighbor_tables", read_neighbor_tables)
        )

    def netfilter(self) -> BridgeNetfilter:
        """Whether bridged frames are shown to iptables, in the namespace of the calling thread."""
        return self._remembered("netfilter", read_bridge_netfilter)

    def close(self) -> None:
        """Close the sockets; readings fail from then on."""
        with self._lock:
            if self._netlink is not None:
                self._netlink.close()

    def _remembered(self, name: str, read: Callable[[], Table]) -> Table:
        with self._lock:
            if name in self._fresh:
                read_at, remembered = self._fresh[name]
                if self._monotonic() - read_at < FRESH_SECONDS:
                    table: Table = remembered
                    return table
            table = read()
            # From its end: who waited for the lock while a large table was read has it now.
            self._fresh[name] = self._monotonic(), table
            return table

    def _read(self, table: str, read: Callable[[Netlink, Tally], Table]) -> Table:
        tally = self.tallies[table]
        if self._netlink is None:
            try:
                self._netlink = Netlink()
            except KernelError:
                tally.failures += 1
                raise
        return read(self._netlink, tally)

"""The kernel's side of collectors without a kernel: its tables are what a test puts into them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from l2exporter.collectors.base import KernelSide
from l2exporter.errors import KernelError
from l2exporter.kernel.bridges import Bridge, Port
from l2exporter.kernel.fdb import KINDS, NEVER, FdbEvents, FdbRows
from l2exporter.kernel.links import Link
from l2exporter.kernel.neighbor_tables import NeighborTable
from l2exporter.kernel.neighbors import Neighbors
from l2exporter.kernel.netfilter import BridgeNetfilter
from l2exporter.kernel.tally import Tally
from l2exporter.kernel.vxlan_fdb import VXLAN_KINDS, VxlanRows
from l2exporter.kernel.vxlans import Vxlan
from l2exporter.tables.forwarding import ForwardingTable
from tests.collectors.scene import Scene
from tests.kernel.rows import link, port
from tests.tables import neighborhood

PERMANENT, NOARP, REACHABLE, STALE = 0x80, 0x40, 0x02, 0x04
NO_NETFILTER = BridgeNetfilter(None, None, None)
_STATES = {"local": PERMANENT, "static": NOARP}


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of a bridge; ages in seconds, None where the kernel tells none."""

    bridge: int
    port: int
    mac: int
    kind: str = "learned"
    vlan: int = 0
    updated: float | None = 0.0
    used: float | None = 0.0


def rows(*entries: Entry, state: int | None = None) -> FdbRows:
    """Their columns; `state` is the kernel's NUD_* for the kind unless told."""
    states = [_STATES.get(entry.kind, REACHABLE) if state is None else state for entry in entries]
    return FdbRows(
        bridge=np.array([entry.bridge for entry in entries], np.int32),
        port=np.array([entry.port for entry in entries], np.int32),
        vlan=np.array([entry.vlan for entry in entries], np.uint16),
        mac=np.array([entry.mac for entry in entries], np.uint64),
        kind=np.array([KINDS.index(entry.kind) for entry in entries], np.uint8),
        state=np.array(states, np.uint16),
        used=np.array([_ticks(entry.used) for entry in entries], np.uint32),
        updated=np.array([_ticks(entry.updated) for entry in entries], np.uint32),
    )


def _ticks(seconds: float | None) -> int:
    return NEVER if seconds is None else round(seconds * 100)


def events(*entries: Entry, added: bool = True, expired: bool = False) -> FdbEvents:
    """All of them added, or removed: as `expired`, or before their time."""
    state = STALE if expired else None
    return FdbEvents(rows(*entries, state=state), np.full(len(entries), added))


def vxlan_rows(*entries: tuple[int, str]) -> VxlanRows:
    """The columns of (VNI, kind) pairs; VNI 0 is the device's own."""
    return VxlanRows(
        vni=np.array([vni for vni, _ in entries], np.uint32),
        kind=np.array([VXLAN_KINDS.index(kind) for _, kind in entries], np.uint8),
    )


@dataclass(slots=True)
class Reader:
    """Tells what it has been given; raises `fault` instead, if there is one."""

    bridge_rows: list[Bridge] = field(default_factory=list)
    port_rows: list[Port] = field(default_factory=list)
    vxlan_devices: list[Vxlan] = field(default_factory=list)
    vxlan_entries: dict[int, VxlanRows] = field(default_factory=dict)
    neighbor_rows: dict[str, Neighbors] = field(default_factory=dict)
    tables: list[NeighborTable] = field(default_factory=list)
    filtered: BridgeNetfilter = NO_NETFILTER
    fault: KernelError | None = None

    def bridges(self) -> Sequence[Bridge]:
        self._check()
        return self.bridge_rows

    def ports(self) -> Sequence[Port]:
        self._check()
        return self.port_rows

    def vxlans(self) -> Sequence[Vxlan]:
        self._check()
        return self.vxlan_devices

    def vxlan_fdb(self, index: int) -> VxlanRows:
        self._check()
        return self.vxlan_entries.get(index, vxlan_rows())

    def neighbors(self, family: str) -> Neighbors:
        self._check()
        return self.neighbor_rows.get(family, neighborhood.neighbors(family=family))

    def neighbor_tables(self) -> Sequence[NeighborTable]:
        self._check()
        return self.tables

    def netfilter(self) -> BridgeNetfilter:
        self._check()
        return self.filtered

    def _check(self) -> None:
        if self.fault:
            raise self.fault


@dataclass(frozen=True, slots=True)
class Flood:
    """The unknown unicast frames of one device."""

    device: str
    frames: int | None


class KernelScene(Scene):
    """A scene whose collectors have a kernel, which knows nothing until it is told.

    reader      rows of the tables that are read
    forwarding  the real table of what the bridges know
    waiting     events that the next `catch_up` takes in
    current     whether it can, as it cannot during a long dump
    links       devices by index; `device` adds one
    side        what the collectors are given of all this
    """

    def __init__(self, *names: str) -> None:
        self.reader = Reader()
        self.forwarding = ForwardingTable(1024)
        self.waiting: list[FdbEvents] = []
        self.current = True
        self.links: dict[int, Link] = {}
        self.floods: list[Flood] = []
        self.tallies: dict[str, Tally] = {}
        self.side = KernelSide(
            reader=self.reader,
            forwarding=self.forwarding,
            catch_up=self._catch_up,
            links=lambda: self.links,
            floods=lambda: self.floods,
            tallies=lambda: self.tallies,
        )
        super().__init__(*names, kernel=self.side)

    def _catch_up(self) -> bool:
        with self.forwarding.lock:
            while self.waiting and self.current:
                self.forwarding.apply(self.waiting.pop(0))
        return self.current

    def device(self, index: int, name: str, **changes: Any) -> None:
        """Add a device, or put it in the place of the one with this index."""
        self.links[index] = link(index, name, **changes)

    def bridge(self, index: int = 10, name: str = "br0", **changes: Any) -> None:
        """Add a bridge as the kernel makes one, but for `changes`."""
        self.device(index, name, kind="bridge")
        made = replace(neighborhood.bridge(index, name), **changes)
        self.reader.bridge_rows.append(made)

    def port(self, index: int, name: str, bridge: int = 10, **changes: Any) -> None:
        """Add a port as the kernel makes one, but for `changes`."""
        self.device(index, name, master=bridge, port_kind="bridge")
        self.reader.port_rows.append(port(index, name, bridge, **changes))

    def remove(self, index: int) -> None:
        """The device is gone, whatever the tables that were read before still say of it."""
        del self.links[index]

    def dump(self, *entries: Entry, now: float = 0.0) -> None:
        """The bridges' entries are these, says a dump."""
        self.forwarding.replace(self.forwarding.gather([rows(*entries)]), events(), now)

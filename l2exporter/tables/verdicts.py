"""Whether neighbours can outlive what a bridge knows of them, and which of them do now."""

from __future__ import annotations

import socket
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..kernel.bridges import Bridge
from ..kernel.links import Link
from ..kernel.neighbor_tables import NeighborTable
from ..kernel.neighbors import STATES, Neighbors
from ..kernel.retention import Retention, collected, fdb_seconds, retention
from .forwarding import ForwardingTable

_STACKED = ("vlan", "macvlan", "macvtap", "ipvlan", "ipvtap")
"""Kinds of device that send their frames out through the one below them."""

_SHORT_CUTS = frozenset({"macvlan", "macvtap"})
"""Those of them that hand a frame to a sibling themselves, whose MAC no bridge need know."""

_DEEPEST = 8  # net/core/dev.h MAX_NEST_DEV
_USABLE = {STATES[name]: name for name in ("reachable", "stale", "delay", "probe", "permanent")}
_GROUP_BIT = 1 << 40  # of the first of a MAC's six bytes
_UNTAGGED = 0

_Path = tuple[Bridge, int | None]
"""The bridge that a device's frames go to, and the VLAN tag that they come with; None: unknown."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether the settings let neighbours of one family outlive the FDB of one bridge.

    device     whose entries live longest: the bridge device, or one on top of it
    retention  of an idle entry of that device, with the table as full as it is
    collected  the same wherever the periodic collection works, as with gc_thresh1 = 0
    entries    in the family's table, of the whole kernel; `threshold` is its gc_thresh1
    outlives   an idle entry may be kept for longer than the bridge remembers a silent MAC
    """

    bridge: Bridge
    family: str
    device: str
    fdb_seconds: float
    retention: Retention
    collected: Retention
    entries: int
    threshold: int
    outlives: bool


@dataclass(frozen=True, slots=True)
class Missing:
    """A usable neighbour whose MAC the bridge does not know: the next frame to it is flooded."""

    bridge: str
    family: str
    device: str
    ip: str
    mac: int
    state: str


def verdicts(
    bridges: Iterable[Bridge], links: Mapping[int, Link], tables: Iterable[NeighborTable]
) -> list[Verdict]:
    """One verdict for each bridge and family whose parameters for the bridge device are known."""
    devices: dict[int, list[int]] = {}
    bridges = list(bridges)
    for device, (bridge, _) in _paths(bridges, links).items():
        devices.setdefault(bridge.index, []).append(device)
    return [
        _verdict(bridge, links, table, devices[bridge.index])
        for bridge in bridges
        for table in tables
        if bridge.index in table.devices
    ]


def missing(
    bridges: Sequence[Bridge],
    links: Mapping[int, Link],
    neighbors: Neighbors,
    forwarding: ForwardingTable,
) -> dict[tuple[str, str], list[Missing]]:
    """The usable neighbours that the FDB lacks, by bridge name and family, sorted by address.

    Every bridge is there, with an empty list when it knows all of them. Those of a macvlan are
    left out: the bridge may never see a frame for them. To be asked only while `forwarding` is
    synchronized and complete; its lock is taken for each look-up.
    """
    paths = _paths(bridges, links)
    found: dict[tuple[str, str], list[Missing]] = {
        (bridge.name, neighbors.family): [] for bridge in bridges
    }
    for device, rows in _usable_rows(neighbors):
        if device not in paths or _is_short_cut(device, links):
            continue
        bridge, tag = paths[device]
        with forwarding.lock:
            known = forwarding.present(bridge.index, _vlan(bridge, tag), neighbors.mac[rows])
        name = bridge.name if device == bridge.index else links[device].name
        found[bridge.name, neighbors.family] += [
            _missing(bridge.name, name, neighbors, row) for row in rows[~known].tolist()
        ]
    for entries in found.values():
        entries.sort(key=lambda entry: (_packed(entry.ip, entry.family), entry.device))
    return found


def _verdict(
    bridge: Bridge, links: Mapping[int, Link], table: NeighborTable, devices: Iterable[int]
) -> Verdict:
    bounds = {
        device: retention(table, table.devices[device])
        for device in devices
        if device in table.devices
    }
    # The bridge device is the first of them, and so stands for all that are alike.
    longest = max(bounds, key=lambda device: (bounds[device].most, bounds[device].least))
    remembers = fdb_seconds(bridge)
    return Verdict(
        bridge=bridge,
        family=table.family,
        device=bridge.name if longest == bridge.index else links[longest].name,
        fdb_seconds=remembers,
        retention=bounds[longest],
        collected=collected(table, table.devices[longest]),
        entries=table.entries,
        threshold=table.thresholds[0],
        outlives=bounds[longest].most > remembers,
    )


def _paths(bridges: Iterable[Bridge], links: Mapping[int, Link]) -> dict[int, _Path]:
    """The path of each device whose neighbours are reached through a bridge; bridges first."""
    by_index = {bridge.index: bridge for bridge in bridges}
    paths: dict[int, _Path] = {index: (bridge, _UNTAGGED) for index, bridge in by_index.items()}
    for index in sorted(links):
        path = _path(links[index], links, by_index)
        if path is not None and not links[index].noarp:
            paths.setdefault(index, path)
    return paths


def _path(top: Link, links: Mapping[int, Link], bridges: Mapping[int, Bridge]) -> _Path | None:
    """Walk down from `top`; the last tag that is put on is the outermost, which a bridge reads."""
    tag: int | None = _UNTAGGED
    link: Link | None = top
    for _ in range(_DEEPEST):
        if link is None or link.kind not in _STACKED or link.lower is None:
            return None
        if link.kind == "vlan":
            tag = link.vlan_id
        if link.lower in bridges:
            return bridges[link.lower], tag
        link = links.get(link.lower)
    return None


def _is_short_cut(device: int, links: Mapping[int, Link]) -> bool:
    """Whether a device, or one between it and the bridge, has siblings that it serves itself."""
    link = links.get(device)
    while link is not None and link.kind in _STACKED:
        if link.kind in _SHORT_CUTS:
            return True
        link = None if link.lower is None else links.get(link.lower)
    return False


def _vlan(bridge: Bridge, tag: int | None) -> int | None:
    """The VLAN of the FDB that frames with this tag are looked up in; None: it cannot be told."""
    if not bridge.vlan_filtering:
        return 0
    return bridge.pvid if tag == _UNTAGGED else tag


def _usable_rows(neighbors: Neighbors) -> Iterator[tuple[int, npt.NDArray[np.intp]]]:
    """The rows of the neighbours that frames are sent to without asking first, by device."""
    usable = np.isin(neighbors.state, list(_USABLE)) & neighbors.has_mac & (neighbors.mac != 0)
    usable &= (neighbors.mac & np.uint64(_GROUP_BIT)) == 0
    rows = np.flatnonzero(usable)
    rows = rows[np.argsort(neighbors.index[rows], kind="stable")]
    devices, starts = np.unique(neighbors.index[rows], return_index=True)
    if len(devices):
        yield from zip(devices.tolist(), np.split(rows, starts[1:]), strict=True)


def _missing(bridge: str, device: str, neighbors: Neighbors, row: int) -> Missing:
    family, size = _FAMILIES[neighbors.family]
    return Missing(
        bridge=bridge,
        family=neighbors.family,
        device=device,
        ip=socket.inet_ntop(family, neighbors.ip[row, :size].tobytes()),
        mac=int(neighbors.mac[row]),
        state=_USABLE[int(neighbors.state[row])],
    )


def _packed(ip: str, family: str) -> bytes:
    return socket.inet_pton(_FAMILIES[family][0], ip)


_FAMILIES = {"ipv4": (socket.AF_INET, 4), "ipv6": (socket.AF_INET6, 16)}

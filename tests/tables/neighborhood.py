"""Bridges, devices, neighbours and their tables, made by hand for the tests."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from typing import TypedDict, Unpack

import numpy as np

from l2exporter.kernel.bridges import Bridge
from l2exporter.kernel.links import Link
from l2exporter.kernel.neighbor_tables import NeighborTable, Parameters
from l2exporter.kernel.neighbors import STATES, Neighbors
from tests.kernel.rows import link

Neighbor = tuple[int, str, int, str]
"""(device, address, MAC, state); a MAC of 0 stands for none."""


class Settings(TypedDict, total=False):
    """What may be told of a bridge."""

    ageing_seconds: float
    forward_delay_seconds: float
    topology_change: bool
    vlan_filtering: bool
    pvid: int | None
    learned: int | None
    learned_limit: int | None


def bridge(index: int = 10, name: str = "br0", **settings: Unpack[Settings]) -> Bridge:
    """A bridge as the kernel makes one, but for `settings`."""
    told: Settings = {
        "ageing_seconds": 300.0,
        "forward_delay_seconds": 15.0,
        "topology_change": False,
        "vlan_filtering": False,
        "pvid": None,
        "learned": None,
        "learned_limit": None,
    }
    told.update(settings)
    return Bridge(
        index=index,
        name=name,
        stp="none",
        topology_change_detected=False,
        nf_call_iptables=False,
        nf_call_ip6tables=False,
        nf_call_arptables=False,
        **told,
    )


def links(*devices: Link) -> dict[int, Link]:
    """By index, after br0 with its index 10."""
    return {device.index: device for device in (link(10, "br0", "bridge"), *devices)}


def parameters(
    base_reachable: float = 30.0, gc_stale: float = 60.0, index: int | None = None
) -> Parameters:
    """The kernel's own for a device, but for what is told."""
    return Parameters(
        index=index,
        base_reachable=base_reachable,
        reachable=base_reachable,
        gc_stale=gc_stale,
        delay_probe=5.0,
    )


def table(
    entries: int = 14,
    *,
    thresholds: tuple[int, int, int] = (128, 512, 1024),
    family: str = "ipv4",
    defaults: Parameters | None = None,
    devices: Mapping[int, Parameters] | None = None,
) -> NeighborTable:
    """A neighbour table with the kernel's own parameters for device 10, unless told."""
    return NeighborTable(
        family=family,
        entries=entries,
        thresholds=thresholds,
        defaults=defaults or parameters(),
        devices={10: parameters(index=10)} if devices is None else devices,
        failed_resolutions=0,
        forced_gc_runs=0,
        overflows=0,
        unresolved_discards=None,
    )


def neighbors(*entries: Neighbor, family: str = "ipv4") -> Neighbors:
    """The columns of these entries."""
    packed = [ipaddress.ip_address(ip).packed for _, ip, _, _ in entries]
    macs = np.array([mac for _, _, mac, _ in entries], np.uint64)
    ip = np.frombuffer(b"".join(p.ljust(16, b"\0") for p in packed), np.uint8)
    return Neighbors(
        index=np.array([index for index, _, _, _ in entries], np.int32),
        state=np.array([STATES[state] for _, _, _, state in entries], np.uint16),
        mac=macs,
        has_mac=macs != 0,
        ip=ip.reshape(len(entries), 16),
        family=family,
    )

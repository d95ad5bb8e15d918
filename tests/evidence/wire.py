"""What is said on a wire, as the columns that evidence takes, and tables to place it in."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address
from typing import NamedTuple

import numpy as np

from l2exporter.dissect import arp, ndp
from l2exporter.dissect.arp import ArpPackets
from l2exporter.dissect.frames import Times
from l2exporter.dissect.ndp import ADDRESS6, NdpPackets
from l2exporter.limits import Limits
from l2exporter.tables.bindings import Moves, NdpMoves, NdpSightings, Sightings
from l2exporter.tables.state import Tables

WALL = 1_000_000.0
"""The wall clock when the monotonic one shows 0."""


class Said(NamedTuple):
    """A packet: `kind` one of `arp.TYPES` or `ndp.TYPES`, `at` monotonic.

    What is asked for is `target`; of others it is the address itself.
    """

    ip: str
    mac: int
    kind: str = "announcement"
    at: float = 0.0
    target: str = ""
    vlan: int = 0


def arp_packets(said: list[Said]) -> ArpPackets:
    macs = np.array([one.mac for one in said], np.uint64)
    return ArpPackets(
        type=np.array([arp.TYPES.index(one.kind) for one in said], np.uint8),
        vlan=np.array([one.vlan for one in said], np.int32),
        sender_ip=np.array([int(IPv4Address(one.ip)) for one in said], np.uint32),
        sender_mac=macs,
        target_ip=np.array([int(IPv4Address(one.target or one.ip)) for one in said], np.uint32),
        source=macs,
        sent=np.zeros(len(said), np.bool_),
        time=WALL + times(said),
    )


def ndp_packets(said: list[Said]) -> NdpPackets:
    macs = np.array([one.mac for one in said], np.uint64)
    return NdpPackets(
        type=np.array([ndp.TYPES.index(one.kind) for one in said], np.uint8),
        vlan=np.array([one.vlan for one in said], np.int32),
        target=_addresses([one.target or one.ip for one in said]),
        bound=_addresses([one.ip for one in said]),
        mac=macs,
        source=macs,
        override=np.ones(len(said), np.bool_),
        sent=np.zeros(len(said), np.bool_),
        time=WALL + times(said),
    )


def _addresses(texts: list[str]) -> np.ndarray:
    numbers = [divmod(int(IPv6Address(text)), 1 << 64) for text in texts]
    return np.array(numbers, ADDRESS6)


def times(said: list[Said]) -> Times:
    return np.array([one.at for one in said], np.float64)


class Wire:
    """Tables with one device, and what was placed in them of each family."""

    def __init__(self, limits: Limits | None = None) -> None:
        self.tables = Tables(limits or Limits())
        self.device = self.number("eth0")

    def number(self, name: str) -> int:
        number = self.tables.device(name)
        assert number is not None
        return number

    def arp(self, said: list[Said], now: float) -> tuple[Sightings, Moves | None]:
        return self.tables.observe(self.device, arp_packets(said), now)

    def ndp(self, said: list[Said], now: float) -> tuple[NdpSightings, NdpMoves | None]:
        return self.tables.observe6(self.device, ndp_packets(said), now)

"""ARP packets and advertisements of neighbours as the columns that the tables take."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv6Address

import numpy as np

from l2exporter.dissect.arp import REQUEST, ArpPackets
from l2exporter.dissect.ndp import (
    ADDRESS6,
    NEIGHBOR_ADVERTISEMENT_UNSOLICITED,
    Addresses6,
    NdpPackets,
)

Binding = tuple[str | int, int]
"""The address that is bound, as text or as a number, and its MAC as a number."""


def ip(address: str | int) -> int:
    return int(IPv4Address(address))


def packets(
    *bindings: Binding,
    vlan: int | Sequence[int] = 0,
    sent: bool = False,
    time: float | Sequence[float] = 0.0,
) -> ArpPackets:
    """One request of each sender, in this order; `vlan`, `time` are one for all or for each."""
    count = len(bindings)
    return ArpPackets(
        type=np.full(count, REQUEST, np.uint8),
        vlan=np.array(np.broadcast_to(vlan, count), np.int32),
        sender_ip=np.array([ip(address) for address, _ in bindings], np.uint32),
        sender_mac=np.array([mac for _, mac in bindings], np.uint64),
        target_ip=np.zeros(count, np.uint32),
        source=np.array([mac for _, mac in bindings], np.uint64),
        sent=np.full(count, sent, np.bool_),
        time=np.array(np.broadcast_to(time, count), np.float64),
    )


def column6(*addresses: str | int) -> Addresses6:
    """IPv6 addresses as a column."""
    numbers = [int(IPv6Address(address)) for address in addresses]
    return np.array([(number >> 64, number & 2**64 - 1) for number in numbers], ADDRESS6)


def packets6(
    *bindings: Binding,
    vlan: int | Sequence[int] = 0,
    sent: bool = False,
    time: float | Sequence[float] = 0.0,
) -> NdpPackets:
    """One advertisement of each address, in this order; `vlan`, `time` as in `packets`."""
    count = len(bindings)
    bound = column6(*(address for address, _ in bindings))
    return NdpPackets(
        type=np.full(count, NEIGHBOR_ADVERTISEMENT_UNSOLICITED, np.uint8),
        vlan=np.array(np.broadcast_to(vlan, count), np.int32),
        target=bound,
        bound=bound,
        mac=np.array([mac for _, mac in bindings], np.uint64),
        source=np.array([mac for _, mac in bindings], np.uint64),
        override=np.full(count, True, np.bool_),
        sent=np.full(count, sent, np.bool_),
        time=np.array(np.broadcast_to(time, count), np.float64),
    )

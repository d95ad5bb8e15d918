"""ARP packets as the columns that the tables take."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import IPv4Address

import numpy as np

from l2exporter.dissect.arp import REQUEST, ArpPackets

Binding = tuple[str | int, int]
"""The sender's address, in dots or as a number, and its MAC as a number."""


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

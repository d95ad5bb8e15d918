"""The kernel's neighbour tables (ARP, IPv6 neighbour discovery), as columns.

Layouts and numbers: linux/neighbour.h struct ndmsg, NDA_*, NUD_*.
"""

from __future__ import annotations

import socket
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from .columns import Batch, Block, Columns, blocks, concatenate
from .rtnetlink import Netlink
from .tally import Tally

RTM_NEWNEIGH: Final = 28
RTM_DELNEIGH: Final = 29
RTM_GETNEIGH: Final = 30

NDMSG: Final = struct.Struct("=BxxxiHBB")
"""struct ndmsg: family, ifindex, state, flags, type"""

NDA_DST: Final = 1
NDA_LLADDR: Final = 2
MAC_BYTES: Final = 6

STATES: Final = {
    "incomplete": 0x01,
    "reachable": 0x02,
    "stale": 0x04,
    "delay": 0x08,
    "probe": 0x10,
    "failed": 0x20,
    "noarp": 0x40,
    "permanent": 0x80,
}
"""NUD_* by name. An entry has one of them, or 0 while it is new (NUD_NONE)."""

_FAMILIES: Final = {"ipv4": (socket.AF_INET, 4), "ipv6": (socket.AF_INET6, 16)}
_IP_BYTES = 16


@dataclass(frozen=True, slots=True, eq=False)
class Neighbors:
    """The `n` entries of one family's table in this namespace, in no order.

    index    (n,) int32: device
    state    (n,) uint16: NUD_*, 0 for none
    mac      (n,) uint64: 0 where has_mac is False
    has_mac  (n,) bool: False while unresolved, and for hardware with other addresses
    ip       (n, 16) uint8: an IPv4 address in the first four bytes
    family   "ipv4" or "ipv6"
    """

    index: npt.NDArray[np.int32]
    state: npt.NDArray[np.uint16]
    mac: npt.NDArray[np.uint64]
    has_mac: npt.NDArray[np.bool_]
    ip: npt.NDArray[np.uint8]
    family: str


_EMPTY: Final[Columns] = (
    np.empty(0, np.int32),
    np.empty(0, np.uint16),
    np.empty(0, np.uint64),
    np.empty(0, np.bool_),
    np.empty((0, _IP_BYTES), np.uint8),
)


def read_neighbors(netlink: Netlink, family: str, tally: Tally) -> Neighbors:
    """Every entry of the table but proxies (NTF_PROXY); KernelError when it cannot be read."""
    number, size = _FAMILIES[family]

    def gather(batches: Iterator[Batch]) -> Columns:
        found = (b for batch in batches for b in blocks(batch, (RTM_NEWNEIGH,), tally))
        wanted = (b for b in found if b.family == number and b.has(NDA_DST, size))
        return concatenate([_columns(block, size) for block in wanted], _EMPTY)

    request = NDMSG.pack(number, 0, 0, 0, 0)
    index, state, mac, has_mac, ip = netlink.read(RTM_GETNEIGH, request, gather, tally)
    return Neighbors(index, state, mac, has_mac, ip, family)


def _columns(block: Block, size: int) -> Columns:
    ip = np.zeros((len(block), _IP_BYTES), dtype=np.uint8)
    ip[:, :size] = block.payload(NDA_DST, size)
    has_mac = np.full(len(block), block.has(NDA_LLADDR, MAC_BYTES))
    return block.index(), block.state(), block.mac(NDA_LLADDR), has_mac, ip

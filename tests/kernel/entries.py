"""Neighbour messages made by hand after linux/neighbour.h, and a netlink that brings them.

For what this host's kernel cannot do: it has no bridge VLAN filtering, so no NDA_VLAN, and no
offloading hardware. Written apart from the reader, from struct ndmsg and nda_cacheinfo alone.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from typing import TypeVar, cast

from l2exporter.kernel.columns import Batch, split
from l2exporter.kernel.rtnetlink import Netlink
from l2exporter.kernel.tally import Tally
from tests.kernel.build import attr, packet, u32

NEW, DEL = 28, 29
AF_BRIDGE = 7
DST, LLADDR, CACHEINFO, VLAN, VNI, MASTER, FLAGS_EXT = 1, 2, 3, 5, 7, 9, 15

Result = TypeVar("Result")


def entry(
    *attributes: bytes,
    kind: int = NEW,
    family: int = AF_BRIDGE,
    index: int = 3,
    state: int = 0x02,
    flags: int = 0,
) -> bytes:
    """A whole neighbour message; by default of an entry that a bridge learned."""
    body = struct.pack("=BBHiHBB", family, 0, 0, index, state, flags, 0)
    return packet(kind, body + b"".join(attributes))


def mac(number: int) -> bytes:
    return attr(LLADDR, number.to_bytes(6, "big"))


def master(index: int) -> bytes:
    return attr(MASTER, u32(index))


def vlan(vid: int) -> bytes:
    return attr(VLAN, struct.pack("=H", vid))


def times(used: int, updated: int) -> bytes:
    """struct nda_cacheinfo: confirmed, used, updated, references."""
    return attr(CACHEINFO, struct.pack("=IIII", 111, used, updated, 222))


def fdb_entry(
    number: int, *more: bytes, bridge: int = 2, port: int = 3, kind: int = NEW, state: int = 0x02
) -> bytes:
    """An entry as Linux 6.x sends it, 76 bytes; NDA_VLAN, if any, comes last there."""
    common = mac(number), master(bridge), attr(FLAGS_EXT, u32(0)), times(7, 8)
    return entry(*common, *more, kind=kind, index=port, state=state)


class _Recorded:
    def __init__(self, datagrams: tuple[bytes, ...]) -> None:
        self._datagrams = datagrams

    def read(
        self,
        message_type: int,
        body: bytes,
        gather: Callable[[Iterator[Batch]], Result],
        tally: Tally,
    ) -> Result:
        return gather(split([datagram], tally) for datagram in self._datagrams)


def recorded(*datagrams: bytes) -> Netlink:
    """A netlink whose every dump brings these."""
    return cast(Netlink, _Recorded(datagrams))

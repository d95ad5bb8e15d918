"""The forwarding databases of bridges: dumps, and the events between them.

Layouts and numbers: linux/neighbour.h struct ndmsg, NDA_*, NTF_*, NUD_*, struct nda_cacheinfo.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final, TypeVar

import numpy as np
import numpy.typing as npt

from .columns import Batch, Block, Column, Columns, Field, blocks, concatenate
from .neighbors import MAC_BYTES, NDA_LLADDR, NDMSG, RTM_DELNEIGH, RTM_GETNEIGH, RTM_NEWNEIGH
from .rtnetlink import Netlink
from .tally import Tally

KINDS: Final = (
    "local",
    "static",
    "learned",
    "extern_learned",
    "offloaded",
    "sticky",
    "locked",
)
"""What an entry of a bridge is; the first of local, locked, sticky, extern_learned, offloaded and
static that holds, else learned."""

NEVER: Final = 0xFFFFFFFF
"""Stands for a time that the kernel did not tell."""

_AF_BRIDGE = 7
_NDA_CACHEINFO = 3
_NUD_NOARP = 0x40
_NUD_PERMANENT = 0x80
_NTF_EXT_LEARNED = 0x10
_NTF_OFFLOADED = 0x20
_NTF_STICKY = 0x40
_NTF_EXT_LOCKED = 0x02

_VLAN = Field(5, 2, np.uint16)
_MASTER = Field(9, 4, np.uint32)
_FLAGS_EXT = Field(15, 4, np.uint32)
_USED = Field(_NDA_CACHEINFO, 16, np.uint32, offset=4, absent=NEVER)
_UPDATED = Field(_NDA_CACHEINFO, 16, np.uint32, offset=8, absent=NEVER)

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True, eq=False)
class FdbRows:
    """`n` entries of bridges; those of devices' own filter lists and of vxlan are not among them.

    bridge   (n,) int32: index of the bridge
    port     (n,) int32: index of the port; of the bridge itself for its own addresses
    vlan     (n,) uint16: VID, 0 for none
    mac      (n,) uint64
    kind     (n,) uint8: index into KINDS
    state    (n,) uint16: NUD_*
    used     (n,) uint32: since a frame was forwarded to it, in 1/100 s; NEVER when not told
    updated  (n,) uint32: since it was seen as a source, likewise
    """

    bridge: npt.NDArray[np.int32]
    port: npt.NDArray[np.int32]
    vlan: npt.NDArray[np.uint16]
    mac: npt.NDArray[np.uint64]
    kind: npt.NDArray[np.uint8]
    state: npt.NDArray[np.uint16]
    used: npt.NDArray[np.uint32]
    updated: npt.NDArray[np.uint32]


@dataclass(frozen=True, slots=True, eq=False)
class FdbEvents:
    """`n` changes in the order in which they came.

    rows   the entries as they are now, or were before they were removed
    added  (n,) bool: RTM_NEWNEIGH; False for RTM_DELNEIGH

    An entry that moves to another port is added there; no removal from the old port comes before.
    """

    rows: FdbRows
    added: npt.NDArray[np.bool_]


_NO_ROWS: Final[Columns] = (
    np.empty(0, np.int32),
    np.empty(0, np.int32),
    np.empty(0, np.uint16),
    np.empty(0, np.uint64),
    np.empty(0, np.uint8),
    np.empty(0, np.uint16),
    np.empty(0, np.uint32),
    np.empty(0, np.uint32),
)
NO_EVENTS: Final = FdbEvents(FdbRows(*_NO_ROWS), np.empty(0, np.bool_))


def read_fdb(
    netlink: Netlink, tally: Tally, gather: Callable[[Iterator[FdbRows]], Result]
) -> Result:
    """What `gather` makes of every entry of every bridge; KernelError when they cannot be read.

    It takes them as they arrive, some hundred at a time. What it has made is dropped when the dump
    has to be repeated, and gathered anew.

    The kernel does not tell that entries came or went during the dump: one that did may be
    missing or there twice, and its removal can hide another. Events tell the changes.
    """

    def rows(batches: Iterator[Batch]) -> Iterator[FdbRows]:
        for batch in batches:
            for block in blocks(batch, (RTM_NEWNEIGH,), tally):
                if _of_bridge(block):
                    yield FdbRows(*_columns(block))

    request = NDMSG.pack(_AF_BRIDGE, 0, 0, 0, 0)
    return netlink.read(RTM_GETNEIGH, request, lambda batches: gather(rows(batches)), tally)


def fdb_events(batch: Batch, tally: Tally) -> FdbEvents:
    """The changes that a batch tells of; what cannot be one is left out and counted."""
    pieces = [
        (*_columns(block), np.full(len(block), block.type == RTM_NEWNEIGH), block.places)
        for block in blocks(batch, (RTM_NEWNEIGH, RTM_DELNEIGH), tally)
        if _of_bridge(block)
    ]
    empty = (*_NO_ROWS, NO_EVENTS.added, np.empty(0, np.intp))
    *columns, places = concatenate(pieces, empty)
    order = np.argsort(places)
    *rows, added = (column[order] for column in columns)
    return FdbEvents(FdbRows(*rows), added)


def _of_bridge(block: Block) -> bool:
    """Only a bridge's entries have a master, a bridge's own addresses the bridge itself."""
    named = block.has(_MASTER.kind, _MASTER.size) and block.has(NDA_LLADDR, MAC_BYTES)
    return block.family == _AF_BRIDGE and named


def _columns(block: Block) -> Columns:
    """The columns of FdbRows."""
    state = block.state()
    return (
        block.number(_MASTER).view(np.int32),
        block.index(),
        block.number(_VLAN),
        block.mac(NDA_LLADDR),
        _kinds(state, block.flags(), block.number(_FLAGS_EXT)),
        state,
        block.number(_USED),
        block.number(_UPDATED),
    )


def _kinds(state: Column, flags: Column, extended: Column) -> Column:
    kinds = np.full(len(state), KINDS.index("learned"), dtype=np.uint8)
    # What comes first in KINDS is written last.
    kinds[(state & _NUD_NOARP) != 0] = KINDS.index("static")
    kinds[(flags & _NTF_OFFLOADED) != 0] = KINDS.index("offloaded")
    kinds[(flags & _NTF_EXT_LEARNED) != 0] = KINDS.index("extern_learned")
    kinds[(flags & _NTF_STICKY) != 0] = KINDS.index("sticky")
    kinds[(extended & _NTF_EXT_LOCKED) != 0] = KINDS.index("locked")
    kinds[(state & _NUD_PERMANENT) != 0] = KINDS.index("local")
    return kinds

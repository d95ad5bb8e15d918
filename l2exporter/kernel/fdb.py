"""The forwarding databases of bridges and vxlan devices: dumps, and the events between them.

Layouts and numbers: linux/neighbour.h struct ndmsg, NDA_*, NTF_*, NUD_*, struct nda_cacheinfo.
"""

from __future__ import annotations

import socket
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from .. import limits
from ..errors import KernelError
from .bpf import JUMP_EQUAL, LOAD_BYTE, LOAD_HALF, RETURN
from .columns import Batch, Block, Column, Columns, Field, blocks, concatenate, split
from .links import RTM_DELLINK, RTM_NEWLINK, Link, link_change, read_links
from .neighbors import MAC_BYTES, NDA_LLADDR, NDMSG, RTM_DELNEIGH, RTM_GETNEIGH, RTM_NEWNEIGH
from .rtnetlink import RTMGRP_LINK, RTMGRP_NEIGH, Netlink, Overrun
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

VXLAN_KINDS: Final = ("static", "learned", "extern_learned")

NEVER: Final = 0xFFFFFFFF
"""Stands for a time that the kernel did not tell."""

_AF_BRIDGE = 7
_NDA_CACHEINFO = 3
_NUD_NOARP = 0x40
_NUD_PERMANENT = 0x80
_NTF_SELF = 0x02
_NTF_EXT_LEARNED = 0x10
_NTF_OFFLOADED = 0x20
_NTF_STICKY = 0x40
_NTF_EXT_LOCKED = 0x02

_VLAN = Field(5, 2, np.uint16)
_VNI = Field(7, 4, np.uint32)
_MASTER = Field(9, 4, np.uint32)
_FLAGS_EXT = Field(15, 4, np.uint32)
_USED = Field(_NDA_CACHEINFO, 16, np.uint32, offset=4, absent=NEVER)
_UPDATED = Field(_NDA_CACHEINFO, 16, np.uint32, offset=8, absent=NEVER)

_HEARD: Final = (
    (LOAD_HALF, 0, 0, 4),  # nlmsg_type, in the host's byte order: a filter loads big-endian
    (JUMP_EQUAL, 5, 0, socket.htons(RTM_NEWLINK)),
    (JUMP_EQUAL, 4, 0, socket.htons(RTM_DELLINK)),
    (JUMP_EQUAL, 1, 0, socket.htons(RTM_NEWNEIGH)),
    (JUMP_EQUAL, 0, 3, socket.htons(RTM_DELNEIGH)),
    (LOAD_BYTE, 0, 0, 16),  # ndm_family
    (JUMP_EQUAL, 0, 1, _AF_BRIDGE),
    (RETURN, 0, 0, 0xFFFFFFFF),
    (RETURN, 0, 0, 0),
)


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


@dataclass(frozen=True, slots=True, eq=False)
class VxlanRows:
    """`n` entries of one vxlan device, one for each MAC and remote.

    vni   (n,) uint32: 0 where it is the device's own
    kind  (n,) uint8: index into VXLAN_KINDS
    """

    vni: npt.NDArray[np.uint32]
    kind: npt.NDArray[np.uint8]


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
_NO_EVENTS: Final = (*_NO_ROWS, np.empty(0, np.bool_), np.empty(0, np.intp))
_NO_VXLAN_ROWS: Final = (np.empty(0, np.uint32), np.empty(0, np.uint8))


def read_fdb(netlink: Netlink, tally: Tally) -> FdbRows:
    """Every entry of every bridge; KernelError when they cannot be read.

    The kernel does not tell that entries came or went during the dump: one that did may be
    missing or there twice, and its removal can hide another. Events tell the changes.
    """

    def decode(batch: Batch) -> Columns:
        found = blocks(batch, (RTM_NEWNEIGH,), tally)
        return concatenate([_columns(block) for block in found if _of_bridge(block)], _NO_ROWS)

    request = NDMSG.pack(_AF_BRIDGE, 0, 0, 0, 0)
    return FdbRows(*concatenate(netlink.read(RTM_GETNEIGH, request, decode, tally), _NO_ROWS))


def read_vxlan_fdb(netlink: Netlink, index: int, tally: Tally) -> VxlanRows:
    """The entries of the vxlan device `index`; none when it is gone, KernelError when refused."""

    def decode(batch: Batch) -> Columns:
        found = blocks(batch, (RTM_NEWNEIGH,), tally)
        pieces = [_vxlan_columns(block, index) for block in found if block.family == _AF_BRIDGE]
        return concatenate(pieces, _NO_VXLAN_ROWS)

    request = NDMSG.pack(_AF_BRIDGE, index, 0, 0, 0)
    pieces = netlink.read(RTM_GETNEIGH, request, decode, tally)
    return VxlanRows(*concatenate(pieces, _NO_VXLAN_ROWS))


class FdbFeed:
    """FDB changes and links of the namespace that it is made in; for one thread at a time.

    links  by index; kept current by `events()`, read anew by `dump()`: after an Overrun, only then
    tally  of the FDB: its dumps, its events (links' are not counted), what was lost of either

    KernelError when netlink cannot be opened. Needs no capability; with CAP_NET_ADMIN its buffer
    can be larger than net.core.rmem_max.
    """

    def __init__(self) -> None:
        self.tally = Tally()
        self.links: dict[int, Link] = {}
        groups = RTMGRP_NEIGH | RTMGRP_LINK
        self._netlink = Netlink(groups, receive_buffer=limits.FDB_EVENT_BYTES)
        try:
            self._netlink.filter_events(_HEARD)
        except KernelError:
            self._netlink.close()
            raise

    def fileno(self) -> int:
        """Descriptor to poll: readable when events wait."""
        return self._netlink.fileno()

    def close(self) -> None:
        """Close the sockets."""
        self._netlink.close()

    def dump(self) -> FdbRows:
        """The links and every entry as they are now; KernelError when they cannot be read.

        Events that wait are left waiting: they tell what changed before and during the dump.
        """
        try:
            self.links = read_links(self._netlink)
        except KernelError:
            self.tally.failures += 1
            raise
        return read_fdb(self._netlink, self.tally)

    def events(self) -> FdbEvents:
        """The changes that wait, at most FDB_EVENTS_AT_ONCE of them; never blocks.

        Overrun when the kernel had to drop some, and with them all that waited: dump again. After
        any other KernelError too: what this call had read is gone.
        """
        try:
            datagrams = self._netlink.event_datagrams(limits.FDB_EVENTS_AT_ONCE)
        except Overrun:
            self.tally.overruns += 1
            raise
        batch = split(datagrams, self.tally)
        self._follow(batch)
        events = _events(batch, self.tally)
        self.tally.events += len(events.added)
        return events

    def _follow(self, batch: Batch) -> None:
        """Take in what the messages say of links."""
        places = np.flatnonzero((batch.types == RTM_NEWLINK) | (batch.types == RTM_DELLINK))
        if not len(places):
            return
        # A new dict each time: whoever goes through the old one is not disturbed.
        links = self.links.copy()
        for place in places:
            try:
                change = link_change(batch.message(int(place)))
            except KernelError:
                self.tally.malformed += 1
                continue
            if change is not None:
                _apply(links, *change)
        self.links = links


def _apply(links: dict[int, Link], index: int, link: Link | None) -> None:
    if link is None:
        links.pop(index, None)
    else:
        links[index] = link


def _events(batch: Batch, tally: Tally) -> FdbEvents:
    pieces = [
        (*_columns(block), np.full(len(block), block.type == RTM_NEWNEIGH), block.places)
        for block in blocks(batch, (RTM_NEWNEIGH, RTM_DELNEIGH), tally)
        if _of_bridge(block)
    ]
    *columns, places = concatenate(pieces, _NO_EVENTS)
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


def _vxlan_columns(block: Block, index: int) -> Columns:
    """The columns of VxlanRows. Kernels before 4.20 send the entries of every device."""
    flags = block.flags()
    own = ((flags & _NTF_SELF) != 0) & (block.index() == index)
    kinds = np.full(len(block), VXLAN_KINDS.index("learned"), dtype=np.uint8)
    kinds[(block.state() & (_NUD_NOARP | _NUD_PERMANENT)) != 0] = VXLAN_KINDS.index("static")
    kinds[(flags & _NTF_EXT_LEARNED) != 0] = VXLAN_KINDS.index("extern_learned")
    return block.number(_VNI)[own], kinds[own]

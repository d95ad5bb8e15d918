"""The bridges of a namespace as they change: what they forward where, and the devices."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from typing import Final, TypeVar

import numpy as np

from .. import limits
from ..errors import KernelError, Overrun
from .bpf import JUMP_EQUAL, LOAD_BYTE, LOAD_HALF, RETURN
from .columns import Batch, split
from .fdb import FdbEvents, FdbRows, fdb_events, read_fdb
from .links import RTM_DELLINK, RTM_NEWLINK, Link, link_change, read_links
from .neighbors import RTM_DELNEIGH, RTM_NEWNEIGH
from .rtnetlink import RTMGRP_LINK, RTMGRP_NEIGH, Netlink
from .tally import Tally

_AF_BRIDGE = 7

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

Result = TypeVar("Result")


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

    def dump(self, gather: Callable[[Iterator[FdbRows]], Result]) -> Result:
        """The links and every entry as they are now; KernelError when they cannot be read.

        Returns what `gather` makes of the entries, see `read_fdb`. Events that wait are left
        waiting: they tell what changed before and during the dump.
        """
        try:
            self.links = read_links(self._netlink)
        except KernelError:
            self.tally.failures += 1
            raise
        return read_fdb(self._netlink, self.tally, gather)

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
        events = fdb_events(batch, self.tally)
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

"""How each address came to be bound: a router's proxy ARP answers, and never speaks first."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from ..dissect.arp import PROBE, REPLY, REQUEST, TYPES, Macs, Types
from ..dissect.frames import Flags, Times
from ..limits import PROXY_ARP_SUSPECTS
from ..tables.addresses import REFUSED, Rows
from ..tables.bindings import Sightings
from ..tables.sorted_map import NONE, find
from ..tables.state import Tables

SPOKE, REPLIED, ANSWERED, UNASKED = (np.uint8(1 << bit) for bit in range(4))
"""Ways that the present MAC bound the address: it asked or announced, as who has the address does;
it replied; of replies that were looked at: to a question that was seen, or to none."""

QUESTION_SECONDS: Final = 3.0
"""After a question, a reply is to it: hosts ask three times, a second apart (linux/neighbour.h,
mcast_solicit and retrans_time), and proxy_delay is 0.8 s."""

_WAY: Final[Types] = np.full(len(TYPES), SPOKE)
_WAY[REPLY] = REPLIED

Keys = npt.NDArray[np.uint64]


class ProxyArp:
    """Tells addresses that are only answered for from those that a host has, or that it claims.

    All addresses' ways of being bound are kept; whether replies were asked for only of suspects,
    which are chosen now and then: those that replies alone have bound. A spoofer replies unasked.
    """

    def __init__(self, tables: Tables) -> None:
        self._table = tables.addresses
        self._mac: Macs = tables.addresses.columns.add(np.uint64)
        self._ways: Types = tables.addresses.columns.add(np.uint8)
        self._suspects: Keys = np.zeros(0, np.uint64)
        self._since: Times = np.zeros(0, np.float64)
        self._asked: Times = np.zeros(0, np.float64)

    def observe(self, sightings: Sightings, now: float) -> None:
        """Take in a batch; `now` monotonic."""
        bound = np.flatnonzero(sightings.row != REFUSED)
        rows, macs = sightings.row[bound], sightings.packets.sender_mac[bound]
        ways = _WAY[sightings.packets.type[bound]]
        changed = self._mac[rows] != macs
        news = changed | (ways & ~self._ways[rows] != 0)
        if news.any():
            self._ways[rows[changed]] = 0
            self._mac[rows[changed]] = macs[changed]
            self._note(rows[news], macs[news], ways[news])
        if self._suspects.size:
            self._weigh(sightings, now)

    def _note(self, rows: Rows, macs: Macs, ways: Types) -> None:
        """Add ways; those of a MAC that has lost the address in the same batch tell nothing."""
        present = self._mac[rows] == macs
        np.bitwise_or.at(self._ways, rows[present], ways[present])

    def _weigh(self, sightings: Sightings, now: float) -> None:
        """Note which suspects are asked for, and whether replies for them were asked for."""
        packets, segment = sightings.packets, sightings.segment
        asking = np.flatnonzero((packets.type == REQUEST) | (packets.type == PROBE))
        places = find(self._suspects, _keys(segment[asking], packets.target_ip[asking]))
        self._asked[places[places != NONE]] = now
        replies = np.flatnonzero((packets.type == REPLY) & (sightings.row != REFUSED))
        places = find(self._suspects, _keys(segment[replies], packets.sender_ip[replies]))
        replies, places = replies[places != NONE], places[places != NONE]
        asked = now - self._asked[places] <= QUESTION_SECONDS
        # A question that came before anybody looked for it is not one that nobody asked.
        unasked = ~asked & (now - self._since[places] > QUESTION_SECONDS)
        ways = asked * ANSWERED | unasked * UNASKED
        self._note(sightings.row[replies], packets.sender_mac[replies], ways)

    def suspect(self, rows: Rows, now: float) -> None:
        """Look for the questions to those of `rows` that were only replied for, from now on."""
        rows = rows[(self._ways[rows] & (SPOKE | REPLIED)) == REPLIED][:PROXY_ARP_SUSPECTS]
        keys = np.sort(_keys(*self._table.keys(rows)))
        places = find(self._suspects, keys)
        known = places != NONE
        since, asked = np.full(len(keys), now), np.full(len(keys), -np.inf)
        since[known], asked[known] = self._since[places[known]], self._asked[places[known]]
        self._suspects, self._since, self._asked = keys, since, asked

    def answered(self, rows: Rows) -> Flags:
        """Tell which of `rows` were bound by nothing but answers to questions."""
        answered: Flags = self._ways[rows] == REPLIED | ANSWERED
        return answered

    def unasked(self, rows: Rows) -> Flags:
        """Tell for which of `rows` there were replies to no question."""
        unasked: Flags = (self._ways[rows] & UNASKED) != 0
        return unasked


def _keys(segment: Rows, ip: npt.NDArray[np.uint32]) -> Keys:
    return segment.astype(np.uint64) << np.uint64(32) | ip

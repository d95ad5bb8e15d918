"""The few packets of a batch that are looked at one by one, picked while they are columns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from ...dissect.arp import Macs
from ...dissect.frames import Flags, Times
from ...limits import (
    EVIDENCE_ADDRESS_RATE,
    EVIDENCE_BATCH,
    EVIDENCE_BURST,
    EVIDENCE_FILE_RATE,
    EVIDENCE_PROTECTED_BURST,
    EVIDENCE_PROTECTED_RATE,
    EVIDENCE_RATE,
)
from ...tables.addresses import REFUSED, AddressTable
from ...tables.admission import TokenBucket
from ...tables.bindings import AnyMoves
from ...tables.columns import tally
from ...tables.families import Rows
from ...tables.sorted_map import within
from ..seen import Claim, Question
from .packets import AnySightings, Family, macs_of, targets_of
from .windows import NOWHERE, Windows

_SHORT: Final = np.iinfo(np.uint16).max


@dataclass(frozen=True, slots=True)
class PickedClaim:
    """A claim, and the row of its address."""

    family: str
    row: int
    claim: Claim
    at: float


@dataclass(frozen=True, slots=True)
class PickedQuestion:
    """A question, and the window of the address that it is for."""

    family: str
    place: int
    question: Question
    at: float


@dataclass(frozen=True, slots=True)
class Batch:
    """A family's packets with what is known of them; columns of one length.

    at          monotonic, in seconds
    guarded     whether they bind a protected address; `unexpected` whether to a MAC that it
                should not have
    proxies     MACs of sleep proxies, sorted; a column of its own
    now         monotonic, of the batch
    """

    sightings: AnySightings
    moves: AnyMoves | None
    at: Times
    guarded: Flags
    unexpected: Flags
    proxies: Macs
    now: float


class Budget:
    """How many packets may be looked at; what it refuses is counted.

    `of_file`: nobody waits for them, and a batch may be a second long.
    """

    def __init__(self, *, of_file: bool = False) -> None:
        self.refusals = 0
        if of_file:
            self._batch = int(EVIDENCE_FILE_RATE)
            self._protected, self._others = (
                TokenBucket(EVIDENCE_FILE_RATE, EVIDENCE_FILE_RATE) for _ in range(2)
            )
        else:
            self._batch = EVIDENCE_BATCH
            self._protected = TokenBucket(EVIDENCE_PROTECTED_BURST, EVIDENCE_PROTECTED_RATE)
            self._others = TokenBucket(EVIDENCE_BURST, EVIDENCE_RATE)

    def protected(self, wanted: int, now: float) -> int:
        """Return how many of `wanted` packets of protected addresses may be looked at."""
        return self._protected.take(min(wanted, self._batch), now)

    def others(self, wanted: int, now: float) -> int:
        """Return how many of `wanted` other packets may be."""
        return self._others.take(min(wanted, self._batch), now)


class Picker:
    """Picks one family's claims and questions.

    Claims: of addresses whose moves wait, of those that are `watched`, by sleep proxies that
    announce, and unexpected ones of protected addresses. Protected addresses come first, then
    watched ones; of each address the first few of a second, those of which fewest were taken first.
    """

    def __init__(
        self, family: Family, addresses: AddressTable, windows: Windows, budget: Budget
    ) -> None:
        self.family = family
        self._addresses = addresses
        self._windows = windows
        self._budget = budget
        self._second: npt.NDArray[np.int64] = addresses.columns.add(np.int64)
        self._taken: npt.NDArray[np.uint64] = addresses.columns.add(np.uint64)

    def claims(self, batch: Batch) -> list[PickedClaim]:
        """Return the claims of a batch that matter, in the order of the wire."""
        wanted = self._wanted(batch)
        if not wanted.size:
            return []
        chosen = self._choose(batch, wanted)
        self._budget.refusals += len(wanted) - len(chosen)
        return self._claims(batch, chosen)

    def _wanted(self, batch: Batch) -> Rows:
        """Return the positions of packets that matter."""
        row, types = batch.sightings.row, batch.sightings.packets.type
        wanted = self._addresses.watched[row] | batch.unexpected
        if len(self._windows):
            wanted |= self._windows.place[row] != NOWHERE
        if batch.proxies.size:
            announcing = np.flatnonzero(self.family.announcing[types])
            macs = macs_of(batch.sightings)[announcing]
            wanted[announcing[within(batch.proxies, macs)]] = True
        return np.flatnonzero(wanted & (row != REFUSED))

    def _choose(self, batch: Batch, positions: Rows) -> Rows:
        """Return the positions that there is time for, sorted."""
        rows = batch.sightings.row[positions]
        second = int(batch.now)
        load = np.where(self._second[rows] == second, self._taken[rows], 0) + _ranks(rows)
        fits = load < EVIDENCE_ADDRESS_RATE
        positions, rows, load = positions[fits], rows[fits], load[fits]
        guarded = batch.guarded[positions]
        urgency = load - EVIDENCE_ADDRESS_RATE * self._addresses.watched[rows]
        order = np.argsort(urgency.astype(np.int16), kind="stable")
        first, others = order[guarded[order]], order[~guarded[order]]
        first = first[: self._budget.protected(len(first), batch.now)]
        others = others[: self._budget.others(len(others), batch.now)]
        chosen: Rows = np.sort(np.concatenate([first, others]))
        self._note(rows[chosen], second)
        return positions.take(chosen)

    def _note(self, rows: Rows, second: int) -> None:
        self._taken[rows[self._second[rows] != second]] = 0
        self._second[rows] = second
        tally(self._taken, rows)

    def _claims(self, batch: Batch, positions: Rows) -> list[PickedClaim]:
        sightings, packets = batch.sightings, batch.sightings.packets
        rows, macs = sightings.row[positions], macs_of(sightings)[positions]
        known = _known(batch, positions)
        kinds, name = self.family.kinds, self.family.name
        columns = (rows, sightings.segment[positions], macs, packets.type[positions])
        others = (packets.sent[positions], packets.time[positions], batch.at[positions])
        return [
            PickedClaim(
                name,
                row,
                Claim(
                    segment, self._addresses.address(row), mac, before, kinds[kind], sent, time, at
                ),
                at,
            )
            for row, segment, mac, kind, sent, time, at, before in zip(
                *(column.tolist() for column in (*columns, *others)), known, strict=True
            )
        ]

    def questions(self, batch: Batch) -> list[PickedQuestion]:
        """Return for each open window the first question of the batch for its address, if any."""
        packets = batch.sightings.packets
        asking = np.flatnonzero(self.family.asking[packets.type]) if len(self._windows) else ()
        if not len(asking):
            return []
        targets = targets_of(batch.sightings)[asking]
        places = self._windows.of(batch.sightings.segment[asking], targets)
        asked = np.flatnonzero(places != NOWHERE)
        first = np.sort(asked[np.unique(places[asked], return_index=True)[1]])
        granted = self._budget.others(len(first), batch.now)
        self._budget.refusals += len(first) - granted
        return [
            self._question(batch, int(places[at]), int(asking[at]))
            for at in first[:granted].tolist()
        ]

    def _question(self, batch: Batch, place: int, position: int) -> PickedQuestion:
        packets, at = batch.sightings.packets, float(batch.at[position])
        segment, ip = self._windows.address_key(place)
        question = Question(
            segment=segment,
            ip=ip,
            mac=int(packets.source[position]),
            probe=int(packets.type[position]) == self.family.probing,
            at=at,
        )
        return PickedQuestion(self.family.name, place, question, at)


def _known(batch: Batch, positions: Rows) -> list[int | None]:
    """Return the MAC that each claim's address was bound to before.

    A packet that neither moves its address nor is its first sight agrees with what is bound.
    """
    known = macs_of(batch.sightings).copy()
    if batch.moves is not None:
        known[batch.moves.position] = batch.moves.from_mac
    new = np.zeros(len(known), np.bool_)
    new[batch.sightings.new] = True
    pairs = zip(known[positions].tolist(), new[positions].tolist(), strict=True)
    return [None if first else mac for mac, first in pairs]


def _ranks(rows: Rows) -> Rows:
    """Return how many of the same row are before each."""
    # numpy sorts numbers of 16 bits ten times faster.
    short = rows.astype(np.uint16) if rows.max(initial=0) <= _SHORT else rows
    order = np.argsort(short, kind="stable")
    grouped = rows[order]
    begins = np.flatnonzero(np.concatenate([[True], grouped[1:] != grouped[:-1]]))
    starts = np.repeat(begins, np.diff(np.append(begins, len(rows))))
    ranks = np.empty(len(rows), np.intp)
    ranks[order] = np.arange(len(rows)) - starts
    return ranks

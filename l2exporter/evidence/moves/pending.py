"""Moves that wait until it is known what they were."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from ...dissect.frames import Flags, Times
from ...dissect.reader import Address
from ...limits import PENDING_JUDGED_AT_ONCE, PENDING_MACS, PENDING_PAIRS
from ...tables.addresses import AddressTable
from ...tables.bindings import AnyMoves
from ...tables.families import Rows
from ..seen import Claim, Key, Question
from .behavior import Behavior, ClaimFigures, PairFigures
from .windows import NOWHERE, Windows

Verdicts = Mapping[tuple[int, int], str]

UNKNOWN: Final = "unknown"

SERIOUS: Final = ("suspected_spoofing", "duplicate_address", UNKNOWN)
"""Causes that somebody has to look at, the worst first: one of them among an address's pairs is
the cause of those moves too of which the pair was not kept."""

QUESTION_SECONDS: Final = 3.0
"""A reply within so many of a question, and of the move that opens a window, was asked for: Linux
asks three times, a second apart (mcast_solicit, retrans_time in net/ipv4/arp.c). What was asked
before an address moved is not known."""


@dataclass(frozen=True, slots=True)
class Settled:
    """Equal moves of one address, classed; `time` is the wall clock of the last of them.

    family    `ipv4` or `ipv6`
    from_mac  and `to_mac`: of moves whose pairs were not kept apart, those of the latest of all
    cause     one of `causes.CAUSES`
    """

    segment: int
    ip: Address
    family: str
    from_mac: int
    to_mac: int
    cause: str
    count: int
    time: float


@dataclass(frozen=True, slots=True)
class Unjudged:
    """Moves that found no place to wait in, `unknown` at once; columns, one row a move."""

    family: str
    segment: Rows
    row: Rows


class Pending:
    """Every move of a tracked address waits in its address's window, is judged with it, and is in
    exactly one Settled or Unjudged; but what waits on a segment that is removed goes with it.

    addresses     the address tables by family
    judge         the cause of each pair, from what was seen and the present time, monotonic
    protects      tells of an address whether no identity may excuse a move of it
    """

    def __init__(
        self,
        addresses: Mapping[str, AddressTable],
        judge: Callable[[Behavior, float], Verdicts],
        protects: Callable[[Key], bool],
    ) -> None:
        self.windows = {family: Windows(table) for family, table in addresses.items()}
        self._judge = judge
        self._protects = protects
        self._behaviors: dict[tuple[str, int], Behavior] = {}
        self._asked: dict[tuple[str, int], float] = {}

    def observe(self, family: str, moves: AnyMoves, at: Times, guarded: Flags) -> list[Unjudged]:
        """Let the moves wait, all of them; `at` and `guarded` are columns beside theirs."""
        windows = self.windows[family]
        homeless = windows.observe(moves, at, guarded)
        if not homeless.size:
            return []
        rows = moves.row[homeless]
        return [Unjudged(family, windows.segments(rows), rows)]

    def claim(self, family: str, row: int, claim: Claim) -> None:
        """Take a packet into what is known of its address's window, if one is open."""
        place = int(self.windows[family].place[row])
        if place == NOWHERE:
            return
        behavior = self._behavior(family, place)
        if claim.known is not None and claim.known != claim.mac:
            _move(behavior, claim.known, claim)
        asked = self._asked.get((family, place), behavior.began)
        _claim(behavior, claim, asked=abs(claim.at - asked) <= QUESTION_SECONDS)

    def question(self, family: str, place: int, question: Question) -> None:
        """Somebody asks for the address of a window."""
        self._asked[family, place] = question.at

    def _behavior(self, family: str, place: int) -> Behavior:
        behavior = self._behaviors.get((family, place))
        if behavior is None:
            windows = self.windows[family]
            behavior = Behavior(
                key=windows.address_key(place),
                protected=False,
                began=float(windows.opened[place]),
                until=float(windows.until[place]),
                time=float(windows.time[place]),
            )
            self._behaviors[family, place] = behavior
        return behavior

    def settle(self, now: float) -> list[Settled]:
        """Judge what has waited long enough at `now`, monotonic: some at a time, oldest first."""
        settled: list[Settled] = []
        for family, windows in self.windows.items():
            due = windows.due(now)
            if due.size:
                settled += self._close(family, due[:PENDING_JUDGED_AT_ONCE], now)
        return settled

    def next_due(self) -> float:
        """Return when the oldest of the moves have waited long enough; infinite when none wait."""
        return min(windows.next_due for windows in self.windows.values())

    def finish(self, now: float) -> list[Settled]:
        """Judge all that waits by what was seen."""
        settled: list[Settled] = []
        for family, windows in self.windows.items():
            settled += self._close(family, windows.due(np.finfo(np.float64).max), now)
        return settled

    def _close(self, family: str, places: Rows, now: float) -> list[Settled]:
        settled = [
            verdict for place in places.tolist() for verdict in self._verdicts(family, place, now)
        ]
        self._forget(family, places)
        return settled

    def _forget(self, family: str, places: Rows) -> None:
        for place in places.tolist():
            self._behaviors.pop((family, place), None)
            self._asked.pop((family, place), None)
        self.windows[family].close(places)

    def _verdicts(self, family: str, place: int, now: float) -> list[Settled]:
        """Judge the moves of one window, each once."""
        windows = self.windows[family]
        behavior = self._complete(family, place)
        segment, ip = behavior.key
        causes = self._judge(behavior, now)
        settled = [
            Settled(segment, ip, family, *pair, causes[pair], figures.count, figures.time)
            for pair, figures in behavior.pairs.items()
        ]
        settled.sort(key=lambda verdict: verdict.time)
        if behavior.others:
            from_mac, to_mac = windows.last[place].tolist()
            cause, count = _of_the_rest(behavior, causes), behavior.others
            settled.append(
                Settled(segment, ip, family, from_mac, to_mac, cause, count, behavior.time)
            )
        return settled

    def _complete(self, family: str, place: int) -> Behavior:
        """Return what was seen, with the moves that nobody looked at among the others."""
        windows = self.windows[family]
        behavior = self._behavior(family, place)
        if not behavior.pairs:
            from_mac, to_mac = windows.first[place].tolist()
            began = behavior.began
            figures = PairFigures(1, began, began, float(windows.began[place]))
            behavior.pairs[from_mac, to_mac] = figures
            behavior.claims.setdefault(to_mac, ClaimFigures(began, began, 1, seconds=1))
        kept = sum(figures.count for figures in behavior.pairs.values())
        behavior.others = int(windows.moves[place]) - kept
        behavior.time = float(windows.time[place])
        behavior.protected = self._protects(behavior.key)
        return behavior

    def change_segment(self, source: int, target: int | None) -> None:
        """A segment is another's now, or is no more: then what waits on it goes with its totals."""
        for family, windows in self.windows.items():
            places = windows.at_segment(source)
            if target is None:
                self._forget(family, places)
                continue
            windows.relocate(places, target)
            for place in places.tolist():
                if (behavior := self._behaviors.get((family, place))) is not None:
                    behavior.key = target, behavior.key[1]

    def waiting(self, family: str, segments: int) -> npt.NDArray[np.uint64]:
        """Return how many moves wait on each of so many segments."""
        counts = np.zeros(segments, np.uint64)
        np.add.at(counts, *self.windows[family].waiting())
        return counts

    def __len__(self) -> int:
        return sum(map(len, self.windows.values()))


def _move(behavior: Behavior, from_mac: int, claim: Claim) -> None:
    """Count a move with its pair; beyond the cap it is among the others at the end."""
    pair = from_mac, claim.mac
    figures = behavior.pairs.get(pair)
    if figures is not None:
        figures.count += 1
        figures.last, figures.time = claim.at, claim.time
    elif len(behavior.pairs) < PENDING_PAIRS:
        behavior.pairs[pair] = PairFigures(1, claim.at, claim.at, claim.time)


def _claim(behavior: Behavior, claim: Claim, *, asked: bool) -> None:
    figures = behavior.claims.get(claim.mac)
    if figures is None:
        if len(behavior.claims) >= PENDING_MACS and not _in_first_move(behavior, claim.mac):
            return
        figures = behavior.claims[claim.mac] = ClaimFigures(claim.at, claim.at)
    reply = claim.kind in ("reply", "solicited")
    if not figures.count or int(claim.at) != int(figures.last):
        figures.seconds += 1
    figures.last = claim.at
    figures.count += 1
    figures.announcements += claim.announces
    figures.replies += reply
    figures.unsolicited += reply and not asked


def _in_first_move(behavior: Behavior, mac: int) -> bool:
    """Tell whether the address moved from or to this MAC first: room is kept for these."""
    return mac in next(iter(behavior.pairs), ())


def _of_the_rest(behavior: Behavior, causes: Verdicts) -> str:
    """Return the most serious of the causes, or else that of the most moves."""
    found = set(causes.values())
    for cause in SERIOUS:
        if cause in found:
            return cause
    return causes[max(behavior.pairs, key=lambda pair: behavior.pairs[pair].count)]

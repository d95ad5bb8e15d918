"""Protected addresses where they were seen: the MACs that they should have, and who claims them."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from ...dissect.arp import Macs
from ...dissect.frames import Flags, Times
from ...limits import EXPECTED_BURST, EXPECTED_MACS, EXPECTED_RATE, GUARDED
from ...tables.addresses import Rows
from ...tables.admission import TokenBucket
from ...tables.columns import tally
from ...tables.usage import Usage
from ..moves.pending import Settled
from ..seen import Key
from .takers import Takers

NONE: Final = 0

TAKES_TURNS: Final = frozenset({"failover", "same_host_interface"})
"""Causes after which both MACs are expected: the address may return to the other."""

SUCCEEDS: Final = frozenset({"dhcp_reassignment"})
"""Causes after which only the new MAC is expected."""

ACCUSES: Final = frozenset({"suspected_spoofing", "duplicate_address", "sleep_proxy_hold"})
"""Causes after which the new MAC does not come to be expected, however long it stays: a sleep proxy
holds an address for days."""

ALONE_SECONDS: Final = 3_600.0
"""A MAC that no verdict accuses, and that alone claims the address for so long, is its new one:
a router was replaced. An ARP entry is asked for again every few minutes, so the old one is gone."""


@dataclass(slots=True)
class Guard:
    """A protected address on a segment; `fixed` when the configuration names its MAC."""

    key: Key
    role: str
    fixed: bool = False
    moves: Counter[str] = field(default_factory=Counter)
    takers: Takers = field(default_factory=Takers)


@dataclass(frozen=True, slots=True)
class GuardFigures:
    """What a scrape shows of a guard.

    expected    MACs that the address should have, the latest first; none while unknown
    claims      packets that bound it to any other
    claimant    the MAC of the last of them, `claimed` its wall clock; 0 while there was none
    moves       by cause
    """

    key: Key
    role: str
    expected: tuple[int, ...]
    claims: int
    claimant: int
    claimed: float
    moves: dict[str, int]


class Guards:
    """At most GUARDED pairs of segment and address, numbered from 1 on; NONE is no guard.

    Who is there first stays: claims and moves are counted for as long as the address is protected.
    """

    def __init__(self) -> None:
        rows = GUARDED + 1
        self._expected: Macs = np.zeros((rows, EXPECTED_MACS), np.uint64)
        self._claims: Macs = np.zeros(rows, np.uint64)
        self._claimant: Macs = np.zeros(rows, np.uint64)
        self._claimed: Times = np.zeros(rows, np.float64)
        self._rival: Macs = np.zeros(rows, np.uint64)
        self._rival_since: Times = np.zeros(rows, np.float64)
        self._rival_seen: Times = np.zeros(rows, np.float64)
        self._guards: dict[int, Guard] = {}
        self._number: dict[Key, int] = {}
        self._free = list(range(GUARDED, NONE, -1))
        self._refusals = 0
        self._changes = TokenBucket(EXPECTED_BURST, EXPECTED_RATE)

    def find(self, key: Key) -> int:
        """Return the guard's number, or NONE."""
        return self._number.get(key, NONE)

    def open(self, key: Key, role: str) -> int:
        """Return the number of the guard of `key`, known or new; NONE when no place is left."""
        number = self._number.get(key, NONE)
        if number == NONE:
            if not self._free:
                self._refusals += 1
                return NONE
            number = self._number[key] = self._free.pop()
            self._guards[number] = Guard(key, role)
        return number

    def close(self, number: int) -> None:
        """Forget a guard and its figures."""
        del self._number[self._guards.pop(number).key]
        for column in self._columns():
            column[number] = 0
        self._free.append(number)

    def _columns(self) -> tuple[Macs | Times, ...]:
        return (
            *(self._expected, self._claims, self._claimant, self._claimed),
            *(self._rival, self._rival_since, self._rival_seen),
        )

    def items(self) -> list[tuple[int, Guard]]:
        """Return the guards by number."""
        return list(self._guards.items())

    def guard(self, number: int) -> Guard:
        """Return what a number stands for; KeyError when it is nothing."""
        return self._guards[number]

    def fix(self, number: int, mac: int | None) -> None:
        """Set the MAC that the configuration names; None: it is learned from now on."""
        guard = self._guards[number]
        if mac is not None:
            self._expect(number, [mac])
        elif guard.fixed:
            self._expect(number, [])
        guard.fixed = mac is not None

    def learn(self, number: int, mac: int) -> None:
        """The address is bound to `mac`: expected, when nothing is known yet."""
        if mac and not self._expected[number, 0]:
            self._expected[number, 0] = mac

    def expected(self, number: int) -> tuple[int, ...]:
        """Return the MACs that the address should have, the latest first."""
        return tuple(mac for mac in self._expected[number].tolist() if mac)

    def _expect(self, number: int, macs: list[int]) -> None:
        self._expected[number] = (macs + [0] * EXPECTED_MACS)[:EXPECTED_MACS]
        if int(self._rival[number]) in macs:
            self._rival[number] = 0

    def claim(self, numbers: Rows, macs: Macs, time: Times, at: Times) -> Flags:
        """Count the claims by unexpected MACs; tell which they are. Columns of one length.

        `time` wall clock, `at` monotonic. Where no MAC is expected yet, none is unexpected.
        """
        expected = self._expected[numbers]
        unexpected: Flags = (expected[:, 0] != 0) & (expected != macs[:, np.newaxis]).all(axis=1)
        self._rival[numbers[~unexpected]] = 0
        if unexpected.any():
            which = numbers[unexpected]
            tally(self._claims, which)
            # With a repeated number the last assignment stands, and that is the latest claim.
            self._claimant[which] = macs[unexpected]
            self._claimed[which] = time[unexpected]
            self._rivals(which, macs[unexpected], at[unexpected])
        return unexpected

    def accuse(self, number: int, mac: int, time: float) -> None:
        """Count a claim that is made in words: it binds nothing, so it makes no rival."""
        self._claims[number] += np.uint64(1)
        self._claimant[number] = mac
        self._claimed[number] = time

    def _rivals(self, numbers: Rows, macs: Macs, at: Times) -> None:
        """Note who claims, and since when nobody else does."""
        changed = self._rival[numbers] != macs
        self._rival_since[numbers[changed]] = at[changed]
        self._rival[numbers] = macs
        self._rival_seen[numbers] = at

    def settled(self, number: int, verdict: Settled, at: float) -> None:
        """Count the moves; learn from the cause which MACs to expect."""
        guard = self._guards[number]
        guard.moves[verdict.cause] += verdict.count
        expected = self.expected(number)
        mac = verdict.to_mac
        if verdict.cause not in TAKES_TURNS | SUCCEEDS:
            guard.takers.moved(verdict.from_mac, mac, expected, at)
        if not mac or mac in expected:
            return
        if verdict.cause in ACCUSES:
            guard.takers.accuse(mac, at)
        elif not guard.fixed and verdict.cause in TAKES_TURNS:
            self._succeed(number, [mac, *expected], at)
        elif not guard.fixed and verdict.cause in SUCCEEDS:
            self._succeed(number, [mac], at)

    def _succeed(self, number: int, macs: list[int], at: float) -> None:
        if self._changes.take(1, at):
            self._expect(number, macs)

    def repeaters(self, number: int, now: float) -> frozenset[int]:
        """Return MACs that took the address for no benign reason, and lost it lately."""
        return self._guards[number].takers.repeaters(self.expected(number), now)

    def settle(self, now: float) -> None:
        """Let a MAC that has had an address for itself for long be the expected one."""
        alone = self._rival_seen - self._rival_since >= ALONE_SECONDS
        alone &= self._rival != 0
        for number in np.flatnonzero(alone).tolist():
            guard, rival = self._guards[number], int(self._rival[number])
            if not guard.fixed and rival not in guard.takers.accused:
                self._succeed(number, [rival], now)

    def merge(self, source: int, target: int) -> None:
        """Add the figures of one guard to another's, and forget it."""
        self._guards[target].moves += self._guards[source].moves
        self._guards[target].takers.merge(self._guards[source].takers)
        self._claims[target] += self._claims[source]
        if self._claimed[source] > self._claimed[target]:
            self._claimed[target] = self._claimed[source]
            self._claimant[target] = self._claimant[source]
        self.close(source)

    def rename(self, number: int, key: Key) -> None:
        """Let a guard stand for another segment, where there is none for its address."""
        guard = self._guards[number]
        del self._number[guard.key]
        guard.key = key
        self._number[key] = number

    def figures(self) -> list[GuardFigures]:
        """Return what there is to show, guard by guard."""
        return [
            GuardFigures(
                guard.key,
                guard.role,
                self.expected(number),
                int(self._claims[number]),
                int(self._claimant[number]),
                float(self._claimed[number]),
                dict(guard.moves),
            )
            for number, guard in self._guards.items()
        ]

    def usage(self) -> Usage:
        """Tell how full it is; a refusal is a sight of a protected address that is not watched."""
        return Usage("protected_addresses", len(self._guards), GUARDED, 0, self._refusals)

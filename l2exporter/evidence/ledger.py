"""The ledger: everything that tells who holds an address goes in here, in the order of time."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from operator import attrgetter
from typing import Final

import numpy as np

from ..dissect.arp import Macs
from ..dissect.frames import Times
from ..limits import PENDING_RESERVE, PENDING_WINDOWS
from ..tables.addresses import REFUSED
from ..tables.bindings import AnyMoves, Moves, NdpMoves, NdpSightings, Sightings
from ..tables.state import Tables
from ..tables.usage import Usage
from .hosts.identities import Identities
from .hosts.leases import Leases
from .hosts.routers import Routers
from .hosts.virtual_routers import VirtualRouters
from .moves.behavior import Behavior
from .moves.causes import Knowledge, classify
from .moves.claims import Batch, Budget, PickedClaim, PickedQuestion, Picker
from .moves.packets import IPV4, IPV6, AnySightings
from .moves.pending import Pending, Settled, Verdicts
from .moves.windows import SETTLE_SECONDS
from .protection.protected import ProtectedAddresses
from .seen import Claim, Key, Seen
from .sleep.holds import Dropped, Holds, Transition
from .sleep.proxies import Proxies

STEP_SECONDS: Final = 1.0
"""Time passes in such steps where a capture has a gap: holds end before moves are judged."""

WATCH_SECONDS: Final = 10.0
"""How often it is looked up which rows the held addresses have: some were evicted and are back."""

_MOST_STEPS: Final = int(2 * SETTLE_SECONDS / STEP_SECONDS)


class Ledger:
    """Who gets what, and when. All under `tables.lock`; `now` monotonic, `wall` wall clock.

    In a batch, first what is counted as columns: claims on protected addresses, and moves, which
    open the windows that make their packets worth a look. Then one by one, in the order of time:
    what was dissected goes to those who know proxies, leases, virtual routers, identities, routers,
    protected addresses and holds; a claim to protected addresses, holds, and the window of its
    address. Windows are judged later: holds know the claim by then.

    `of_file`: the frames are a capture file's, of which more can be looked at one by one.
    """

    def __init__(self, tables: Tables, *, of_file: bool = False) -> None:
        self._tables = tables
        self.proxies = Proxies()
        self.holds = Holds(self.proxies)
        self.leases = Leases()
        self.virtual_routers = VirtualRouters()
        self.identities = Identities()
        self.protected = ProtectedAddresses(tables, self.proxies.is_proxy)
        self.routers = Routers(self.protected.protects)
        self.knowledge = Knowledge(
            self.holds, self.leases, self.virtual_routers, self.identities, self.proxies
        )
        self._addresses = {"ipv4": tables.addresses, "ipv6": tables.addresses6}
        self.pending = Pending(self._addresses, self._judge, self.protected.protects)
        self._budget = Budget(of_file=of_file)
        self._pickers = [
            Picker(family, self._addresses[family.name], windows, self._budget)
            for family, windows in zip((IPV4, IPV6), self.pending.windows.values(), strict=True)
        ]
        self._settled = -np.inf
        self._watch_due = -np.inf

    def _judge(self, behavior: Behavior, now: float) -> Verdicts:
        behavior.repeaters = self.protected.repeaters(behavior.key, now)
        return classify(behavior, self.knowledge, now)

    def observe(  # noqa: PLR0917 - a batch brings so much
        self,
        sightings: Sightings,
        moves: Moves | None,
        sightings6: NdpSightings,
        moves6: NdpMoves | None,
        at4: Times,
        at6: Times,
        seen: Sequence[Seen],
        now: float,
        wall: float,
    ) -> list[object]:
        """Take in a batch of a device; return what follows from it, in the order of time.

        That is Transition, Wake, Dropped, Settled, Unjudged, ProtectedClaim. `at4` and `at6` are
        the monotonic times of the packets behind `sightings` and `sightings6`. Time has passed
        until the first of them then: `settle` brings it to `now`.
        """
        self._follow_segments()
        begin = min([now, *at4[:1].tolist(), *at6[:1].tolist(), *(one.at for one in seen[:1])])
        derived = self._pass(begin, wall - (now - begin))
        proxies = self.proxies.macs()
        items: list[Seen | PickedClaim | PickedQuestion] = list(seen)
        for picker, packets, moved, at in (
            (self._pickers[0], sightings, moves, at4),
            (self._pickers[1], sightings6, moves6, at6),
        ):
            if not len(packets.row):
                continue
            batch = self._batch(packets, moved, at, proxies, now)
            if moved is not None:
                derived += self._wait(picker.family.name, moved, batch)
            items += picker.claims(batch)
            items += picker.questions(batch)
        for item in sorted(items, key=attrgetter("at")):
            derived += self._take(item)
        return derived

    def _batch(
        self,
        sightings: AnySightings,
        moves: AnyMoves | None,
        at: Times,
        proxies: Macs,
        now: float,
    ) -> Batch:
        """Count what is counted as columns; tell what is known of each packet."""
        unexpected = self.protected.note(sightings, at)
        guarded = self.protected.guarded(sightings)
        return Batch(sightings, moves, at, guarded, unexpected, proxies, now)

    def _wait(self, family: str, moves: AnyMoves, batch: Batch) -> Sequence[object]:
        places = moves.position
        return self.pending.observe(family, moves, batch.at[places], batch.guarded[places])

    def _take(self, item: Seen | PickedClaim | PickedQuestion) -> list[object]:
        if isinstance(item, PickedQuestion):
            self.pending.question(item.family, item.place, item.question)
            return []
        if isinstance(item, PickedClaim):
            return self._claim(item.family, item.row, item.claim)
        return self._seen(item)

    def _claim(self, family: str, row: int, claim: Claim) -> list[object]:
        derived = [*self.protected.claim(claim), *self.holds.claim(claim)]
        self.pending.claim(family, row, claim)
        watched = self.holds.is_watched(claim.key, claim.at)
        self._addresses[family].watched[row] = watched
        return derived

    def _seen(self, seen: Seen) -> list[object]:
        """Proxies come first: holds, and who is protected, ask whether its sender is one."""
        self.proxies.observe(seen)
        for knower in (self.leases, self.virtual_routers, self.identities, self.routers):
            knower.observe(seen)
        self.protected.observe(seen)
        derived = self.holds.seen(seen)
        self._watch(derived, seen.at)
        return [*derived, *self.protected.seen(seen)]

    def settle(self, now: float, wall: float) -> list[object]:
        """Let time pass; return what follows from it, as `observe` does."""
        self._follow_segments()
        return self._pass(now, wall)

    def finish(self, now: float, wall: float) -> list[object]:
        """The capture has ended: judge what waits by what was seen."""
        derived = self.settle(now, wall)
        ended = self.holds.finish(now, wall)
        settled = self.pending.finish(now)
        self._expect(settled)
        return [*derived, *ended, *settled]

    def _pass(self, now: float, wall: float) -> list[object]:
        """Let time pass in steps while something is due before `now`, then to `now`.

        It never goes back: packets of one device may have waited longer than another's.
        """
        derived: list[object] = []
        late = max(0.0, self._settled - now)
        now, wall = now + late, wall + late
        due = max(self.pending.next_due(), self._settled + STEP_SECONDS)
        # A file's times may lie decades apart.
        end = min(now, due + _MOST_STEPS * STEP_SECONDS)
        steps = np.arange(due, end, STEP_SECONDS).tolist() if due < now else ()
        for at in (*steps, now):
            ended = self.holds.settle(at, wall - (now - at))
            self._watch(ended, at)
            settled = self.pending.settle(at)
            self._expect(settled)
            derived += [*ended, *settled]
        self.protected.settle(now)
        self.routers.settle(now)
        self._settled = now
        if now >= self._watch_due:
            self._watch_due = now + WATCH_SECONDS
            self._watch_all(now)
        return derived

    def _expect(self, settled: Iterable[Settled]) -> None:
        for verdict in settled:
            self.protected.settled(verdict)

    def _watch(self, derived: Iterable[object], now: float) -> None:
        """Look at every packet of addresses that are held, were lately, or may be."""
        for event in derived:
            if isinstance(event, Transition | Dropped):
                self._watch_address((event.segment, event.ip), now)

    def _watch_address(self, key: Key, now: float) -> None:
        table = self._addresses[f"ipv{key[1].version}"]
        row = table.find(*key)
        if row != REFUSED:
            table.watched[row] = self.holds.is_watched(key, now)

    def _watch_all(self, now: float) -> None:
        for table in self._addresses.values():
            rows = np.flatnonzero(table.watched)
            segments = table.keys(rows)[0].tolist()
            for row, segment in zip(rows.tolist(), segments, strict=True):
                table.watched[row] = self.holds.is_watched((segment, table.address(row)), now)
        for hold in self.holds.current():
            self._watch_address(hold.key, now)

    def _follow_segments(self) -> None:
        """Segments that are gone, or have become part of another, are so for everybody."""
        for row, target in self._tables.take_changes():
            self.holds.change_segment(row, target)
            self.leases.change_segment(row, target)
            self.virtual_routers.change_segment(row, target)
            self.identities.change_segment(row, target)
            self.routers.change_segment(row, target)
            self.protected.change_segment(row, target)
            self.pending.change_segment(row, target)

    def usage(self) -> list[Usage]:
        """Tell how full each table of evidence is; of `evidence` itself, windows are entries, and
        refusals packets that nobody looked at.
        """
        limit = len(self._addresses) * (PENDING_WINDOWS + PENDING_RESERVE)
        evidence = Usage("evidence", len(self.pending), limit, 0, self._budget.refusals)
        return [
            evidence,
            *(self.proxies.usage(), *self.holds.usage(), self.leases.usage()),
            *(self.virtual_routers.usage(), self.identities.usage()),
            *(self.routers.usage(), *self.protected.usage()),
        ]

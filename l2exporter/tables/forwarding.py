"""The forwarding databases (FDB) of all bridges, from dumps and the events between them."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection, Iterable

import numpy as np
import numpy.typing as npt

from ..kernel.fdb import KINDS, FdbEvents, FdbRows
from .ages import Ages
from .fdb_dump import FdbDump, Group
from .fdb_entries import FdbEntries, Taken
from .fdb_events import MOVED, NOTHING, FdbCounters, meanings
from .guests import GuestAddresses
from .usage import Usage

_LOCAL = KINDS.index("local")


class ForwardingTable:
    """What the bridges know, and what became of it since the start; the caller holds `lock`.

    synchronized  False until the first dump, and from lost events until the next one
    complete      False when it may lack an entry: one had no room since the last dump, or
                  removals may hide one from it (see `replace`)
    hidden        the latter: the next dump mends it
    dumped_at     wall clock of the last dump, in seconds since the epoch
    guests        which MACs are behind each port; of none, unless made with `guests`

    An entry is (bridge, vlan, mac) with a port and a kind. At most `entries` are kept, in at most
    FDB_SEGMENTS pairs of bridge and VLAN. The rest is only counted: at each dump exactly, between
    dumps an addition that has no room is taken for a first sight. `monotonic` is the clock by
    which moving MACs give way.
    """

    def __init__(
        self,
        entries: int,
        monotonic: Callable[[], float] = time.monotonic,
        *,
        guests: bool = True,
    ) -> None:
        self.lock = threading.RLock()
        self.synchronized = False
        self.hidden = False
        self.dumped_at: float | None = None
        self.guests = GuestAddresses(entries, self.lock)
        self._guests_wanted = guests
        self._monotonic = monotonic
        self._entries = FdbEntries(entries)
        self._counters = FdbCounters()
        self._ages: dict[int, Ages] = {}
        self._full = False

    @property
    def complete(self) -> bool:
        """Whether what is not present is not in the FDB, as long as it is synchronized."""
        return not (self._full or self.hidden)

    def apply(self, events: FdbEvents) -> None:
        """Take in what changed; before the first dump it is old news, and nothing is."""
        if self.dumped_at is not None and len(events.added):
            taken = self._take(events)
            self._count(events, taken)
            self._full |= bool(taken.refused)

    def gather(self, parts: Iterable[FdbRows]) -> FdbDump:
        """Return what a dump tells, for `replace`; takes the lock by itself, for each part.

        The parts are read as they come. No events may be taken in until the dump is adopted.
        """
        with self.lock:
            dump = self._entries.dump()
        for rows in parts:
            with self.lock:
                dump.add(rows)
        return dump

    def replace(self, dump: FdbDump, during: FdbEvents, now: float) -> None:
        """Adopt a dump; `during` are the events that came while it was read, `now` is wall clock.

        Events count against the state before. What they touch is as they say; all else is as the
        dump says, and another port there than before is a move. The first dump counts nothing.

        The kernel finds its place in a dump again by counting entries, so one that is removed
        meanwhile can hide one that is there (br_fdb_dump). When no more entries are missing than
        could be hidden, they stay, if the table was synchronized; else it is not complete.
        """
        taken = self._take(during)
        removals = int(np.count_nonzero(~during.added))
        touched = np.delete(taken.keys, taken.refused)
        adopted = self._entries.adopt(dump, touched, removals if self.synchronized else 0)
        if self.dumped_at is not None:
            self._count(during, taken)
            self._counters.count(adopted.bridges, np.full(len(adopted.moved), MOVED))
            self._counters.move(adopted.moved.tolist(), self._monotonic())
        if self._guests_wanted:
            self.guests.adopt(*self._entries.behind_ports())
        self._ages = dump.ages.ages()
        unsure = removals > 0 and (self._full or not self.synchronized)
        self._full = bool(taken.refused or adopted.refused)
        self.hidden = unsure and not self._full
        self.synchronized = True
        self.dumped_at = now

    def lose(self) -> None:
        """Events were lost."""
        self.synchronized = False

    def forget(self, gone: Collection[int]) -> None:
        """Drop what belongs to devices that are gone: bridges with their counters, ports."""
        segments = self._entries.forget(gone)
        self._counters.forget(gone, segments)
        self.guests.forget(gone, segments)
        for index in gone:
            self._ages.pop(index, None)

    def counts(self) -> dict[Group, int]:
        """Return entries by bridge, port, VLAN and kind (an index into KINDS)."""
        return self._entries.counts()

    def events(self) -> dict[int, dict[str, int]]:
        """Return how often each of EVENTS was met, by bridge; every event is there."""
        return self._counters.events(bridge for bridge, _ in self._pairs().values())

    def moves(self) -> dict[tuple[int, int], int]:
        """Return the moves in each pair of bridge and VLAN that has, or had, entries."""
        return {pair: self._counters.moves(number) for number, pair in self._pairs().items()}

    def moving(self) -> list[tuple[int, int, int, int]]:
        """Return (bridge, vlan, mac, moves) of at most FDB_MOVING_MACS that move."""
        pairs = self._pairs()
        return [(*pairs[n], mac, moves) for n, mac, moves in self._counters.moving.moves()]

    def ages(self) -> dict[int, Ages]:
        """Return the ages of dynamic entries at the last dump, by bridge."""
        return self._ages

    def present(
        self, bridge: int, vlan: int | None, macs: npt.NDArray[np.uint64]
    ) -> npt.NDArray[np.bool_]:
        """Tell of each MAC whether the bridge has an entry for it in `vlan`; None: in any."""
        return self._entries.present(self._entries.segments.of(bridge, vlan), macs)

    def usage(self) -> list[Usage]:
        """Tell how full the table of entries and that of moving MACs are."""
        entries = self._entries
        fdb = Usage("fdb", entries.size, entries.limit, 0, entries.refusals)
        return [fdb, self._counters.moving.usage()]

    def _pairs(self) -> dict[int, tuple[int, int]]:
        return self._entries.segments.pairs()

    def _take(self, events: FdbEvents) -> Taken:
        taken = self._entries.take(events)
        if self._guests_wanted:
            seen = np.array(taken.seen, np.intp)
            seen = seen[events.rows.kind[seen] != _LOCAL]
            self.guests.see(taken.keys[seen], events.rows.port[seen])
        return taken

    def _count(self, events: FdbEvents, taken: Taken) -> None:
        codes = meanings(events)
        codes[taken.same] = NOTHING
        codes[taken.moved] = MOVED
        self._counters.count(events.rows.bridge, codes)
        self._counters.move(taken.keys[taken.moved].tolist(), self._monotonic())

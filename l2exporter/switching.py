"""Keeps current what is known of the bridges: the thread that dumps FDBs and hears their events."""

from __future__ import annotations

import logging
import os
import select
import threading
import time
from collections.abc import Callable, Mapping
from typing import Protocol

from .attempts import Attempts
from .errors import KernelError, Overrun
from .kernel.fdb import FdbEvents
from .kernel.fdb_feed import FdbFeed
from .kernel.links import Link
from .tables.fdb_dump import FdbDump
from .tables.fdb_events import joined
from .tables.forwarding import ForwardingTable
from .tables.guests import GuestAddresses

log = logging.getLogger(__name__)

DUMP_SECONDS = 60.0
DUMP_PAUSES = 50
"""Between dumps, so that ages are fresh; or so many times what one takes: 2 % of a core."""

RESYNC_SECONDS = 1.0
RESYNC_PAUSES = 20
"""The same when something is not known: a storm that overruns each dump gets 5 % of a core."""

NAP_SECONDS = 0.005
"""After events, for others to join them. 30,000 a second are then 150 at once, and without
CAP_NET_ADMIN the kernel may hold no more than 512."""

BATCHES = 2
"""Of events taken in at once for a scrape or a dump: more than the kernel holds, and no more, as in
a storm there is no end of them."""

DUMP_WAIT_SECONDS = 1.0
"""Of a scrape for a dump to end; that of 100,000 entries takes half as long."""

STOP_SECONDS = 0.5
"""Of the program's end for the thread; a dump that takes longer is abandoned."""

FOLLOW_SECONDS = 0.1
"""Between two looks of the flood counters at links and guests, which change in bursts."""

RETRY_SECONDS = 1.0
"""Until what failed is tried again."""

_DUMP = "bridges: dump"
_EVENTS = "bridges: events"


class Floods(Protocol):
    """Who counts floods needs to know where guests are."""

    def follow(self, links: Mapping[int, Link], guests: GuestAddresses) -> None:
        """Make the counters agree with links and guests, asking `guests` only what changed."""


class Switching:
    """One thread that keeps `table` current, by dumps of `feed` and its events between them.

    Feed and flood counters are the caller's to close, after `stop`. Whatever fails is logged once
    for each kind and tried again.
    """

    def __init__(
        self,
        feed: FdbFeed,
        table: ForwardingTable,
        floods: Floods | None,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self._feed = feed
        self._table = table
        self._floods = floods
        self._wall = wall
        # Held by who uses the feed until what it gave is in the table: events stay in order.
        self._reading = threading.Lock()
        self._links: Mapping[int, Link] = feed.links
        self._told: tuple[Mapping[int, Link], int] = ({}, 0)
        self._dump_at = self._dumped_at = self._hear_at = self._follow_at = 0.0
        self._dump_seconds = 0.0
        self._attempts = Attempts(log)
        self._stopping = False
        self._wake = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)
        self._thread = threading.Thread(target=self._run, name="switching", daemon=True)

    @property
    def fault(self) -> str | None:
        """What went wrong last and has not gone well since."""
        return self._attempts.fault

    def start(self) -> None:
        """Dump, so that the first scrape finds the table filled, and begin to follow."""
        self._attempts.make(_DUMP, self._dump)
        self._thread.start()

    def stop(self) -> None:
        """End the thread. What is known stays as it is."""
        self._stopping = True
        os.eventfd_write(self._wake, 1)
        if self._thread.is_alive():
            self._thread.join(STOP_SECONDS)
        if not self._thread.is_alive():
            with self._reading:
                os.close(self._wake)

    def links(self) -> Mapping[int, Link]:
        """Return the devices by index; from any thread."""
        return self._links

    def catch_up(self) -> bool:
        """Take in the events that wait, so that a scrape is current; from any thread.

        Tell whether it is: a dump in progress is waited for, but not for long, and the table stays
        as it was before.
        """
        if not self._reading.acquire(timeout=DUMP_WAIT_SECONDS):
            return False
        try:
            return self._attempts.make(_EVENTS, lambda: self._take(BATCHES))
        finally:
            self._reading.release()

    def _run(self) -> None:
        while not self._stopping:
            if not self._attempts.make("bridges", self._turn):
                self._hear_at = time.monotonic() + RETRY_SECONDS

    def _turn(self) -> None:
        heard = self._wait()
        if heard:
            with self._reading:
                self._attempts.make(_EVENTS, lambda: self._take(1))
        if time.monotonic() >= self._dump_at and self._attempts.make(_DUMP, self._dump):
            self._attempts.succeeded(_EVENTS)
        if self._news() and time.monotonic() >= self._follow_at:
            done = self._attempts.make("bridges: flood counters", self._follow)
            self._follow_at = time.monotonic() + (FOLLOW_SECONDS if done else RETRY_SECONDS)
        if heard:
            time.sleep(NAP_SECONDS)

    def _wait(self) -> bool:
        """Wait until events can be had or something is due; tell whether it is events."""
        now = time.monotonic()
        due = [self._dump_at]
        poll = select.poll()
        poll.register(self._wake, select.POLLIN)
        if now < self._hear_at:
            due.append(self._hear_at)
        else:
            poll.register(self._feed.fileno(), select.POLLIN)
        if self._news():
            due.append(self._follow_at)
        ready = {descriptor for descriptor, _ in poll.poll(max(0.0, min(due) - now) * 1000)}
        if self._wake in ready:
            os.eventfd_read(self._wake)
            ready.remove(self._wake)
        return bool(ready)

    def _take(self, batches: int) -> None:
        """Take in at most so many batches of events; the caller holds `_reading`."""
        if self._stopping:  # the feed may be closed by now
            return
        try:
            for _ in range(batches):
                events = self._feed.events()
                with self._table.lock:
                    self._table.apply(events)
                self._follow_links()
                if not len(events.added):
                    break
        except Exception as error:
            self._lose(error)
            raise

    def _lose(self, error: Exception) -> None:
        """Events are gone: only a dump can tell what they said."""
        with self._table.lock:
            self._table.lose()
        self._dump_at = min(self._dump_at, self._dumped_at + self._resync_pause())
        if not isinstance(error, Overrun):  # it may fail for ever, without waiting for events
            self._hear_at = time.monotonic() + RETRY_SECONDS
        os.eventfd_write(self._wake, 1)

    def _resync_pause(self) -> float:
        return max(RESYNC_SECONDS, RESYNC_PAUSES * self._dump_seconds)

    def _dump(self) -> None:
        with self._reading:
            # What others do meanwhile on the same cores is no reason to wait for longer.
            began = time.thread_time()
            certain = False
            try:
                certain = self._adopt(self._feed.dump(self._table.gather))
            finally:
                self._dumped_at = time.monotonic()
                self._dump_seconds = time.thread_time() - began
                pause = max(DUMP_SECONDS, DUMP_PAUSES * self._dump_seconds)
                self._dump_at = self._dumped_at + (pause if certain else self._resync_pause())

    def _adopt(self, dump: FdbDump) -> bool:
        """Take in a dump and what came meanwhile; tell whether that leaves nothing unknown."""
        during, lost = self._meanwhile()
        with self._table.lock:
            try:
                self._table.replace(dump, joined(during), self._wall())
            except Exception:
                lost = True
                raise
            finally:
                if lost:
                    self._table.lose()
            certain = self._table.synchronized and not self._table.hidden
        self._follow_links()
        return certain

    def _meanwhile(self) -> tuple[list[FdbEvents], bool]:
        """Return the events that wait, and whether some were lost."""
        events: list[FdbEvents] = []
        try:
            for _ in range(BATCHES):
                events.append(self._feed.events())
                if not len(events[-1].added):
                    break
        except KernelError:
            return events, True
        return events, False

    def _follow_links(self) -> None:
        """Take over what the feed knows of devices, and forget those that are gone."""
        before, self._links = self._links, self._feed.links
        if before is self._links:
            return
        with self._table.lock:
            # A bridge that came and went between two looks is known from its entries alone.
            gone = (before.keys() | self._table.events().keys()) - self._links.keys()
            gone |= _moved_ports(before, self._links)
            if gone:
                self._table.forget(gone)

    def _news(self) -> bool:
        """Tell whether there is something that the flood counters were not told."""
        links, version = self._told
        news = links is not self._links or version != self._table.guests.version
        return news and self._floods is not None

    def _follow(self) -> None:
        links = self._links
        told = links, self._table.guests.version
        if self._floods is not None:
            self._floods.follow(links, self._table.guests)
        self._told = told


def _moved_ports(before: Mapping[int, Link], now: Mapping[int, Link]) -> set[int]:
    """Return the ports that have left their bridge; who was behind them there need not be now."""
    return {
        index
        for index, link in before.items()
        if link.port_kind == "bridge" and index in now and now[index].master != link.master
    }

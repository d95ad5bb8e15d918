"""A feed of FDB events that is a script, for the switching thread."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import TypeVar

from l2exporter.kernel.fdb import FdbEvents, FdbRows
from l2exporter.kernel.links import Link
from l2exporter.switching import Switching
from l2exporter.tables.forwarding import ForwardingTable
from l2exporter.tables.guests import GuestAddresses
from tests.tables.fdb import BRIDGE, Entry, events, rows

Result = TypeVar("Result")

A, B = 0x02000000000A, 0x02000000000B
"""The MACs of two guests."""


class Script:
    """A feed that says what it is told to: each call of `events` takes the next of `waiting`.

    A dump lasts until `hold` is set, if there is one, and costs `labour` seconds of CPU.
    """

    def __init__(self, *entries: Entry) -> None:
        self.links: dict[int, Link] = {}
        self.entries = entries
        self.waiting: list[FdbEvents | Exception] = []
        self.during: list[FdbEvents | Exception] = []
        self.dumps: list[float] = []
        self.refusals: list[Exception] = []
        self.hold: threading.Event | None = None
        self.labour = 0.0
        self._bell = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)

    def fileno(self) -> int:
        return self._bell

    def say(self, *news: FdbEvents | Exception) -> None:
        self.waiting += news
        os.eventfd_write(self._bell, 1)

    def dump(self, gather: Callable[[Iterator[FdbRows]], Result]) -> Result:
        self.dumps.append(time.monotonic())
        if self.hold is not None:
            assert self.hold.wait(10)
        began = time.thread_time()
        while time.thread_time() < began + self.labour:
            pass
        if self.refusals:
            raise self.refusals.pop(0)
        self.waiting += self.during
        self.during = []
        return gather(rows(entry) for entry in self.entries)

    def events(self) -> FdbEvents:
        found = self.waiting.pop(0) if self.waiting else events()
        if not self.waiting:
            with suppress(BlockingIOError):
                os.eventfd_read(self._bell)
        if isinstance(found, Exception):
            raise found
        return found

    def close(self) -> None:
        os.close(self._bell)


class Counters:
    """Flood counters that note what they are told."""

    def __init__(self) -> None:
        self.told: list[tuple[float, set[int], dict[int, tuple[int, ...]]]] = []
        self.refusals: list[Exception] = []

    def follow(self, links: Mapping[int, Link], guests: GuestAddresses) -> None:
        if self.refusals:
            raise self.refusals.pop(0)
        changed = {port: guests.behind(port) for port in guests.changed()}
        self.told.append((time.monotonic(), set(links), changed))


@contextmanager
def running(
    feed: Script, table: ForwardingTable, floods: Counters | None = None
) -> Iterator[Switching]:
    made = Switching(feed, table, floods, wall=lambda: 77.0)  # type: ignore[arg-type]
    made.start()
    try:
        yield made
    finally:
        made.stop()


def met(table: ForwardingTable, event: str) -> int:
    with table.lock:
        return table.events().get(BRIDGE, {}).get(event, 0)

"""The connections that wait for their client, and what becomes of one too many."""

from __future__ import annotations

import threading
from typing import Protocol


class Hangable(Protocol):
    """A connection that may be ended from another thread than the one that works on it."""

    def hang_up(self) -> None:
        """End the connection; whoever waits on it wakes up. Raises nothing."""


class Waiting:
    """At most `limit` waiting connections: one more ends the longest wait.

    So whoever connects and then does nothing, be it a thousand times, takes the place of others
    like him, never that of a scrape, which waits for moments only.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._lock = threading.Lock()
        self._oldest_first: dict[Hangable, None] = {}

    def __len__(self) -> int:
        return len(self._oldest_first)

    def add(self, connection: Hangable) -> None:
        """Begin a wait, or go on with it: the age counts from the first `add`."""
        with self._lock:
            self._oldest_first[connection] = None
            full = len(self._oldest_first) > self._limit
        if full:
            self.end_longest()

    def discard(self, connection: Hangable) -> None:
        """The connection, if it waited, no longer does."""
        with self._lock:
            self._oldest_first.pop(connection, None)

    def end_longest(self) -> bool:
        """Hang up on the connection that has waited longest; whether there was one."""
        with self._lock:
            longest = next(iter(self._oldest_first), None)
            if longest is None:
                return False
            del self._oldest_first[longest]
        longest.hang_up()
        return True

    def end_all(self) -> None:
        """Hang up on all, and from now on on whoever is added."""
        self._limit = 0
        while self.end_longest():
            pass

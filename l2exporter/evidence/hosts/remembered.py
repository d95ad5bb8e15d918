"""What was heard lately, in a bounded table: who floods it finds no room, and takes none."""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

from ...tables.usage import Usage

Name = TypeVar("Name", bound=Hashable)
Value = TypeVar("Value")

AUTHOR_SHARE: Final = 4
"""Entries that one sender may have: one in so many. A DHCP server answers for a whole segment, so
it is not less; four who flood fill the table, and still the rules below hold."""

FIRM_SHARE: Final = 2
"""Entries that may be firm: one in so many, so that newcomers always have a place."""


@dataclass(slots=True)
class _Entry(Generic[Value]):
    value: Value
    author: int
    at: float


class Remembered(Generic[Name, Value]):
    """Values by segment and name, each kept for `seconds` after it was last put (monotonic).

    Entries are loose or firm; the caller says which are confirmed by more than one packet. In a
    full table the oldest loose one gives way to a newcomer, a firm one never does. So a flood of
    invented senders can push out what was heard once, and nothing that has stood its test.
    """

    def __init__(self, table: str, limit: int, seconds: float) -> None:
        self._table = table
        self._limit = limit
        self._seconds = seconds
        self._loose: OrderedDict[tuple[int, Name], _Entry[Value]] = OrderedDict()
        self._firm: OrderedDict[tuple[int, Name], _Entry[Value]] = OrderedDict()
        self._authors: Counter[int] = Counter()
        self._evictions = 0
        self._refusals = 0

    def __len__(self) -> int:
        return len(self._loose) + len(self._firm)

    def get(self, segment: int, name: Name, now: float) -> Value | None:
        """Return what was put last, unless it is too old."""
        key = segment, name
        entry = self._firm.get(key) or self._loose.get(key)
        return entry.value if entry and now - entry.at <= self._seconds else None

    def put(
        self, segment: int, name: Name, value: Value, *, author: int, at: float, firm: bool = False
    ) -> bool:
        """Remember the value for the sender `author`; False when there is no room for it.

        What is firm stays so until it ends; its author is who brought it first.
        """
        self._expire(at)
        key = segment, name
        was_firm = key in self._firm
        entry = self._firm.pop(key, None) or self._loose.pop(key, None)
        if entry is None:
            if not self._admits(author):
                self._refusals += 1
                return False
            entry = _Entry(value, author, at)
            self._authors[author] += 1
        entry.value, entry.at = value, at
        firm = was_firm or (firm and len(self._firm) < self._limit // FIRM_SHARE)
        (self._firm if firm else self._loose)[key] = entry
        return True

    def discard(self, segment: int, name: Name) -> None:
        """Forget it, if it is there."""
        key = segment, name
        entry = self._firm.pop(key, None) or self._loose.pop(key, None)
        if entry is not None:
            self._gone(entry)

    def change_segment(self, row: int, target: int | None) -> None:
        """Follow a segment that became part of `target`, or that is no more (None)."""
        for entries in (self._loose, self._firm):
            for key in [key for key in entries if key[0] == row]:
                entry = entries.pop(key)
                moved = target, key[1]
                if target is None or moved in self._loose or moved in self._firm:
                    self._gone(entry)
                else:
                    entries[target, key[1]] = entry

    def usage(self) -> Usage:
        """Return how full it is."""
        return Usage(self._table, len(self), self._limit, self._evictions, self._refusals)

    def _admits(self, author: int) -> bool:
        if self._authors[author] >= max(1, self._limit // AUTHOR_SHARE):
            return False
        if len(self) >= self._limit:
            self._gone(self._loose.popitem(last=False)[1])
            self._evictions += 1
        return True

    def _expire(self, now: float) -> None:
        for entries in (self._loose, self._firm):
            while entries:
                key = next(iter(entries))
                if now - entries[key].at <= self._seconds:
                    break
                self._gone(entries.pop(key))

    def _gone(self, entry: _Entry[Value]) -> None:
        self._authors[entry.author] -= 1
        if not self._authors[entry.author]:
            del self._authors[entry.author]

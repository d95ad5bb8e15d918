"""The entries of all bridges' forwarding databases, each a key and a value in 16 bytes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from ..kernel.fdb import KINDS, FdbEvents, FdbRows
from .ages import DYNAMIC
from .bridge_segments import MAC_BITS, MAC_MASK, REFUSED, BridgeSegments, first_key, segments_of
from .sorted_map import CHANGES, NONE, Keys, SortedMap, Values, within

_KIND_BITS = 8
_KIND_MASK = (1 << _KIND_BITS) - 1
_LOCAL = KINDS.index("local")
_VALUE_BITS = 40  # a port's index and a kind
_NO_PLACE = REFUSED << MAC_BITS
_NO_KEYS = np.empty(0, np.uint64)

Bools = npt.NDArray[np.bool_]
Places = npt.NDArray[np.intp]

_Number = TypeVar("_Number", bound=np.generic)

Group = tuple[int, int, int, int]
"""Bridge, port, VLAN and kind (an index into KINDS)."""


@dataclass(frozen=True, slots=True)
class Taken:
    """What a batch of events did to the entries; places are positions in the batch.

    keys     of all events
    moved    an entry that was or is dynamic is on another port now
    same     an addition that leaves an entry on its port
    seen     an addition that tells of a port, where its segment has a number
    refused  an addition of what had no room
    """

    keys: Keys
    moved: list[int]
    same: list[int]
    seen: list[int]
    refused: list[int]


@dataclass(frozen=True, slots=True)
class Adopted:
    """What a dump told: the keys that moved, their bridges, and how many rows had no room."""

    moved: Keys
    bridges: npt.NDArray[np.int32]
    refused: int


class FdbEntries:
    """(bridge, vlan, mac) -> (port, kind), at most `limit`; what has no room is only counted.

    segments  numbers the pairs of bridge and VLAN
    size      entries kept
    refusals  how often a row had no room, since the start
    """

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.segments = BridgeSegments()
        self.size = 0
        self.refusals = 0
        self._map = SortedMap()
        self._refused: Counter[Group] = Counter()

    def take(self, events: FdbEvents) -> Taken:
        """Take events in, one after the other."""
        rows = events.rows
        keys = self.segments.keys(rows)
        taken, unknown = Taken(keys, [], [], [], []), []
        columns = (keys, _values(rows), self._map.look_up(keys), events.added)
        changes, size = self._map.changes, self.size
        events_in_turn = zip(*(column.tolist() for column in columns), strict=True)
        for place, (key, value, settled, added) in enumerate(events_in_turn):
            known = changes.get(key, settled)
            if not added:
                if known == NONE:
                    unknown.append(place)
                else:
                    changes[key] = NONE
                    size -= 1
            elif known == NONE:
                if key < _NO_PLACE:
                    taken.seen.append(place)
                if key < _NO_PLACE and size < self.limit:
                    changes[key] = value
                    size += 1
                else:
                    taken.refused.append(place)
            else:
                changes[key] = value
                if known >> _KIND_BITS == value >> _KIND_BITS:
                    taken.same.append(place)
                else:
                    taken.seen.append(place)
                    if _is_move(known, value):
                        taken.moved.append(place)
        self.size = size
        self._map.settle(CHANGES)
        self._refuse(rows, taken.refused)
        self._release(rows, unknown)
        return taken

    def adopt(self, rows: FdbRows, touched: Keys, hidden: int) -> Adopted:
        """Take a dump for what is so, but for the `touched` keys, which stay as they are.

        When no more than `hidden` entries are missing from it, they stay as well.
        """
        touched = np.sort(touched)
        keys, places = _last(self.segments.keys(rows), touched)
        values = _values(rows)[places]
        known, moved = self._compare(keys, values)
        kept = self._kept(keys, touched, hidden)
        stay = self._choose(keys, known, self.limit - len(kept[0]))
        adopted = Adopted(keys[moved], rows.bridge[places[moved]], int(np.count_nonzero(~stay)))
        self._refused.clear()
        self._refuse(rows, places[~stay].tolist())
        self._map.replace(_only(keys, stay), _only(values, stay), kept)
        self.size = len(self._map.items()[0])
        return adopted

    def _compare(self, keys: Keys, values: Values) -> tuple[Bools, Places]:
        """Tell which keys are known, and return the places of those that have moved."""
        before = self._map.look_up(keys)
        known = before != NONE
        places = np.flatnonzero(known & (before >> _KIND_BITS != values >> _KIND_BITS))
        kinds = before[places] & _KIND_MASK, values[places] & _KIND_MASK
        return known, places[DYNAMIC[kinds[0]] | DYNAMIC[kinds[1]]]

    def _kept(self, told: Keys, touched: Keys, hidden: int) -> tuple[Keys, Values]:
        """Return the entries that stay though a dump tells otherwise of them, or nothing."""
        keys, values = self._map.items()
        kept = within(touched, keys)
        missing = ~kept & ~within(told, keys)
        if np.count_nonzero(missing) <= hidden:
            kept |= missing
        return keys[kept], values[kept]

    def _choose(self, keys: Keys, known: Bools, room: int) -> Bools:
        """Tell which of a dump's keys have room: those that are known come first."""
        stay = keys < _NO_PLACE
        if np.count_nonzero(stay) > room:
            order = np.flatnonzero(stay)
            order = order[np.argsort(~known[order], kind="stable")]
            stay[order[room:]] = False
        return stay

    def _refuse(self, rows: FdbRows, places: list[int]) -> None:
        self.refusals += len(places)
        self._refused.update(_groups(rows, places))

    def _release(self, rows: FdbRows, places: list[int]) -> None:
        """Entries that are not here were removed: some of those that had no room."""
        if self._refused:
            for group in _groups(rows, places):
                if self._refused[group] > 1:
                    self._refused[group] -= 1
                else:
                    del self._refused[group]

    def counts(self) -> dict[Group, int]:
        """Return how many entries there are of each group, those without room included."""
        keys, values = self._map.items()
        groups = segments_of(keys) << _VALUE_BITS | values
        distinct, counts = np.unique(groups, return_counts=True)
        pairs = self.segments.pairs()
        found = Counter(self._refused)
        for group, count in zip(distinct.tolist(), counts.tolist(), strict=True):
            bridge, vlan = pairs[group >> _VALUE_BITS]
            value = group & (1 << _VALUE_BITS) - 1
            found[bridge, value >> _KIND_BITS, vlan, value & _KIND_MASK] += count
        return found

    def present(self, segments: Iterable[int], macs: npt.NDArray[np.uint64]) -> Bools:
        """Tell of each MAC whether it has an entry in any of the segments."""
        keys, _ = self._map.items()
        bounds = [np.searchsorted(keys, [first_key(n), first_key(n + 1)]) for n in segments]
        known = [keys[start:end] & MAC_MASK for start, end in bounds]
        if len(known) == 1:
            return within(known[0], macs)
        return within(np.sort(np.concatenate([_NO_KEYS, *known])), macs)

    def behind_ports(self) -> tuple[Keys, Values]:
        """Return the keys that are not the host's own addresses, and their ports."""
        keys, values = self._map.items()
        foreign = values & _KIND_MASK != _LOCAL
        return keys[foreign], values[foreign] >> _KIND_BITS

    def forget(self, bridges: Collection[int]) -> set[int]:
        """Drop what belongs to bridges; return the numbers of their segments."""
        segments = self.segments.forget(bridges)
        if segments:
            keys, values = self._map.items()
            kept = ~np.isin(segments_of(keys), list(segments))
            self._map.replace(keys[kept], values[kept])
            self.size = int(np.count_nonzero(kept))
        for group in [group for group in self._refused if group[0] in bridges]:
            del self._refused[group]
        return segments


def _values(rows: FdbRows) -> Values:
    values = rows.port.astype(np.int64)
    values <<= _KIND_BITS
    values |= rows.kind
    return values


def _is_move(before: int, after: int) -> bool:
    return bool(DYNAMIC[before & _KIND_MASK] or DYNAMIC[after & _KIND_MASK])


def _last(keys: Keys, without: Keys) -> tuple[Keys, Places]:
    """Return each key but those `without` once, ascending, and the place where it comes last."""
    places = np.argsort(keys, kind="stable")
    keys = keys[places]
    wanted = ~within(without, keys)
    wanted[:-1] &= keys[1:] != keys[:-1]
    return _only(keys, wanted), _only(places, wanted)


def _only(column: npt.NDArray[_Number], wanted: Bools) -> npt.NDArray[_Number]:
    """Return the wanted part: mostly all, and then no copy."""
    return column if wanted.all() else column[wanted]


def _groups(rows: FdbRows, places: list[int]) -> list[Group]:
    columns = (rows.bridge, rows.port, rows.vlan, rows.kind)
    return list(zip(*(column[places].tolist() for column in columns), strict=True))

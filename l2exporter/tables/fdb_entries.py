"""The entries of all bridges' forwarding databases, each a key and a value in 16 bytes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..kernel.fdb import KINDS, FdbEvents, FdbRows
from .bridge_segments import MAC_MASK, BridgeSegments, first_key, segments_of
from .columns import distinct
from .fdb_dump import KIND_BITS, KIND_MASK, NO_PLACE, FdbDump, Group, is_move, packed
from .sorted_map import CHANGES, NONE, Keys, SortedMap, Values, within

_LOCAL = KINDS.index("local")
_VALUE_BITS = 40  # a port's index and a kind
_NO_KEYS = np.empty(0, np.uint64)

Bools = npt.NDArray[np.bool_]


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
        columns = (keys, packed(rows), self._map.look_up(keys), events.added)
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
                if key < NO_PLACE:
                    taken.seen.append(place)
                if key < NO_PLACE and size < self.limit:
                    changes[key] = value
                    size += 1
                else:
                    taken.refused.append(place)
            else:
                changes[key] = value
                if known >> KIND_BITS == value >> KIND_BITS:
                    taken.same.append(place)
                else:
                    taken.seen.append(place)
                    if is_move(known, value):
                        taken.moved.append(place)
        self.size = size
        self._map.settle(CHANGES)
        self._refused.update(_groups(rows, taken.refused))
        self.refusals += len(taken.refused)
        self._release(rows, unknown)
        return taken

    def dump(self) -> FdbDump:
        """Begin to take in a dump, for `adopt`."""
        return FdbDump(self.segments, *self._map.items())

    def adopt(self, dump: FdbDump, touched: Keys, hidden: int) -> Adopted:
        """Take a dump for what is so, but for the `touched` keys, which stay as they are.

        When no more than `hidden` entries are missing from it, they stay as well. Since it began
        nothing but the touched may have changed. What is known has room before what is new.
        """
        touched = distinct(touched)
        values = self._map.current(touched)
        stay = values != NONE
        dump.settle(touched, hidden)
        known, (keys, new) = dump.known(), dump.new(touched)
        room = self.limit - len(known[0]) - int(np.count_nonzero(stay))
        self._refused = dump.beyond(touched) + self._counted(keys[room:], new[room:])
        refused = self._refused.total()
        self.refusals += refused
        self._map.replace(*known, (keys[:room], new[:room]), (touched[stay], values[stay]))
        self.size = len(self._map.items()[0])
        pairs, moved = self.segments.pairs(), dump.moved()
        bridges = [pairs[segment][0] for segment in segments_of(moved).tolist()]
        return Adopted(moved, np.array(bridges, np.int32), refused)

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
        return self._counted(*self._map.items()) + self._refused

    def _counted(self, keys: Keys, values: Values) -> Counter[Group]:
        groups = segments_of(keys)
        groups <<= _VALUE_BITS
        groups |= values
        which, counts = np.unique(groups, return_counts=True)
        pairs = self.segments.pairs()
        found: Counter[Group] = Counter()
        for group, count in zip(which.tolist(), counts.tolist(), strict=True):
            bridge, vlan = pairs[group >> _VALUE_BITS]
            value = group & (1 << _VALUE_BITS) - 1
            found[bridge, value >> KIND_BITS, vlan, value & KIND_MASK] = count
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
        foreign = values.astype(np.uint8) != _LOCAL  # the lowest byte
        return keys[foreign], values[foreign] >> KIND_BITS

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


def _groups(rows: FdbRows, places: list[int]) -> list[Group]:
    columns = (rows.bridge, rows.port, rows.vlan, rows.kind)
    return list(zip(*(column[places].tolist() for column in columns), strict=True))

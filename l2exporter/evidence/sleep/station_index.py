"""Which addresses a MAC has to do with."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice

from ... import limits
from ..seen import Key


class StationIndex:
    """Addresses by (segment, MAC); bounded by the table whose index it is."""

    def __init__(self) -> None:
        self._keys: dict[tuple[int, int], dict[Key, None]] = {}

    def add(self, key: Key, macs: Iterable[int]) -> None:
        """The address has to do with each of `macs`."""
        for mac in macs:
            self._keys.setdefault((key[0], mac), {})[key] = None

    def remove(self, key: Key, macs: Iterable[int]) -> None:
        """It has no more."""
        for mac in macs:
            keys = self._keys.get((key[0], mac), {})
            keys.pop(key, None)
            if not keys:
                self._keys.pop((key[0], mac), None)

    def find(self, segment: int, macs: Iterable[int]) -> list[Key]:
        """Return the addresses of some MACs, each once; of each MAC's a bounded number."""
        found: dict[Key, None] = {}
        for mac in macs:
            found.update(islice(self._keys.get((segment, mac), {}).items(), limits.OWNER_ADDRESSES))
        return list(found)

    def count(self, segment: int, mac: int) -> int:
        """Return how many addresses a MAC has to do with."""
        return len(self._keys.get((segment, mac), ()))

    def stations(self) -> Iterable[int]:
        """Return the MACs; one on two segments is there twice."""
        return (mac for _, mac in self._keys)

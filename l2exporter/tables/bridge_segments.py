"""Pairs of bridge and VLAN as small numbers, and the MACs in them as 64-bit keys."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

import numpy as np
import numpy.typing as npt

from ..kernel.fdb import FdbRows
from ..limits import FDB_SEGMENTS
from .columns import distinct
from .sorted_map import Keys

MAC_BITS: Final = 48
MAC_MASK: Final = np.uint64((1 << MAC_BITS) - 1)
_SHIFT: Final = np.uint64(MAC_BITS)

REFUSED: Final = 0xFFFF
"""The number of every pair beyond the cap."""

_VLAN_BITS: Final = 16


class BridgeSegments:
    """Numbers of (bridge, vlan) pairs, each below FDB_SEGMENTS; vlan 0 is none.

    A key is the number of the segment above the 48 bits of a MAC.
    """

    def __init__(self) -> None:
        self._numbers: dict[int, int] = {}
        self._free: list[int] = []
        self._pairs: dict[int, tuple[int, int]] = {}

    def keys(self, rows: FdbRows) -> Keys:
        """Return each row's key; pairs that are new get a number, or REFUSED."""
        pairs = rows.bridge.astype(np.int64) << _VLAN_BITS | rows.vlan
        known = distinct(pairs)
        numbers = np.array([self._number(pair) for pair in known.tolist()], np.uint64)
        # numpy.unique can tell the places as well, with four times the memory.
        keys = numbers[np.searchsorted(known, pairs)]
        keys <<= _SHIFT
        keys |= rows.mac
        return keys

    def _number(self, pair: int) -> int:
        number = self._numbers.get(pair)
        if number is None:
            if len(self._numbers) >= FDB_SEGMENTS:
                return REFUSED
            number = self._free.pop() if self._free else len(self._numbers)
            self._numbers[pair] = number
            self._pairs[number] = pair >> _VLAN_BITS, pair & (1 << _VLAN_BITS) - 1
        return number

    def pairs(self) -> dict[int, tuple[int, int]]:
        """Return (bridge, vlan) by number, of every segment known."""
        return self._pairs

    def of(self, bridge: int, vlan: int | None = None) -> list[int]:
        """Return the numbers of a bridge's segments, or of one of them alone."""
        if vlan is not None:
            number = self._numbers.get(bridge << _VLAN_BITS | vlan)
            return [] if number is None else [number]
        return [number for number, (owner, _) in self._pairs.items() if owner == bridge]

    def forget(self, bridges: Collection[int]) -> set[int]:
        """Free the numbers of these bridges' segments and return them."""
        gone = {number for number, (bridge, _) in self._pairs.items() if bridge in bridges}
        for number in gone:
            bridge, vlan = self._pairs.pop(number)
            del self._numbers[bridge << _VLAN_BITS | vlan]
            self._free.append(number)
        return gone


def segments_of(keys: Keys) -> npt.NDArray[np.int64]:
    """Return the number of each key's segment."""
    return (keys >> _SHIFT).view(np.int64)


def first_key(segment: int) -> np.uint64:
    """Return the lowest key of a segment; that of the next one is above all of this."""
    return np.uint64(segment << MAC_BITS)

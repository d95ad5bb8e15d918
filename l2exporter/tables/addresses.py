"""Addresses: (segment, ip) as rows, admitted at a bounded rate and evicted oldest first."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import repeat

import numpy as np
import numpy.typing as npt

from ..dissect.arp import Addresses as Ips
from ..limits import FOREIGN_SHARE, PROTECTED_SHARE, Limits
from .admission import TokenBucket
from .columns import Columns
from .usage import Usage

Rows = npt.NDArray[np.intp]

REFUSED = -1

_NO_KEY = np.uint64(2**64 - 1)
_GUESS_BITS = 16
_GUESS_SHIFT = np.uint64(64 - _GUESS_BITS)
_SPREAD = np.uint64(0x9E37_79B9_7F4A_7C15)  # 2**64 / golden ratio: Fibonacci hashing


@dataclass(frozen=True, slots=True)
class Subnet:
    """An IPv4 network as numbers: `ip & mask == network`."""

    network: int
    mask: int


class AddressTable:
    """Bounded map of (segment, IPv4 address) to a row of `columns`.

    Entering takes a token: one bucket for all, a smaller one for addresses outside the device's
    own subnets, and, once no row is free, one that grants only the trickle. So the addresses
    ever in the table number at most the cap plus the rate times the time, and what a second (or
    one token) brings. A protected address needs no token.
    """

    def __init__(self, limits: Limits) -> None:
        self.columns = Columns(limits.addresses)
        self._row: dict[int, int] = {}
        self._key = np.full(limits.addresses, _NO_KEY, dtype=np.uint64)
        self._guess: Rows = np.zeros(1 << _GUESS_BITS, dtype=np.intp)
        self._used = np.zeros(limits.addresses, dtype=bool)
        self._free = list(range(limits.addresses - 1, -1, -1))
        self._seen = np.zeros(limits.addresses, dtype=np.float64)
        self._protected = np.zeros(limits.addresses, dtype=bool)
        self._foreign = np.zeros(limits.addresses, dtype=bool)
        self.moved: npt.NDArray[np.bool_] = self.columns.add(np.bool_)
        self._protected_ips = np.zeros(0, dtype=np.uint32)
        self._protected_share = limits.addresses // PROTECTED_SHARE
        burst, rate = limits.address_burst, limits.address_rate
        self._entry = TokenBucket(burst, rate)
        self._entry_foreign = TokenBucket(max(1, burst // FOREIGN_SHARE), rate / FOREIGN_SHARE)
        self._replacement = TokenBucket(max(1.0, rate), rate)
        self._evictions = 0
        self._refusals = 0

    def protect(self, ips: Iterable[int]) -> None:
        """Set the addresses (as numbers) that are always admitted and never evicted."""
        self._protected_ips = np.array(sorted(ips), dtype=np.uint32)
        wanted = np.flatnonzero(self._used & np.isin(self._ips(), self._protected_ips))
        before = self._protected[wanted]
        # Those that are protected already stay so: the share is full of whoever was here first.
        kept = wanted[np.argsort(~before, kind="stable")][: self._protected_share]
        self._protected[:] = False
        self._protected[kept] = True

    def locate(
        self, segment: Rows, ip: Ips, subnets: Sequence[Subnet], now: float
    ) -> tuple[Rows, Rows]:
        """Return the row of each (segment, ip), REFUSED where there is none, and the new ones.

        New ones are the positions of the first sight of what was just admitted. `subnets` are
        the device's own; without any, no address is foreign. `now` is monotonic, in seconds.
        """
        keys = segment.astype(np.uint64) << np.uint64(32) | ip
        rows = self._lookup(keys)
        missing = rows == REFUSED
        if not missing.any():
            self._seen[rows] = now
            return rows, np.zeros(0, dtype=np.intp)
        self._seen[rows[~missing]] = now
        strangers = np.flatnonzero(missing)
        first = strangers[np.sort(np.unique(keys[strangers], return_index=True)[1])]
        before = len(self._row), self._evictions
        self._admit(keys[first], ip[first], subnets, now)
        if (len(self._row), self._evictions) != before:
            # All are looked up again: who was just admitted may have taken another's row.
            rows = self._lookup(keys)
        self._refusals += int((rows == REFUSED).sum())
        return rows, first[rows[first] != REFUSED]

    def _lookup(self, keys: npt.NDArray[np.uint64]) -> Rows:
        """Find rows by a guess that the key column confirms; ask the dict for the others only.

        Keys that share a place push each other out of it, which costs time and nothing else.
        """
        place = keys * _SPREAD >> _GUESS_SHIFT
        rows: Rows = self._guess[place]
        wrong = np.flatnonzero(self._key[rows] != keys)
        if wrong.size:
            found = map(self._row.get, keys[wrong].tolist(), repeat(REFUSED))
            rows[wrong] = np.fromiter(found, dtype=np.intp, count=wrong.size)
            known = wrong[rows[wrong] != REFUSED]
            self._guess[place[known]] = rows[known]
        return rows

    def _admit(
        self, keys: npt.NDArray[np.uint64], ip: Ips, subnets: Sequence[Subnet], now: float
    ) -> None:
        privileged = self.is_protected(ip)
        room = self._protected_share - int(self._protected.sum())
        privileged[np.flatnonzero(privileged)[room:]] = False
        foreign = _outside(ip, subnets) & ~privileged
        own = np.flatnonzero(~privileged & ~foreign)
        self._enter(keys[privileged], protected=True, now=now)
        granted = self._entry.take(len(own), now)
        self._enter(keys[own[:granted]], now=now)
        outside = np.flatnonzero(foreign)
        granted = self._entry_foreign.take(len(outside), now)
        granted = self._entry.take(granted, now)
        self._enter(keys[outside[:granted]], foreign=True, now=now)

    def _enter(
        self,
        keys: npt.NDArray[np.uint64],
        *,
        now: float,
        protected: bool = False,
        foreign: bool = False,
    ) -> None:
        free = [self._free.pop() for _ in range(min(len(self._free), len(keys)))]
        rows = np.array(free, dtype=np.intp)
        self._occupy(keys[: len(rows)], rows, now, protected=protected, foreign=foreign)
        for key in keys[len(rows) :]:
            row = self._evict(now, protected=protected, foreign=foreign)
            if row is None:
                return
            rows = np.array([row], dtype=np.intp)
            self._occupy(np.array([key]), rows, now, protected=protected, foreign=foreign)

    def _occupy(
        self,
        keys: npt.NDArray[np.uint64],
        rows: Rows,
        now: float,
        *,
        protected: bool,
        foreign: bool,
    ) -> None:
        self._row.update(zip(keys.tolist(), rows.tolist(), strict=True))
        self._key[rows] = keys
        self._seen[rows] = now
        self._used[rows] = True
        self._protected[rows] = protected
        self._foreign[rows] = foreign

    def _evict(self, now: float, *, protected: bool, foreign: bool) -> int | None:
        """Return a cleared row by evicting its address; None when none may be evicted."""
        if not protected and not self._replacement.take(1, now):
            return None
        candidates = ~self._protected
        if foreign:
            candidates &= self._foreign
        rows = np.flatnonzero(candidates)
        if not rows.size:
            return None
        row = int(rows[np.lexsort((self._seen[rows], self.moved[rows]))[0]])
        self._evictions += 1
        self._remove(row)
        return self._free.pop()

    def _remove(self, row: int) -> None:
        del self._row[int(self._key[row])]
        self._key[row] = _NO_KEY
        self._used[row] = False
        self._protected[row] = False
        self.columns.clear(row)
        self._free.append(row)

    def is_protected(self, ips: Ips) -> npt.NDArray[np.bool_]:
        """Tell which of `ips` are never evicted."""
        return np.isin(ips, self._protected_ips)

    def protected_segments(self) -> Rows:
        """Return the segments that protected addresses were seen on."""
        return np.unique(self._segments()[self._protected])

    def move(self, source: int, target: int) -> None:
        """Let the addresses of one segment be another's; they replace what that knows of them."""
        for row in np.flatnonzero(self._used & (self._segments() == source)).tolist():
            key = int(self._key[row])
            moved = target << 32 | key & 0xFFFF_FFFF
            if moved in self._row:
                self._protected[row] |= self._protected[self._row[moved]]
                self._remove(self._row[moved])
            del self._row[key]
            self._row[moved] = row
            self._key[row] = moved

    def forget(self, segments: Sequence[int]) -> None:
        """Remove every address of `segments`, which stand for nothing any more."""
        gone = self._used & np.isin(self._segments(), segments)
        for row in np.flatnonzero(gone).tolist():
            self._remove(row)

    def rows(self) -> Rows:
        """Return the rows in use."""
        return np.flatnonzero(self._used)

    def keys(self, rows: Rows) -> tuple[Rows, Ips]:
        """Return (segment, ip) of `rows`."""
        return self._segments()[rows], self._ips()[rows]

    def _segments(self) -> Rows:
        return (self._key >> np.uint64(32)).astype(np.intp)

    def _ips(self) -> Ips:
        return (self._key & np.uint64(0xFFFF_FFFF)).astype(np.uint32)

    def usage(self) -> Usage:
        """Tell how full the table is; refusals are sightings that found no place in it."""
        return Usage("addresses", len(self._row), len(self._key), self._evictions, self._refusals)


def _outside(ip: Ips, subnets: Sequence[Subnet]) -> npt.NDArray[np.bool_]:
    if not subnets:
        return np.zeros(len(ip), dtype=np.bool_)
    inside = np.zeros(len(ip), dtype=np.bool_)
    for subnet in subnets:
        inside |= (ip & np.uint32(subnet.mask)) == subnet.network
    return ~inside

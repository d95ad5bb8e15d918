"""Addresses: (segment, ip) as rows, admitted at a bounded rate and evicted oldest first."""

from __future__ import annotations

from array import array
from collections.abc import Hashable, Iterable, Sequence
from itertools import repeat

import numpy as np

from ..dissect.arp import Macs
from ..dissect.frames import Flags
from ..dissect.reader import Address
from ..limits import FOREIGN_SHARE, PROTECTED_SHARE, Limits
from .admission import TokenBucket
from .columns import Columns
from .families import IPV4, PLACE_BITS, Family, Ips, Keys, Rows, Subnet
from .usage import Usage

__all__ = ["REFUSED", "AddressTable", "Rows", "Subnet"]

REFUSED = -1


class AddressTable:
    """Bounded map of (segment, address of one family) to a row of `columns`.

    Entering takes a token: one bucket for all, a smaller one for addresses outside the device's
    own subnets, and, once no row is free, one that grants only the trickle. So the addresses
    ever in the table number at most the cap plus the rate times the time, and what a second (or
    one token) brings. A protected address needs no token.

    moved    (rows,) bool: the address has moved
    macs     (rows,) uint64: the MAC that it is bound to
    watched  (rows,) bool: somebody wants to know of each of its packets
    """

    def __init__(self, limits: Limits, family: Family = IPV4) -> None:
        self.columns = Columns(limits.addresses)
        self.family = family
        self._row: dict[Hashable, int] = {}
        self._key: Keys = np.zeros(limits.addresses, family.nobody.dtype)
        self._guess: Rows = np.zeros(1 << PLACE_BITS, dtype=np.intp)
        self._used = np.zeros(limits.addresses, dtype=bool)
        self._free = array("i", range(limits.addresses - 1, -1, -1))
        self._seen = np.zeros(limits.addresses, dtype=np.float64)
        self._protected = np.zeros(limits.addresses, dtype=bool)
        self._foreign = np.zeros(limits.addresses, dtype=bool)
        self.moved: Flags = self.columns.add(np.bool_)
        self.macs: Macs = self.columns.add(np.uint64)
        self.watched: Flags = self.columns.add(np.bool_)
        self._protected_ips = family.column([])
        self._protected_share = limits.addresses // PROTECTED_SHARE
        burst, rate = limits.address_burst, limits.address_rate
        self._entry = TokenBucket(burst, rate)
        self._entry_foreign = TokenBucket(max(1, burst // FOREIGN_SHARE), rate / FOREIGN_SHARE)
        self._replacement = TokenBucket(max(1.0, rate), rate)
        self._evictions = 0
        self._refusals = 0

    def protect(self, ips: Iterable[int]) -> None:
        """Set the addresses (as numbers) that are always admitted and never evicted."""
        self._protected_ips = self.family.column(ips)
        wanted = np.flatnonzero(self._used & self.is_protected(self.family.ips(self._key)))
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
        the device's own; without any, no address is foreign. `now` is monotonic, in seconds. All
        of `ip` are `family.bindable`.
        """
        keys = self.family.keys(segment, ip)
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

    def _lookup(self, keys: Keys) -> Rows:
        """Find rows by a guess that the key column confirms; ask the dict for the others only.

        Keys that share a place push each other out of it, which costs time and nothing else.
        """
        place = self.family.places(keys)
        rows: Rows = self._guess[place]
        wrong = np.flatnonzero(self._key[rows] != keys)
        if wrong.size:
            found = map(self._row.get, keys[wrong].tolist(), repeat(REFUSED))
            rows[wrong] = np.fromiter(found, dtype=np.intp, count=wrong.size)
            known = wrong[rows[wrong] != REFUSED]
            self._guess[place[known]] = rows[known]
        return rows

    def _admit(self, keys: Keys, ip: Ips, subnets: Sequence[Subnet], now: float) -> None:
        privileged = self.is_protected(ip)
        room = self._protected_share - int(self._protected.sum())
        privileged[np.flatnonzero(privileged)[room:]] = False
        foreign = self._is_foreign(ip, subnets) & ~privileged
        own = np.flatnonzero(~privileged & ~foreign)
        self._enter(keys[privileged], protected=True, now=now)
        granted = self._entry.take(len(own), now)
        self._enter(keys[own[:granted]], now=now)
        outside = np.flatnonzero(foreign)
        granted = self._entry_foreign.take(len(outside), now)
        granted = self._entry.take(granted, now)
        self._enter(keys[outside[:granted]], foreign=True, now=now)

    def _is_foreign(self, ip: Ips, subnets: Sequence[Subnet]) -> Flags:
        if not subnets:
            return np.zeros(len(ip), dtype=np.bool_)
        return ~self.family.inside(ip, subnets)

    def _enter(
        self,
        keys: Keys,
        *,
        now: float,
        protected: bool = False,
        foreign: bool = False,
    ) -> None:
        free = [self._free.pop() for _ in range(min(len(self._free), len(keys)))]
        rows = np.array(free, dtype=np.intp)
        self._occupy(keys[: len(rows)], rows, now, protected=protected, foreign=foreign)
        for place in range(len(free), len(keys)):
            row = self._evict(now, protected=protected, foreign=foreign)
            if row is None:
                return
            rows, key = np.array([row], dtype=np.intp), keys[place : place + 1]
            self._occupy(key, rows, now, protected=protected, foreign=foreign)

    def _occupy(
        self,
        keys: Keys,
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
        del self._row[self._key.item(row)]
        self._key[row] = self.family.nobody[0]
        self._used[row] = False
        self._protected[row] = False
        self.columns.clear(row)
        self._free.append(row)

    def is_protected(self, ips: Ips) -> Flags:
        """Tell which of `ips` are never evicted."""
        return self.family.among(ips, self._protected_ips)

    def protected_segments(self) -> Rows:
        """Return the segments that protected addresses were seen on."""
        return np.unique(self._segments()[self._protected])

    def move(self, source: int, target: int) -> None:
        """Let the addresses of one segment be another's; they replace what that knows of them."""
        rows = np.flatnonzero(self._used & (self._segments() == source))
        ips = self.family.ips(self._key[rows])
        moved = self.family.keys(np.full(len(rows), target, dtype=np.intp), ips)
        for row, token in zip(rows.tolist(), moved.tolist(), strict=True):
            if token in self._row:
                self._protected[row] |= self._protected[self._row[token]]
                self._remove(self._row[token])
            del self._row[self._key.item(row)]
            self._row[token] = row
        self._key[rows] = moved

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
        keys = self._key[rows]
        return self.family.segments(keys), self.family.ips(keys)

    def find(self, segment: int, ip: Address) -> int:
        """Return the row of one address, which is of this family; REFUSED where there is none."""
        return self._row.get(self.family.token(segment, ip), REFUSED)

    def address(self, row: int) -> Address:
        """Return the address that a row in use stands for."""
        return self.family.address(self._key.item(row))

    def mac_of(self, row: int) -> int:
        """Return the MAC that the address of a row in use is bound to."""
        return int(self.macs.item(row))

    def _segments(self) -> Rows:
        return self.family.segments(self._key)

    def usage(self) -> Usage:
        """Tell how full the table is; refusals are sightings that found no place in it."""
        entries, limit = len(self._row), len(self._key)
        return Usage(self.family.table, entries, limit, self._evictions, self._refusals)

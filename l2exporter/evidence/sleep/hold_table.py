"""The addresses held now, so many and no more, and those that were until lately."""

from __future__ import annotations

from collections.abc import Iterable

from ... import limits
from ...tables.admission import TokenBucket
from ...tables.usage import Usage
from ..seen import Key
from . import sleep_windows as windows
from .hold import Hold
from .pool import Pool
from .station_index import StationIndex


class HoldTable:
    """Holds by address, and by the MACs of owners and proxies.

    A hold of high or confirmed confidence gives way to none. Others do when the table is full: of
    the proxy that has most of them its oldest, so that what one station claims costs that station.
    A proxy takes at most one place in `limits.SLEEP_PROXY_SHARE`. New ones are admitted at a
    bounded rate, weak ones and strong ones each on their own.
    """

    def __init__(self) -> None:
        self._holds: dict[Key, Hold] = {}
        self._owners, self._proxies = StationIndex(), StationIndex()
        self._ended: Pool[Key, tuple[Hold, ...]] = Pool(limits.SLEEP_PROXY_HOLDS)
        burst, rate = limits.SLEEP_PROXY_HOLDS, limits.SLEEP_PROXY_HOLD_RATE
        self._weak, self._strong = TokenBucket(burst, rate), TokenBucket(burst, rate)
        self._now = float("-inf")
        self._evictions = self._refusals = 0

    def get(self, key: Key) -> Hold | None:
        """Return the present hold of an address."""
        return self._holds.get(key)

    def admits(self, hold: Hold, at: float, *, known: bool) -> bool:
        """Tell whether a new hold may enter; `known` pairs of owner and proxy make no series."""
        segment = hold.key[0]
        share = limits.SLEEP_PROXY_HOLDS // limits.SLEEP_PROXY_SHARE
        self._now = max(self._now, at)
        bucket = self._strong if hold.is_strong else self._weak
        if self._proxies.count(segment, hold.proxy_mac) < share and (
            known or bucket.take(1, self._now)
        ):
            return True
        self._refusals += 1
        return False

    def give_way(self) -> Hold | None:
        """Return the hold to be evicted for a new one; None where none may be."""
        weak = [hold for hold in self._holds.values() if not hold.is_strong]
        if not weak:
            self._refusals += 1
            return None
        self._evictions += 1
        by_proxy: dict[tuple[int, int], list[Hold]] = {}
        for hold in weak:
            by_proxy.setdefault((hold.key[0], hold.proxy_mac), []).append(hold)
        most = max(len(holds) for holds in by_proxy.values())
        holds = next(holds for holds in by_proxy.values() if len(holds) == most)
        return min(holds, key=lambda hold: hold.since_at)

    @property
    def is_full(self) -> bool:
        """Tell whether another has no place."""
        return len(self._holds) >= limits.SLEEP_PROXY_HOLDS

    def add(self, hold: Hold) -> None:
        """Enter a hold."""
        self._holds[hold.key] = hold
        self._list(hold)

    def _list(self, hold: Hold) -> None:
        self._owners.add(hold.key, hold.owner_macs)
        self._proxies.add(hold.key, [hold.proxy_mac])

    def _unlist(self, hold: Hold) -> None:
        self._owners.remove(hold.key, hold.owner_macs)
        self._proxies.remove(hold.key, [hold.proxy_mac])

    def own(self, hold: Hold, macs: Iterable[int], owner_mac: int | None = None) -> None:
        """The owner is known by more MACs; the hold may still be about to enter."""
        entered = self._holds.get(hold.key) is hold
        if entered:
            self._unlist(hold)
        hold.owner_macs |= frozenset(macs)
        hold.owner_mac = hold.owner_mac if owner_mac is None else owner_mac
        if entered:
            self._list(hold)

    def hand(self, hold: Hold, proxy_mac: int) -> None:
        """Another proxy holds it."""
        self._unlist(hold)
        hold.proxy_mac = proxy_mac
        self._list(hold)

    def end(self, hold: Hold, at: float) -> None:
        """Take a hold out; it is told of for a while."""
        del self._holds[hold.key]
        self._unlist(hold)
        hold.ended_at = at
        before = self._ended.get(hold.key, at - windows.REMEMBERED) or ()
        self._ended.put(hold.key, (*before, hold)[-limits.HOLDS_ENDED :], at)

    def ended(self, key: Key, at: float) -> tuple[Hold, ...]:
        """Return the holds that ended lately, the oldest first."""
        holds = self._ended.get(key) or ()
        since = at - windows.REMEMBERED
        return tuple(h for h in holds if h.ended_at is not None and h.ended_at >= since)

    def extend(self, hold: Hold, at: float) -> None:
        """What ended a hold goes on: it is told of for longer."""
        hold.ended_at = at
        self._ended.put(hold.key, self._ended.get(hold.key) or (hold,), at)

    def of_owner(self, segment: int, macs: Iterable[int]) -> list[Hold]:
        """Return the holds of one owner, by any of its MACs."""
        return [self._holds[key] for key in self._owners.find(segment, macs)]

    def of_proxy(self, segment: int, mac: int) -> list[Hold]:
        """Return holds of one proxy; a bounded number of them."""
        return [self._holds[key] for key in self._proxies.find(segment, [mac])]

    def owner_macs(self) -> frozenset[int]:
        """Return the MACs of all owners."""
        return frozenset(self._owners.stations())

    def current(self) -> list[Hold]:
        """Return all that last."""
        return list(self._holds.values())

    def expire(self, now: float) -> None:
        """Forget what has ended long ago."""
        self._ended.expire(now - windows.REMEMBERED)

    def forget(self, hold: Hold) -> None:
        """Take a hold out without a trace: its segment has gone, or it never was one."""
        del self._holds[hold.key]
        self._unlist(hold)

    def rekey(self, row: int, target: int | None) -> None:
        """Those that have ended on a segment go with it."""
        self._ended.rekey(
            lambda key: key if key[0] != row else None if target is None else (target, key[1])
        )

    def usage(self) -> Usage:
        """Tell how full it is; a refusal is a claim whose hold found no place."""
        entries, limit = len(self._holds), limits.SLEEP_PROXY_HOLDS
        return Usage("sleep_proxy_holds", entries, limit, self._evictions, self._refusals)

"""Claims that may be a sleep proxy's, though nothing says so yet."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ... import limits
from ..seen import Claim, Key
from . import sleep_windows as windows
from .pool import Pool
from .station_index import StationIndex


@dataclass(slots=True, eq=False)
class Suspicion:
    """A MAC claims an address; `time` wall clock, `at` monotonic.

    owner_mac    the MAC that the address was bound to before; None where it was never seen
    sequence     of that MAC's last wake before; None where it is not known
    time, at     of its first claim
    last_at      of its last announcement
    proxied      the MAC was known as a proxy's by then
    steps        steps of the ladder in a row
    returned     the owner's first claim since: (time, at)
    """

    key: Key
    mac: int
    owner_mac: int | None
    sequence: int | None
    time: float
    at: float
    last_at: float
    proxied: bool = False
    step: float = 0.0
    steps: int = 0
    returned: tuple[float, float] | None = None

    @property
    def owner_macs(self) -> tuple[int, ...]:
        """Return the owner's MAC, if it is known."""
        return () if self.owner_mac is None else (self.owner_mac,)

    @property
    def is_ladder(self) -> bool:
        """Tell whether its announcements come as a sleep proxy's do."""
        return self.steps >= windows.LADDER_STEPS

    def announced(self, at: float) -> None:
        """Take one more announcement in; a full ladder stays one."""
        apart = at - self.last_at
        if self.is_ladder or apart < windows.DUPLICATE:
            return
        self.last_at = at
        fits = [step for step in windows.LADDER if abs(apart - step) <= windows.LADDER_TOLERANCE]
        if not fits:
            self.step, self.steps = 0.0, 0
            return
        self.steps = self.steps + 1 if self.step * 2 in fits else 1
        self.step = self.step * 2 if self.step * 2 in fits else fits[0]


class Suspicions:
    """One an address; those of known proxies apart, that others' claims not push them out."""

    def __init__(self) -> None:
        self._loose: Pool[Key, Suspicion] = Pool(limits.SLEEP_PROXY_EVIDENCE)
        self._proxied: Pool[Key, Suspicion] = Pool(limits.SLEEP_PROXY_EVIDENCE)
        self._claimants, self._owners = StationIndex(), StationIndex()

    def get(self, key: Key, at: float) -> Suspicion | None:
        """Return what is suspected of an address."""
        since = at - windows.LEASE_USUAL
        proxied = self._proxied.get(key, since)
        if proxied is not None:
            return proxied
        loose = self._loose.get(key, since)
        if loose is None or (not loose.is_ladder and at - loose.last_at > windows.STEP_UNSEEN):
            return None
        return loose

    def claim(
        self, claim: Claim, owner_mac: int | None, sequence: int | None, *, proxied: bool
    ) -> Suspicion:
        """Take a claim in; of another MAC than before it begins a new suspicion."""
        suspicion = self.get(claim.key, claim.at)
        if suspicion is None or suspicion.mac != claim.mac:
            time, at = claim.time, claim.at
            suspicion = Suspicion(claim.key, claim.mac, owner_mac, sequence, time, at, at, proxied)
        elif claim.announces:
            suspicion.announced(claim.at)
        self._put(suspicion, claim.at, proxied=proxied)
        return suspicion

    def _put(self, suspicion: Suspicion, at: float, *, proxied: bool) -> None:
        self.drop(suspicion.key)
        pool = self._proxied if proxied else self._loose
        evicted = pool.put(suspicion.key, suspicion, at)
        if evicted is not None:
            self._unlist(evicted)
        self._claimants.add(suspicion.key, [suspicion.mac])
        self._owners.add(suspicion.key, suspicion.owner_macs)

    def drop(self, key: Key) -> None:
        """It has become a hold, or nothing."""
        for pool in (self._loose, self._proxied):
            suspicion = pool.pop(key)
            if suspicion is not None:
                self._unlist(suspicion)

    def _unlist(self, suspicion: Suspicion) -> None:
        self._claimants.remove(suspicion.key, [suspicion.mac])
        self._owners.remove(suspicion.key, suspicion.owner_macs)

    def of(self, segment: int, mac: int, at: float) -> list[Suspicion]:
        """Return those of one MAC."""
        found = (self.get(key, at) for key in self._claimants.find(segment, [mac]))
        return [suspicion for suspicion in found if suspicion is not None]

    def about(self, segment: int, macs: Iterable[int], at: float) -> list[Suspicion]:
        """Return those whose owner is one of these MACs."""
        found = (self.get(key, at) for key in self._owners.find(segment, macs))
        return [suspicion for suspicion in found if suspicion is not None]

    def expire(self, now: float) -> None:
        """Forget what nothing came of."""
        for pool in (self._loose, self._proxied):
            for suspicion in pool.expire(now - windows.LEASE_USUAL):
                self._unlist(suspicion)

    def forget(self, segment: int) -> None:
        """A segment has gone."""
        for pool in (self._loose, self._proxied):
            for key in [key for key in pool if key[0] == segment]:
                self.drop(key)

    def __len__(self) -> int:
        return len(self._loose) + len(self._proxied)

    @property
    def evictions(self) -> int:
        """How many gave way."""
        return self._loose.evictions + self._proxied.evictions

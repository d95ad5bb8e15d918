"""One address that a sleep proxy answers for, and what is known of its owner's return."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum

from ..seen import Key
from . import sleep_windows as windows

_NEVER = float("-inf")


class Merit(IntEnum):
    """What the evidence for a hold is worth; names in lower case are label values."""

    LOW = 0
    MEDIUM = 1
    HIGH = 2
    CONFIRMED = 3


@dataclass(slots=True)
class Contest:
    """Whether owner and proxy take the address from each other; times are monotonic.

    turns  when the owner claimed again after the proxy had taken the address back
    rude   the proxy did so sooner than a sleep proxy would
    """

    turns: list[float] = field(default_factory=list)
    rude: bool = False
    _owner_from: float = _NEVER
    _owner_at: float = _NEVER
    _proxy_at: float = _NEVER
    _proxy_claims: int = 0

    def owner(self, at: float) -> None:
        """The owner claims."""
        if at - self._owner_at < windows.DUPLICATE:
            return
        if self._owner_at < self._proxy_at:
            self.turns = [*self.turns, at][-windows.CONTEST_TURNS :]
        if at - self._owner_at > windows.SETTLED:
            self._owner_from, self._proxy_claims = at, 0
        self._owner_at = at

    def proxy(self, at: float) -> None:
        """The proxy claims; before the owner did, that is nothing."""
        since = at - self._owner_at
        if since > windows.CONTEST or at - self._proxy_at < windows.DUPLICATE:
            return
        self.rude |= since < windows.SILENCE
        self._proxy_at = at
        self._proxy_claims += 1

    def is_on(self, at: float) -> bool:
        """Tell whether both mean to have the address."""
        turns = sum(at - turn <= windows.CONTEST for turn in self.turns)
        overlap = self._owner_at - self._owner_from > windows.CONTEST_OVERLAP
        return turns >= windows.CONTEST_TURNS or (overlap and self._proxy_claims > 1)

    def is_lately(self, at: float) -> bool:
        """Tell whether the owner has claimed it lately."""
        return at - self._owner_at < windows.CONTEST

    def is_taken_back(self, at: float) -> bool:
        """Tell whether a claim at that time comes sooner than an owner falls asleep again."""
        return at - self._owner_from < windows.SILENCE


@dataclass(slots=True)
class Returning:
    """Somebody other than the proxy has claimed the address; wall clock and monotonic time.

    mac            who
    time, at       of the first claim
    unanswered_at  of the first that the proxy has not answered by a claim; None if it has
    """

    mac: int
    time: float
    at: float
    unanswered_at: float | None


@dataclass(slots=True, eq=False)
class Hold:
    """An address held; `since` wall clock, all `at` monotonic, in seconds.

    owner_mac      the MAC that the address belongs to; None where it was never seen
    owner_macs     all MACs that its owner is known by
    owner_name     host name in the proxy's announcement
    sequence       of the owner's last wake before it fell asleep; None where it is not known
    merit          what the evidence is worth, before it grows old
    lease_ends     None where the lease is not known
    refreshed_at   when the proxy last showed that it holds the address
    began_unseen   it was there before the first frame that tells of it
    woken_at       the last magic packet for the owner; None when none is on its way
    goodbye_at     the proxy has taken the host's records back
    returning      the owner has claimed it, and may be back
    taken          a third has claimed it
    contested      owner and proxy both claim it: no sleep proxy at work
    """

    key: Key
    owner_mac: int | None
    proxy_mac: int
    since: float
    since_at: float
    merit: Merit = Merit.LOW
    owner_macs: frozenset[int] = frozenset()
    owner_name: str = ""
    sequence: int | None = None
    lease_ends: float | None = None
    refreshed_at: float = _NEVER
    claimed_at: float = _NEVER
    began_unseen: bool = False
    woken_at: float | None = None
    woken_time: float = 0.0
    goodbye_at: float | None = None
    goodbye_time: float = 0.0
    stale: bool = False
    returning: Returning | None = None
    taken: Returning | None = None
    contest: Contest = field(default_factory=Contest)
    contested: bool = False
    ended_at: float | None = None
    ended: str = ""

    @property
    def confidence(self) -> str:
        """Return what the evidence is worth now."""
        return (Merit.LOW if self.stale else self.merit).name.lower()

    @property
    def is_strong(self) -> bool:
        """Tell whether it gives way to none."""
        return self.merit >= Merit.HIGH and not self.stale

    def is_waking(self, at: float) -> bool:
        """Tell whether a magic packet for the owner is young enough."""
        return self.woken_at is not None and abs(at - self.woken_at) < windows.WAKING

    def upgrade(self, merit: Merit) -> None:
        """There is new evidence, of that worth."""
        self.merit = max(self.merit, merit)

    def strengthen(self) -> None:
        """What followed fits: a level more, as far as evidence afterwards can lead."""
        self.upgrade(Merit(min(self.merit + 1, Merit.HIGH)))

    def refresh(self, at: float) -> None:
        """The proxy shows that it holds the address."""
        self.refreshed_at = max(self.refreshed_at, at)
        self.stale = False

    def lease(self, at: float, seconds: int | None) -> None:
        """A registration was taken; its lease runs from then on."""
        self.lease_ends = None if seconds is None else at + seconds
        self.refresh(at)

    @property
    def expires_at(self) -> float:
        """Return when it is over unless it is refreshed."""
        if self.lease_ends is not None:
            return self.lease_ends + windows.LEASE_GRACE
        return self.refreshed_at + windows.LEASE_LONGEST

    @property
    def stale_at(self) -> float:
        """Return when its confidence falls."""
        if self.stale or self.lease_ends is not None:
            return float("inf")
        return self.refreshed_at + windows.LEASE_USUAL

    @property
    def due_at(self) -> float:
        """Return when the next of its windows closes."""
        due = min(self.expires_at, self.stale_at)
        if self.woken_at is not None:
            due = min(due, self.woken_at + windows.WAKING)
        if self.taken is not None:
            due = min(due, self.taken.at + windows.WAKING)
        if self.returning is not None and self.returning.unanswered_at is not None:
            due = min(due, self.returning.unanswered_at + windows.SETTLED)
        return due

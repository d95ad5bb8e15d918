"""Holds as they begin, go on and end; each step is told of once."""

from __future__ import annotations

from ..seen import Claim
from . import sleep_windows as windows
from .clues import Clues
from .hold import Contest, Hold, Merit
from .hold_table import HoldTable
from .proxies import Proxies
from .registrations import Registered
from .transitions import Dropped, SleepEvent, Transition, Wake


class HoldBook:
    """Makes the entries in the table of holds, and tells of them.

    due_at  monotonic: not before then does the lack of a frame tell anything
    """

    def __init__(self, proxies: Proxies, clues: Clues) -> None:
        self.proxies = proxies
        self.clues = clues
        self.table = HoldTable()
        self.due_at = float("inf")
        self._told: list[SleepEvent] = []

    def take(self) -> list[object]:
        """Return what there is to tell since the last call, in its order."""
        told, self._told = self._told, []
        return list(told)

    def touch(self, hold: Hold) -> None:
        """A hold's windows have changed."""
        self.due_at = min(self.due_at, hold.due_at)

    def is_straggler(self, claim: Claim) -> bool:
        """Tell whether the proxy has only not heard yet that the owner is back."""
        return not claim.announces and any(
            hold.ended == "release"
            and hold.proxy_mac == claim.mac
            and claim.at - (hold.ended_at or 0.0) < windows.STRAGGLING
            for hold in self.table.ended(claim.key, claim.at)[-1:]
        )

    def is_disputed(self, claim: Claim) -> bool:
        """Tell whether owner and proxy still quarrel, as they did when the last hold ended."""
        for hold in self.table.ended(claim.key, claim.at)[-1:]:
            if hold.contested and claim.mac in (hold.proxy_mac, *hold.owner_macs):
                if claim.mac in hold.owner_macs:
                    hold.contest.owner(claim.at)
                if hold.contest.is_lately(claim.at):
                    self.table.extend(hold, claim.at)
                    return True
        return False

    def begin(self, hold: Hold, at: float) -> bool:
        """Enter a hold that `at` shows; tell whether there is a place for it and its proxy."""
        segment, owners = hold.key[0], self.clues.owners
        known = owners.pair(hold.key) == (hold.owner_mac, hold.proxy_mac)
        if not self.table.admits(hold, at, known=known):
            return False
        evicted = self.table.give_way() if self.table.is_full else None
        if self.table.is_full and evicted is None:
            return False
        if not self.proxies.working(segment, hold.proxy_mac, at):
            return False
        if evicted is not None:
            self.drop(evicted, "evicted", hold.since, at)
        self.table.add(hold)
        self._tell(hold, "hold", hold.since, hold.since_at)
        self.owned(hold, at)
        self.touch(hold)
        return True

    def owned(self, hold: Hold, at: float) -> None:
        """Remember whose address it is, if that is known, and who has shown to be a proxy."""
        if hold.owner_mac is None or self.table.get(hold.key) is not hold:
            return
        self.clues.owners.held(hold.key, hold.owner_mac, hold.proxy_mac, at)
        if hold.merit >= Merit.MEDIUM:
            self.proxies.confirm(hold.key[0], hold.proxy_mac)

    def register(self, hold: Hold, registered: Registered, at: float) -> None:
        """A hold stands on a registration."""
        registered.used.add(hold.key[1])
        if registered.accepted:
            hold.upgrade(Merit.CONFIRMED)
            hold.lease(registered.at, registered.lease)
        if registered.owner is not None:
            owner = registered.owner
            hold.sequence = owner.sequence
            macs = (owner.host_mac, owner.wakeup_mac)
            self.table.own(hold, macs, hold.owner_mac or owner.wakeup_mac)
        self.owned(hold, at)
        self.touch(hold)

    def renew(self, hold: Hold, time: float, at: float) -> None:
        """The hold goes on, as the proxy says anew."""
        hold.returning = hold.taken = hold.woken_at = hold.goodbye_at = None
        hold.refresh(at)
        self._tell(hold, "renew", time, at)
        self.touch(hold)

    def hand_off(self, hold: Hold, proxy_mac: int, merit: Merit, time: float, at: float) -> None:
        """Another proxy holds the address now; nothing changes where it has no place."""
        segment, before = hold.key[0], hold.proxy_mac
        if not self.proxies.working(segment, proxy_mac, at):
            return
        self.table.hand(hold, proxy_mac)
        self.proxies.resting(segment, before, at)
        hold.returning = hold.taken = hold.woken_at = hold.goodbye_at = hold.lease_ends = None
        hold.merit, hold.contest = merit, Contest()
        hold.claimed_at = at
        hold.refresh(at)
        self.owned(hold, at)
        self._tell(hold, "hand_off", time, at)
        self.touch(hold)

    def release(self, hold: Hold, mac: int, time: float, at: float) -> None:
        """The owner is back, since `at`; `mac` shows it."""
        segment, proxy_mac = hold.key[0], hold.proxy_mac
        if hold.owner_mac is None:
            self.table.own(hold, [mac], mac)
        woken = hold.is_waking(at) or self.clues.woken(segment, proxy_mac, hold.owner_macs, at)
        self.end(hold, "release", time, at)
        owner = hold.owner_mac
        if owner is not None and self.clues.owners.woke(segment, owner, hold.since_at, at):
            reason = "demand" if woken else "maintenance"
            self._told.append(Wake(segment, owner, reason, time))

    def end(self, hold: Hold, kind: str, time: float, at: float) -> None:
        """It is over, by a transition of that kind."""
        self._tell(hold, kind, time, at, ended=True)
        self._close(hold, kind, at)
        if kind != "release" and hold.merit >= Merit.MEDIUM:
            self.clues.owners.lost(hold.key, hold.owner_macs, hold.proxy_mac, at)

    def drop(self, hold: Hold, reason: str, time: float, at: float) -> None:
        """It is followed no longer, and that is no transition."""
        hold.contested = reason == "contested"
        ip, owner, proxy = hold.key[1], hold.owner_mac, hold.proxy_mac
        self._told.append(Dropped(hold.key[0], ip, owner, proxy, reason, time, at))
        self._close(hold, reason, at)

    def _close(self, hold: Hold, how: str, at: float) -> None:
        hold.ended = how
        self.clues.owners.forget_lost(hold.key)
        if how == "own":  # It never was one, so it explains no move.
            self.table.forget(hold)
        else:
            self.table.end(hold, at)
        self.proxies.resting(hold.key[0], hold.proxy_mac, at)

    def _tell(self, hold: Hold, kind: str, time: float, at: float, *, ended: bool = False) -> None:
        seconds = max(at - hold.since_at, 0.0) if ended and not hold.began_unseen else None
        segment, ip = hold.key
        transition = Transition(
            segment, ip, kind, hold.owner_mac, hold.proxy_mac, hold.confidence, time, at, seconds
        )
        self._told.append(transition)

"""What becomes of a hold: claims on its address, and claims that do not come."""

from __future__ import annotations

from ..seen import Claim
from . import sleep_windows as windows
from .clues import Clues
from .hold import Hold, Merit, Returning
from .hold_book import HoldBook


class Held:
    """Renews, releases, hands off and ends holds."""

    def __init__(self, book: HoldBook, clues: Clues) -> None:
        self._book = book
        self._clues = clues
        self._proxies = book.proxies

    def claim(self, hold: Hold, claim: Claim) -> None:
        """Take in a claim on an address that is held."""
        if claim.mac == hold.proxy_mac:
            self._by_proxy(hold, claim)
        elif claim.mac in hold.owner_macs:
            self._by_owner(hold, claim)
        elif self._is_other_proxy(claim):
            if claim.announces or claim.known != claim.mac:
                self._hand_off(hold, claim)
        elif hold.owner_mac is None:
            self._by_owner(hold, claim)
        elif hold.taken is None:
            hold.taken = Returning(claim.mac, claim.time, claim.at, claim.at)
        self._book.touch(hold)

    def _by_proxy(self, hold: Hold, claim: Claim) -> None:
        returning, at = hold.returning, claim.at
        registered = self._clues.registrations.pending(claim.key, claim.mac, at)
        hold.taken = None
        hold.contest.proxy(at)
        blip = returning is not None and (
            returning.unanswered_at is not None or at - returning.at < windows.SETTLED
        )
        if registered is not None or (claim.announces and blip):
            self._book.renew(hold, claim.time, at)
            if registered is not None:
                self._book.register(hold, registered, at)
        elif returning is not None:
            returning.unanswered_at = None
        hold.claimed_at = at
        hold.refresh(at)

    def _by_owner(self, hold: Hold, claim: Claim) -> None:
        at, owners = claim.at, {claim.mac, *hold.owner_macs}
        hold.contest.owner(at)
        woken = self._clues.woken(claim.segment, hold.proxy_mac, owners, at)
        is_waking = hold.is_waking(at) or woken is not None
        if hold.contest.is_on(at) and (hold.contest.rude or not is_waking):
            self._book.drop(hold, "contested", claim.time, at)
            return
        self.heard(hold, claim.mac, claim.time, at)
        if is_waking:
            self.release(hold, claim.mac, claim.time, at)

    def heard(self, hold: Hold, mac: int, time: float, at: float) -> None:
        """The owner is heard; it is back unless the proxy answers in time."""
        before = hold.returning
        if before is None or (before.unanswered_at is None and at - before.at >= windows.SETTLED):
            hold.returning = Returning(mac, time, at, at)
        elif before.unanswered_at is None:
            before.unanswered_at = at
        self._book.touch(hold)

    def release(self, hold: Hold, mac: int, time: float, at: float) -> None:
        """The owner is back, since it was heard first; so are its other addresses soon."""
        returning = hold.returning
        if returning is not None and returning.unanswered_at is not None:
            mac, time, at = returning.mac, returning.time, returning.at
        self._book.release(hold, mac, time, at)
        for other in self._book.table.of_owner(hold.key[0], hold.owner_macs):
            if other.proxy_mac == hold.proxy_mac and other.claimed_at <= at:
                self.heard(other, mac, time, at)

    def _is_other_proxy(self, claim: Claim) -> bool:
        segment, ip = claim.key
        if self._proxies.owns(segment, claim.mac, ip):
            return False
        pending = self._clues.registrations.pending(claim.key, claim.mac, claim.at)
        return pending is not None or self._proxies.is_proxy(segment, claim.mac, claim.at)

    def _hand_off(self, hold: Hold, claim: Claim) -> None:
        registered = self._clues.registrations.pending(claim.key, claim.mac, claim.at)
        host = self._clues.announced(claim.key, claim.mac, claim.at)
        merit = Merit.LOW if hold.owner_mac is None else Merit.MEDIUM
        if host is not None or registered is not None:
            merit = Merit.HIGH
        if registered is not None and registered.accepted:
            merit = Merit.CONFIRMED
        self._book.hand_off(hold, claim.mac, merit, claim.time, claim.at)
        if registered is not None and hold.proxy_mac == claim.mac:
            self._book.register(hold, registered, claim.at)

    # Windows that close

    def settle(self, hold: Hold, now: float, wall: float) -> None:
        """Draw the conclusions from what was not seen until `now`."""
        returning = hold.returning
        if returning is not None and returning.unanswered_at is not None:
            if now >= returning.unanswered_at + windows.SETTLED:
                self.unanswered(hold, returning)
        elif hold.taken is not None and now >= hold.taken.at + windows.WAKING:
            self._taken(hold, hold.taken)
        elif hold.woken_at is not None and now >= hold.woken_at + windows.WAKING:
            self._not_woken(hold, hold.woken_at)
        elif now >= hold.expires_at:
            ended = hold.expires_at
            self._book.end(hold, "expire", wall - (now - ended), ended)
        elif now >= hold.stale_at:
            hold.stale = True

    def unanswered(self, hold: Hold, returning: Returning) -> None:
        """The proxy has nothing to say to an owner that was heard: it is back, or never slept."""
        if returning.at - hold.since_at < windows.SILENCE:
            self._book.drop(hold, "contested", returning.time, returning.at)
        else:
            self.release(hold, returning.mac, returning.time, returning.at)

    def _taken(self, hold: Hold, taken: Returning) -> None:
        """A third has kept the address: another proxy, as it may have shown since, or a thief."""
        if self._proxies.is_proxy(hold.key[0], taken.mac, taken.at + windows.WAKING):
            self._book.hand_off(hold, taken.mac, Merit.MEDIUM, taken.time, taken.at)
            hold.taken = None
        else:
            self._book.end(hold, "lost", taken.time, taken.at)

    def _not_woken(self, hold: Hold, woken_at: float) -> None:
        """Nobody answered a magic packet; a proxy that goes on claiming has not given up."""
        if hold.goodbye_at is not None:
            self._over(hold, hold.goodbye_time, hold.goodbye_at)
        elif hold.claimed_at > woken_at + windows.MAGIC_ORDER:
            hold.woken_at = None
        else:
            self._book.end(hold, "lost", hold.woken_time, woken_at)

    def goodbye(self, hold: Hold, time: float, at: float) -> None:
        """The proxy takes the host's records back; an owner that it has woken may yet return."""
        if hold.is_waking(at):
            hold.goodbye_at, hold.goodbye_time = at, time
        else:
            self._over(hold, time, at)

    def _over(self, hold: Hold, time: float, at: float) -> None:
        ends = hold.lease_ends
        expired = ends is not None and at >= ends - windows.LEASE_GRACE
        self._book.end(hold, "expire" if expired else "lost", time, at)

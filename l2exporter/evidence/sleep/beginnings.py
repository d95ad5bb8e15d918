"""Claims on addresses that nobody is known to hold: which of them begin a hold."""

from __future__ import annotations

from ..seen import Claim, Key
from . import sleep_windows as windows
from .clues import Clues
from .hold import Hold, Merit
from .hold_book import HoldBook
from .owners import is_later
from .registrations import Registered
from .suspicions import Suspicion


class Beginnings:
    """Begins a hold at once where the evidence suffices, and afterwards where it comes late."""

    def __init__(self, book: HoldBook, clues: Clues) -> None:
        self._book = book
        self._table = book.table
        self._proxies = book.proxies
        self._clues = clues

    def claim(self, claim: Claim) -> None:
        """Take in a claim on an address that is not held."""
        segment, ip = claim.key
        is_return = self._is_return(claim)
        if claim.known is not None and claim.known != claim.mac:
            self._clues.owners.took(claim.key, claim.mac, claim.at)
        if is_return or self._book.is_disputed(claim):
            return
        if self._proxies.owns(segment, claim.mac, ip):
            self._clues.suspicions.drop(claim.key)
            return
        registered = self._clues.registrations.pending(claim.key, claim.mac, claim.at)
        if registered or self._proxies.is_proxy(segment, claim.mac, claim.at):
            self._of_proxy(claim, registered)
        elif claim.announces:
            owner = claim.known if claim.known != claim.mac else None
            self._suspect(claim, owner, proxied=False)

    def _of_proxy(self, claim: Claim, registered: Registered | None) -> None:
        known = claim.known
        if registered and known and self._is_before(claim) and not registered.is_of(known):
            self._foreign(claim, known, registered)
            return
        owner = self._owner(claim, registered)
        if owner is not None:
            if registered is not None or not self._book.is_straggler(claim):
                self._begin(claim, owner, registered)
        elif self._is_news(claim):
            suspicion = self._suspect(claim, None, proxied=True)
            if suspicion.is_ladder:
                self.recognise(suspicion, None, claim.at)

    def _foreign(self, claim: Claim, owner: int, registered: Registered) -> None:
        """The address is another's than who registered it, or for whom: no hold, and so it stays
        while its owner is heard.
        """
        registered.used.add(claim.ip)
        self._begin(claim, owner, None)
        hold = self._table.get(claim.key)
        if hold is not None:
            hold.contest.owner(claim.at)
            self._book.drop(hold, "contested", claim.time, claim.at)

    def _is_news(self, claim: Claim) -> bool:
        """Tell whether the proxy's claim can be on another's address.

        One that was its own before it was known as a proxy is bound to it all along.
        """
        suspicion = self._clues.suspicions.get(claim.key, claim.at)
        return (
            claim.known != claim.mac
            or (suspicion is not None and suspicion.proxied)
            or self._clues.announced(claim.key, claim.mac, claim.at) is not None
        )

    def _owner(self, claim: Claim, registered: Registered | None) -> int | None:
        """Return whose address it was before the proxy's claim, as far as anything tells."""
        if registered is not None and registered.owner is not None:
            return registered.owner.wakeup_mac
        if self._is_before(claim):
            return claim.known
        pair = self._clues.owners.pair(claim.key)
        if pair is not None and pair[0] != claim.mac:
            return pair[0]
        return self._tied(claim)

    def _is_before(self, claim: Claim) -> bool:
        """Tell whether the MAC bound before can be the owner's: no other proxy that held it."""
        (segment, ip), known = claim.key, claim.known
        if known is None or known == claim.mac:
            return False
        is_proxy = self._proxies.is_proxy(segment, known, claim.at)
        return not is_proxy or self._proxies.owns(segment, known, ip)

    def _tied(self, claim: Claim) -> int | None:
        """Return the owner of another address that the proxy holds for the host it announced."""
        host = self._clues.announced(claim.key, claim.mac, claim.at)
        for hold in self._table.of_proxy(claim.segment, claim.mac) if host else ():
            if hold.owner_name == host and hold.owner_mac is not None:
                return hold.owner_mac
        return None

    def _begin(self, claim: Claim, owner: int, registered: Registered | None) -> None:
        suspicion = self._clues.suspicions.get(claim.key, claim.at)
        time, at = claim.time, claim.at
        if suspicion is not None and suspicion.mac == claim.mac and not suspicion.returned:
            time, at = suspicion.time, suspicion.at
        hold = self._hold(claim.key, claim.mac, owner, time, at, claim.at)
        if self._is_before(claim) and claim.known is not None:
            hold.owner_macs |= {claim.known}
        for before in self._table.ended(claim.key, claim.at)[-1:]:
            if before.proxy_mac == claim.mac and before.contest.is_taken_back(claim.at):
                hold.contest = before.contest
        hold.contest.proxy(claim.at)
        if registered is not None:
            hold.upgrade(Merit.HIGH)
            self._book.register(hold, registered, claim.at)
        self._clues.suspicions.drop(claim.key)
        self._book.begin(hold, claim.at)

    def _hold(
        self, key: Key, mac: int, owner: int | None, time: float, at: float, now: float
    ) -> Hold:
        """Make a hold with what is known of it `now`, but for its registration."""
        segment = key[0]
        hold = Hold(key, owner, mac, time, at, claimed_at=now, refreshed_at=now)
        host = self._clues.announced(key, mac, now)
        if host is not None:
            hold.owner_name = host
            hold.upgrade(Merit.HIGH)
        elif owner is not None and self._proxies.is_proxy(segment, mac, now):
            hold.upgrade(Merit.MEDIUM)
        if owner is not None:
            hold.owner_macs = frozenset([owner])
            hold.sequence = self._clues.owners.sequence(segment, owner)
        return hold

    # What comes late

    def _suspect(self, claim: Claim, owner: int | None, *, proxied: bool) -> Suspicion:
        suspicions = self._clues.suspicions
        before = suspicions.get(claim.key, claim.at)
        if before is not None and before.returned:
            suspicions.drop(claim.key)
        sequence = self._clues.owners.sequence(claim.segment, owner)
        return suspicions.claim(claim, owner, sequence, proxied=proxied)

    def recognise(
        self, suspicion: Suspicion, owner: int | None, now: float, *, unseen: bool = False
    ) -> Hold | None:
        """A suspicion was right: enter its hold, with the times of its first claim."""
        self._clues.suspicions.drop(suspicion.key)
        time, at = suspicion.time, suspicion.at
        hold = self._hold(suspicion.key, suspicion.mac, owner, time, at, now)
        hold.sequence = suspicion.sequence
        hold.claimed_at = suspicion.last_at
        hold.began_unseen = unseen
        return hold if self._book.begin(hold, now) else None

    def _is_return(self, claim: Claim) -> bool:
        """Take in a claim of another MAC than is suspected; tell whether it is the owner's."""
        suspicion = self._clues.suspicions.get(claim.key, claim.at)
        if suspicion is None:
            return self._is_unseen(claim)
        if suspicion.mac == claim.mac:
            return False
        owner, segment = suspicion.owner_mac, claim.segment
        proxied = self._proxies.is_proxy(segment, suspicion.mac, claim.at)
        if (suspicion.is_ladder or proxied) and owner in (None, claim.mac):
            magic = self._clues.woken(segment, suspicion.mac, [claim.mac], claim.at)
            if magic is not None:
                self._return(suspicion, claim.mac, claim.time, claim.at)
                return True
        if owner == claim.mac and suspicion.is_ladder:
            suspicion.returned = suspicion.returned or (claim.time, claim.at)
            return True
        self._clues.suspicions.drop(claim.key)
        return owner == claim.mac

    def _is_unseen(self, claim: Claim) -> bool:
        """Tell whether the claim ends a hold that was there before anything was seen.

        That shows who had the address until now, and has just woken who claims it.
        """
        (segment, ip), proxy = claim.key, claim.known
        if proxy is None or proxy == claim.mac or self._table.ended(claim.key, claim.at):
            return False
        magic = self._clues.woken(segment, proxy, [claim.mac], claim.at)
        if magic is None or self._proxies.owns(segment, proxy, ip):
            return False
        is_proxy = self._proxies.is_proxy(segment, proxy, claim.at)
        if not is_proxy and self._clues.owners.has_taken(claim.key, proxy):
            return False
        time, at = magic.time, magic.at
        suspicion = Suspicion(claim.key, proxy, claim.mac, None, time, at, at)
        self._return(suspicion, claim.mac, claim.time, claim.at, unseen=True)
        return True

    def _return(
        self, suspicion: Suspicion, mac: int, time: float, at: float, *, unseen: bool = False
    ) -> None:
        hold = self.recognise(suspicion, mac, at, unseen=unseen)
        if hold is not None:
            hold.strengthen()
            self._book.owned(hold, at)
            self._book.release(hold, mac, time, at)

    def magic(self, segment: int, source: int, target: int, time: float, at: float) -> None:
        """A magic packet for the owner of an address shows that its claimant is a proxy."""
        for suspicion in self._clues.suspicions.of(segment, source, at):
            if suspicion.is_ladder and suspicion.owner_mac == target:
                self._woken(suspicion, target, time, at)

    def _woken(self, suspicion: Suspicion, target: int, time: float, at: float) -> None:
        returned = suspicion.returned
        if returned is not None:
            if at - returned[1] <= windows.MAGIC_ORDER:
                self._return(suspicion, target, *returned)
            return
        hold = self.recognise(suspicion, target, at)
        if hold is not None:
            hold.woken_at, hold.woken_time = at, time
            hold.strengthen()
            self._book.owned(hold, at)
            self._book.touch(hold)

    def owner_spoke(
        self, segment: int, macs: frozenset[int], sequence: int, time: float, at: float
    ) -> None:
        """An owner's later sequence shows that it slept while another had its address."""
        for suspicion in self._clues.suspicions.about(segment, macs, at):
            before, owner = suspicion.sequence, suspicion.owner_mac
            if before is None or owner is None or not suspicion.is_ladder:
                continue
            if is_later(sequence, before):
                when = suspicion.returned or (time, at)
                if at - when[1] <= windows.WAKING:
                    self._return(suspicion, owner, *when)

    def offered(self, segment: int, mac: int, at: float) -> None:
        """A MAC turns out to be a proxy's: its claims before were a proxy's too."""
        for suspicion in self._clues.suspicions.of(segment, mac, at):
            owns = self._proxies.owns(segment, mac, suspicion.key[1])
            if suspicion.owner_mac is None or owns:
                continue
            if suspicion.is_ladder and not suspicion.returned:
                self.recognise(suspicion, suspicion.owner_mac, at)

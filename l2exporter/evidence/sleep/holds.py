"""Which addresses sleep proxies hold, from the traces of it on the wire.

A passive tracker (facts of the protocol: mDNSResponder, DNS-SD; RFC 6762; draft-cheshire-edns0-
owner-option). It works with what is broadcast alone, and better with a mirror port's view:

    claim (ARP, NA) of a known proxy on another's address -> hold        medium, at once
    ... announced by the proxy's mDNS                     -> hold        high
    ... after DNS UPDATE and its acceptance               -> hold        confirmed
    ... on an address of nobody known                     -> hold        low, after two ladder steps
    of an unknown MAC, and later a magic packet or the owner's next sequence -> hold, told late
    owner's mDNS with a later sequence                    -> release     at once
    owner's claim after a magic packet                    -> release     at once
    owner's claim, not answered by the proxy              -> release     after 20 s
    ... sooner after the hold than anybody falls asleep   -> no hold; `contested`
    ... answered by its announcement; registered anew     -> renew
    another proxy's claim                                 -> hand_off
    magic packet and then nobody; goodbyes; a third's claim -> lost
    the lease's end                                       -> expire
    both claim again and again                            -> no hold; `contested`
    DNS UPDATE by others than who has the address         -> no hold; `contested`

No claim without a magic packet, an mDNS offer or a registration makes its sender a proxy.
"""

from __future__ import annotations

from ...dissect.dns import Owner
from ...dissect.dns_update import Registration, RegistrationReply
from ...dissect.mdns import HostAddress, Mdns
from ...dissect.wake_on_lan import MagicPacket
from ...tables.usage import Usage
from ..seen import Claim, Key, Seen
from .beginnings import Beginnings
from .clues import Clues
from .held import Held
from .hold import Contest, Hold, Merit
from .hold_book import HoldBook
from .owners import is_later
from .proxies import Proxies
from .transitions import Dropped, SleepEvent, Transition, Wake

__all__ = ["Dropped", "Hold", "Holds", "SleepEvent", "Transition", "Wake"]


class Holds:
    """Takes in claims and messages in the order of their times; tells what they show."""

    def __init__(self, proxies: Proxies) -> None:
        self._proxies = proxies
        self._clues = Clues()
        self._book = HoldBook(proxies, self._clues)
        self._table = self._book.table
        self._held = Held(self._book, self._clues)
        self._beginnings = Beginnings(self._book, self._clues)

    def claim(self, claim: Claim) -> list[object]:
        """Take in a packet that binds an address; return the transitions and wakes it shows."""
        hold = self._present(claim.key, claim.at, claim.time)
        if hold is None:
            self._beginnings.claim(claim)
        else:
            self._held.claim(hold, claim)
        return self._book.take()

    def _present(self, key: Key, now: float, wall: float) -> Hold | None:
        """Return the hold of an address once its windows that have closed are settled."""
        hold = self._table.get(key)
        if hold is not None and hold.due_at <= now:
            self._held.settle(hold, now, wall)
        return self._table.get(key)

    def seen(self, seen: Seen) -> list[object]:
        """Take in a dissected packet, once the proxies have; most have nothing to do with sleep."""
        message = seen.message
        if isinstance(message, Mdns):
            self._mdns(seen, message)
        elif isinstance(message, MagicPacket):
            self._magic(seen, message.target)
        elif isinstance(message, Registration):
            self._clues.registrations.ask(seen, message)
        elif isinstance(message, RegistrationReply):
            self._answered(seen, message)
        return self._book.take()

    def _mdns(self, seen: Seen, message: Mdns) -> None:
        segment, mac = seen.segment, seen.source_mac
        if message.response and self._proxies.is_proxy(segment, mac, seen.at):
            self._disown(seen, message)
            for address in message.addresses:
                self._announced(seen, address)
            if message.proxies:
                self._beginnings.offered(segment, mac, seen.at)
        if message.owner is not None:
            self._owner_spoke(seen, message.owner)

    def _disown(self, seen: Seen, message: Mdns) -> None:
        """What turns out to be a proxy's own address was never held by it."""
        segment, mac = seen.segment, seen.source_mac
        ips = {address.ip for address in message.addresses}
        for ip in ips if seen.source is None else ips | {seen.source}:
            hold = self._table.get((segment, ip))
            if hold and hold.proxy_mac == mac and self._proxies.owns(segment, mac, ip):
                self._book.drop(hold, "own", seen.time, seen.at)

    def _announced(self, seen: Seen, address: HostAddress) -> None:
        segment, mac, key = seen.segment, seen.source_mac, (seen.segment, address.ip)
        if self._proxies.owns(segment, mac, address.ip):
            return
        hold = self._present(key, seen.at, seen.time)
        if hold is not None and hold.proxy_mac != mac:
            hold = None
        if address.ttl:
            self._clues.announce(key, mac, address.host, seen.at)
        if hold is not None and address.ttl:
            self._confirmed_by_name(hold, address.host.lower(), seen.at)
        elif hold is not None:
            self._held.goodbye(hold, seen.time, seen.at)
            self._book.touch(hold)

    def _confirmed_by_name(self, hold: Hold, host: str, at: float) -> None:
        """The proxy says whose address it holds; holds of one host have one owner."""
        hold.upgrade(Merit.HIGH)
        hold.owner_name = host
        hold.refresh(at)
        self._book.owned(hold, at)
        segment, proxy = hold.key[0], hold.proxy_mac
        tied = [h for h in self._table.of_proxy(segment, proxy) if h.owner_name == host]
        owner = next((h.owner_mac for h in tied if h.owner_mac is not None), None)
        for other in tied if owner is not None else ():
            if other.owner_mac is None:
                self._table.own(other, [owner] if owner is not None else [], owner)
                self._book.owned(other, at)

    def _owner_spoke(self, seen: Seen, owner: Owner) -> None:
        segment, source, sequence = seen.segment, seen.source_mac, owner.sequence
        macs = frozenset((owner.host_mac, owner.wakeup_mac, source))
        for hold in self._table.of_owner(segment, macs):
            present = self._present(hold.key, seen.at, seen.time)
            if present is hold and hold.proxy_mac != source:
                self._sequence(hold, seen, owner)
        self._beginnings.owner_spoke(segment, macs, sequence, seen.time, seen.at)
        self._clues.owners.speak(segment, macs, sequence, seen.at)

    def _sequence(self, hold: Hold, seen: Seen, owner: Owner) -> None:
        """Release a hold whose owner tells of a later wake, or tells for the first time.

        It may have woken on another of its interfaces than fell asleep.
        """
        sequence = owner.sequence
        if hold.sequence is None or is_later(sequence, hold.sequence):
            if hold.sequence is not None:
                hold.strengthen()
            hold.contest = Contest()
            self._table.own(hold, (owner.host_mac, owner.wakeup_mac))
            self._held.release(hold, seen.source_mac, seen.time, seen.at)
        elif sequence != hold.sequence:  # It has begun to count anew: perhaps it was booted.
            self._held.heard(hold, seen.source_mac, seen.time, seen.at)

    def _magic(self, seen: Seen, target: int) -> None:
        segment, source = seen.segment, seen.source_mac
        self._clues.wake(seen, target)
        for hold in self._table.of_owner(segment, [target]):
            if hold.proxy_mac == source and self._present(hold.key, seen.at, seen.time) is hold:
                self._woken(hold, seen)
        self._beginnings.magic(segment, source, target, seen.time, seen.at)

    def _woken(self, hold: Hold, seen: Seen) -> None:
        if not hold.is_waking(seen.at):
            hold.strengthen()
            self._book.owned(hold, seen.at)
        hold.woken_at, hold.woken_time = seen.at, seen.time
        hold.refresh(seen.at)
        returning = hold.returning
        if returning is not None and returning.unanswered_at is not None:
            self._held.release(hold, returning.mac, returning.time, returning.at)
        else:
            self._book.touch(hold)

    def _answered(self, seen: Seen, message: RegistrationReply) -> None:
        registered = self._clues.registrations.answer(seen, message)
        for ip in registered.addresses if registered is not None else ():
            hold = self._present((seen.segment, ip), seen.at, seen.time)
            if registered is None or hold is None or hold.proxy_mac != registered.proxy_mac:
                continue
            if ip not in registered.used:
                self._book.renew(hold, seen.time, seen.at)
            self._book.register(hold, registered, seen.at)

    def settle(self, now: float, wall: float) -> list[object]:
        """Close the windows that end until `now`; cheap where none does."""
        if now >= self._book.due_at:
            for hold in self._table.current():
                self._present(hold.key, now, wall)
            self._book.due_at = min(
                (hold.due_at for hold in self._table.current()), default=float("inf")
            )
        self._proxies.settle(now)
        self._clues.expire(now)
        self._table.expire(now)
        return self._book.take()

    def finish(self, now: float, wall: float) -> list[object]:
        """Nothing more will be seen: owners that were heard last are back."""
        told = self.settle(now, wall)
        for hold in self._table.current():
            returning = hold.returning
            if returning is not None and returning.unanswered_at is not None:
                self._held.unanswered(hold, returning)
        return [*told, *self._book.take()]

    def around(self, key: Key, now: float) -> tuple[Hold, ...]:
        """Return the holds of an address that ended lately, and last the present one."""
        hold = self._table.get(key)
        return (*self._table.ended(key, now), *(() if hold is None else (hold,)))

    def was_lost(self, key: Key, owner: int, proxy: int) -> bool:
        """Tell whether the last hold of an address was theirs, and ended before the owner's return,
        however long ago; a hold of low confidence is none here.
        """
        return self._clues.owners.was_lost(key, owner, proxy)

    def current(self) -> list[Hold]:
        """Return the holds that last."""
        return self._table.current()

    def is_watched(self, key: Key, now: float) -> bool:
        """Tell whether every claim on an address matters: it is held, was, or may be."""
        return bool(self.around(key, now)) or self._clues.suspicions.get(key, now) is not None

    def owner_macs(self) -> frozenset[int]:
        """Return the MACs of those that sleep: their next mDNS packet ends holds."""
        return self._table.owner_macs()

    def usage(self) -> list[Usage]:
        """Tell how full the tables of holds, evidence and owners are."""
        return [self._table.usage(), *self._clues.usage()]

    def change_segment(self, row: int, target: int | None) -> None:
        """A segment has gone, or is another from now on; its proxies and holds go with it."""
        self._proxies.change_segment(row, target)
        self._clues.change_segment(row, target)
        self._table.rekey(row, target)
        for hold in [hold for hold in self._table.current() if hold.key[0] == row]:
            self._table.forget(hold)
            if target is None:
                continue
            hold.key = (target, hold.key[1])
            if self._table.get(hold.key) is None:
                self._table.add(hold)
            else:
                self._proxies.resting(target, hold.proxy_mac, hold.refreshed_at)

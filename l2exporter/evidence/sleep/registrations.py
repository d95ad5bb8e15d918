"""What a sleep proxy was asked to hold, and what it said that it holds."""

from __future__ import annotations

from dataclasses import dataclass, field

from ... import limits
from ...dissect.dns import Owner
from ...dissect.dns_update import Registration, RegistrationReply
from ...dissect.reader import Address
from ..seen import Key, Seen
from . import sleep_windows as windows
from .pool import Pool

_Exchange = tuple[int, int, Address | None, int, Address | None, int]


@dataclass(slots=True, eq=False)
class Registered:
    """A DNS UPDATE to a proxy; `lease` in seconds, once granted.

    source_mac  whoever sent it: the owner, or a proxy that sleeps itself
    used        addresses whose hold it has begun or renewed, or that turned out to be another's
    """

    segment: int
    source_mac: int
    proxy_mac: int
    addresses: tuple[Address, ...]
    owner: Owner | None
    at: float
    accepted: bool = False
    lease: int | None = None
    used: set[Address] = field(default_factory=set)

    def is_of(self, mac: int) -> bool:
        """Tell whether it speaks for an address of that MAC: anybody can register any address."""
        owner = self.owner
        return owner is None or mac in (owner.host_mac, owner.wakeup_mac, self.source_mac)


class Registrations:
    """Those that wait for an answer or for the hold: `windows.REGISTERED` seconds."""

    def __init__(self) -> None:
        self._exchanges: Pool[_Exchange, Registered] = Pool(limits.SLEEP_PROXY_EVIDENCE)
        self._held: Pool[tuple[int, Address, int], Registered] = Pool(limits.SLEEP_PROXY_EVIDENCE)

    def ask(self, seen: Seen, message: Registration) -> None:
        """Take an UPDATE in; one that is repeated is the same."""
        ends = (seen.source, seen.source_port, seen.destination, seen.destination_port)
        exchange = (seen.segment, message.id, *ends)
        if self._exchanges.get(exchange, seen.at - windows.REGISTERED) is not None:
            return
        addresses = message.addresses[: limits.REGISTERED_ADDRESSES]
        macs = (seen.source_mac, seen.destination_mac)
        registered = Registered(seen.segment, *macs, addresses, message.owner, seen.at)
        self._exchanges.put(exchange, registered, seen.at)
        for ip in addresses:
            self._held.put((seen.segment, ip, seen.destination_mac), registered, seen.at)

    def answer(self, seen: Seen, message: RegistrationReply) -> Registered | None:
        """Return the registration that a reply has just accepted; one refused is forgotten."""
        ends = (seen.destination, seen.destination_port, seen.source, seen.source_port)
        exchange = (seen.segment, message.id, *ends)
        registered = self._exchanges.get(exchange, seen.at - windows.REGISTERED)
        if registered is None or registered.accepted or registered.proxy_mac != seen.source_mac:
            return None
        if message.rcode:
            self._exchanges.pop(exchange)
            for ip in registered.addresses:
                self._held.pop((seen.segment, ip, registered.proxy_mac))
            return None
        registered.accepted, registered.lease = True, message.lease
        return registered

    def pending(self, key: Key, proxy_mac: int, at: float) -> Registered | None:
        """Return the registration of an address with a proxy that has led to no hold yet."""
        registered = self._held.get((*key, proxy_mac), at - windows.REGISTERED)
        return None if registered is None or key[1] in registered.used else registered

    def __len__(self) -> int:
        return len(self._held)

    @property
    def limit(self) -> int:
        """How many addresses may wait."""
        return self._held.limit

    @property
    def evictions(self) -> int:
        """How many gave way."""
        return self._held.evictions

    def expire(self, now: float) -> None:
        """Forget what waits no longer."""
        self._exchanges.expire(now - windows.REGISTERED)
        self._held.expire(now - windows.REGISTERED)

    def forget(self, segment: int) -> None:
        """A segment has gone; what was registered there is soon registered again."""
        self._exchanges.rekey(lambda key: None if key[0] == segment else key)
        self._held.rekey(lambda key: None if key[0] == segment else key)

"""DNS UPDATE (RFC 2136) as sleep proxies use it: registrations and the answers to them."""

from __future__ import annotations

from dataclasses import dataclass

from .dns import Owner
from .reader import Address


@dataclass(frozen=True, slots=True)
class Registration:
    """A request to be answered for while asleep.

    addresses  those to hold: owner names of the in-addr.arpa and ip6.arpa PTR records
    lease      seconds asked for (EDNS0 option 2); None where it is missing
    """

    id: int
    addresses: tuple[Address, ...]
    owner: Owner | None
    lease: int | None


@dataclass(frozen=True, slots=True)
class RegistrationReply:
    """A proxy's answer; `rcode` 0 when it has taken the registration, `lease` as granted."""

    id: int
    rcode: int
    lease: int | None

"""DNS UPDATE (RFC 2136) as sleep proxies use it: registrations and the answers to them."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address
from typing import Final

from . import dns
from .dns import CLASS_IN, TYPE_PTR, Message, Owner
from .dns_names import labels_of
from .reader import Address, DissectError

REASONS: Final = (*dns.REASONS, "opcode")

_UPDATE = 5
_IPV4_ZONE = [b"in-addr", b"arpa"]
_IPV4_LENGTH = 4 * 4 + 14
_IPV6_ZONE = b"\x03ip6\x04arpa\0"


@dataclass(frozen=True, slots=True)
class Registration:
    """A request to be answered for while asleep.

    addresses  those to hold: owner names of the in-addr.arpa and ip6.arpa PTR records
    lease      seconds asked for (EDNS0 option 2); without one the owner only tells that it woke
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


def decode(payload: bytes) -> Registration | RegistrationReply:
    """Read a request or a reply. Raises DissectError with one of REASONS.

    Other updates have the same form: a registration is one that has an owner. A long one comes
    in several messages, of which some may name no address.
    """
    message = dns.decode(payload)
    if message.opcode != _UPDATE:
        raise DissectError("opcode")
    if message.response:
        return RegistrationReply(message.id, message.rcode, message.lease)
    return Registration(message.id, _addresses(message), message.owner, message.lease)


def _addresses(message: Message) -> tuple[Address, ...]:
    """Return what the update section adds; of class NONE or ANY it takes away (RFC 2136, 2.5)."""
    addresses: dict[Address, None] = {}
    for record in message.authorities:
        if record.type == TYPE_PTR and record.class_ == CLASS_IN:
            address = reverse_address(message.names.wire(record.name))
            if address is not None:
                addresses[address] = None
    return tuple(addresses)


def reverse_address(wire: bytes) -> Address | None:
    """Return the whole address of an in-addr.arpa (RFC 1035, 3.5) or ip6.arpa name (RFC 3596)."""
    name = wire.lower()
    try:
        if len(name) <= _IPV4_LENGTH and (labels := labels_of(name))[4:] == _IPV4_ZONE:
            return IPv4Address(b".".join(labels[3::-1]).decode("latin-1"))
        if name[64:] == _IPV6_ZONE and name[:64:2] == b"\1" * 32:
            return IPv6Address(bytes.fromhex(name[63::-2].decode("latin-1")))
    except ValueError:
        return None
    return None

"""What goes into the ledger, one packet at a time: claims, questions, and dissected packets."""

from __future__ import annotations

from dataclasses import dataclass

from ..dissect.reader import Address
from ..dissect.slow import Message

__all__ = ["Claim", "Key", "Message", "Question", "Seen"]

Key = tuple[int, Address]
"""A segment and an address on it."""


@dataclass(frozen=True, slots=True)
class Seen:
    """One dissected packet; `time` wall clock, `at` monotonic, both in seconds."""

    device: int
    segment: int
    source_mac: int
    destination_mac: int
    source: Address | None
    destination: Address | None
    source_port: int
    destination_port: int
    sent: bool
    time: float
    at: float
    message: Message


@dataclass(frozen=True, slots=True)
class Claim:
    """One ARP or neighbour discovery packet that binds an address; only those that matter.

    kind   of ARP one of `arp.TYPES`; of neighbour discovery `solicitation`, `solicited` (an
           advertisement that answers) or `unsolicited`
    known  the MAC that the address was bound to before this packet; None at its first sight
    mac    the MAC that the packet binds it to
    """

    segment: int
    ip: Address
    mac: int
    known: int | None
    kind: str
    sent: bool
    time: float
    at: float

    @property
    def key(self) -> Key:
        """Return where the address is."""
        return self.segment, self.ip

    @property
    def announces(self) -> bool:
        """Tell whether nobody need have asked for it."""
        return self.kind in ("announcement", "gratuitous_reply", "unsolicited")


@dataclass(frozen=True, slots=True)
class Question:
    """Somebody asks who has an address, or probes for it (ARP request, solicitation)."""

    segment: int
    ip: Address
    mac: int
    probe: bool
    at: float

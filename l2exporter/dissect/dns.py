"""DNS messages (RFC 1035, 4), as far as multicast DNS and DNS UPDATE need them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Owner:
    """The EDNS0 Owner option (draft-cheshire-edns0-owner-option): who is meant, and which wake.

    sequence    0 to 255, one more with each wake
    host_mac    names the machine, whatever interface it uses
    wakeup_mac  where to send its magic packet; the host's where the option gives none
    """

    sequence: int
    host_mac: int
    wakeup_mac: int

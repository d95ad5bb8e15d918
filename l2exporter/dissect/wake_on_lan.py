"""Wake-on-LAN magic packets: ethertype 0x0842, and UDP ports 7 and 9."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class MagicPacket:
    """Six bytes of ones, then sixteen times the MAC that is to wake up."""

    target: int

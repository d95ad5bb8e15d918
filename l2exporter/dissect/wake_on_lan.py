"""Wake-on-LAN magic packets: ethertype 0x0842, and UDP ports 7 and 9."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from .datagrams import Datagram
from .reader import DissectError, Reader

ETHERTYPE_WAKE_ON_LAN: Final = 0x0842
UDP_PORTS: Final = frozenset({7, 9})
SYNC: Final = b"\xff" * 6

REASONS: Final = ("truncated", "sync", "repetitions", "target")
"""Why it is no magic packet: six bytes of ones are not in front, what follows is not one MAC
sixteen times, or that MAC is no station's (zero, or a group's)."""

_REPETITIONS: Final = 16
_GROUP_BIT: Final = 1 << 40


@dataclass(frozen=True, slots=True)
class MagicPacket:
    """Six bytes of ones, then sixteen times the MAC that is to wake up."""

    target: int


def decode(datagram: Datagram) -> MagicPacket:
    """Read a magic packet (AMD publication 20213, 2.1) that its payload starts with.

    A password of four or six bytes may follow, and padding; neither says who is to wake up.
    Raises DissectError with one of REASONS.
    """
    reader = Reader(datagram.payload)
    if reader.take(len(SYNC)) != SYNC:
        raise DissectError("sync")
    pattern = reader.take(_REPETITIONS * 6)
    if pattern != pattern[:6] * _REPETITIONS:
        raise DissectError("repetitions")
    target = int.from_bytes(pattern[:6])
    if target == 0 or target & _GROUP_BIT:
        raise DissectError("target")
    return MagicPacket(target)

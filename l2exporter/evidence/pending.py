"""Moves that wait until it is known what they were."""

from __future__ import annotations

from dataclasses import dataclass

from ..dissect.reader import Address


@dataclass(frozen=True, slots=True)
class Settled:
    """Equal moves of one address, classed; `time` is the wall clock of the last of them.

    family    `ipv4` or `ipv6`
    from_mac  and `to_mac`: 0 where more pairs were seen than are kept apart
    cause     one of `causes.CAUSES`
    """

    segment: int
    ip: Address
    family: str
    from_mac: int
    to_mac: int
    cause: str
    count: int
    time: float

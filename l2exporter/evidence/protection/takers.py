"""Who took a protected address for no benign reason: what is remembered from window to window."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Final

from ...limits import TAKERS

REPEATED_SECONDS: Final = 3_600.0
"""A MAC that lost the address takes it again so soon: a spoofer that poisons every few minutes, as
ARP entries are asked for again. Two by mistake in an hour are a sign as well."""


@dataclass(slots=True)
class Takers:
    """MACs with their last times, monotonic, of each kind the latest TAKERS.

    took        the address, while another is expected to have it
    driven_off  lost it after that to an expected one
    accused     of a cause that accuses; they never come to be expected
    """

    took: dict[int, float] = field(default_factory=dict)
    driven_off: dict[int, float] = field(default_factory=dict)
    accused: dict[int, float] = field(default_factory=dict)

    def moved(self, from_mac: int, to_mac: int, expected: Collection[int], at: float) -> None:
        """The address has moved, and nothing says that it may."""
        if to_mac not in expected:
            _put(self.took, to_mac, at)
        elif from_mac in self.took:
            _put(self.driven_off, from_mac, at)

    def accuse(self, mac: int, at: float) -> None:
        """A verdict accuses the MAC."""
        _put(self.accused, mac, at)

    def repeaters(self, expected: Collection[int], now: float) -> frozenset[int]:
        """Return who has been driven off lately, and is not expected since."""
        since = now - REPEATED_SECONDS
        lately = (mac for mac, at in self.driven_off.items() if at >= since)
        return frozenset(lately) - frozenset(expected)

    def merge(self, other: Takers) -> None:
        """Take in what another segment's guard remembers."""
        for kind in ("took", "driven_off", "accused"):
            for mac, at in getattr(other, kind).items():
                _put(getattr(self, kind), mac, at)


def _put(latest: dict[int, float], mac: int, at: float) -> None:
    latest.pop(mac, None)
    latest[mac] = at
    if len(latest) > TAKERS:
        del latest[next(iter(latest))]

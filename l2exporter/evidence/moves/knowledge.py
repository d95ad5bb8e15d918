"""What the causes of moves are told by, beside the packets of one address."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from ..hosts.identities import Identities
from ..hosts.leases import Leases
from ..hosts.virtual_routers import VirtualRouters
from ..seen import Key


class HoldSeen(Protocol):
    """What is asked of a hold; `sleep.hold.Hold` is one."""

    @property
    def owner_mac(self) -> int | None:
        """Return the owner's MAC, if known."""

    @property
    def owner_macs(self) -> frozenset[int]:
        """Return all MACs of the owner that are known."""

    @property
    def proxy_mac(self) -> int:
        """Return who holds the address."""

    @property
    def confidence(self) -> str:
        """Return `confirmed`, `high`, `medium` or `low`."""

    @property
    def contested(self) -> bool:
        """Tell whether the owner kept on claiming."""

    @property
    def since_at(self) -> float:
        """Return when it began, monotonic."""

    @property
    def ended_at(self) -> float | None:
        """Return when it ended; None while it lasts."""


class HoldsSeen(Protocol):
    """What is asked of `sleep.holds.Holds`."""

    def around(self, key: Key, now: float) -> Sequence[HoldSeen]:
        """Return the present hold of the address and those that ended lately."""

    def was_lost(self, key: Key, owner: int, proxy: int) -> bool:
        """Tell whether the last hold was theirs, and ended before the owner's return."""


class ProxiesSeen(Protocol):
    """What is asked of `sleep.proxies.Proxies`."""

    def is_proxy(self, segment: int, mac: int, at: float) -> bool:
        """Tell whether the MAC is a known sleep proxy's."""


@dataclass(frozen=True, slots=True)
class Knowledge:
    """What is known of hosts and their roles, beside the packets of one window."""

    holds: HoldsSeen
    leases: Leases
    virtual_routers: VirtualRouters
    identities: Identities
    proxies: ProxiesSeen

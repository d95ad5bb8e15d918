"""What VRRP, CARP and HSRP have in common: a router says that it answers for a virtual one."""

from __future__ import annotations

from dataclasses import dataclass

from .reader import Address


@dataclass(frozen=True, slots=True)
class VirtualRouterAdvert:
    """One advertisement.

    protocol   `vrrp`, `carp` or `hsrp`
    group      VRID, VHID or group number
    priority   more is stronger; CARP's is 255 less its skew
    active     whether the sender answers for the addresses (master, active), or gives them up
    addresses  the virtual ones; CARP does not tell
    mac        the group's virtual MAC
    """

    protocol: str
    version: int
    group: int
    priority: int
    active: bool
    addresses: tuple[Address, ...]
    mac: int

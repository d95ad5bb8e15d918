"""Settings of vxlan devices, which keep a forwarding database of their own.

Layout: linux/if_link.h, IFLA_VXLAN_*.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from .fields import required
from .kinds import read_kind
from .rtnetlink import Netlink
from .tally import Tally

_IFLA_VXLAN_ID = 1
_IFLA_VXLAN_LEARNING = 7
_IFLA_VXLAN_AGEING = 8
_IFLA_VXLAN_LIMIT = 9
_IFLA_VXLAN_COLLECT_METADATA = 25
_SIZES = {
    _IFLA_VXLAN_ID: 4,
    _IFLA_VXLAN_LEARNING: 1,
    _IFLA_VXLAN_AGEING: 4,
    _IFLA_VXLAN_LIMIT: 4,
    _IFLA_VXLAN_COLLECT_METADATA: 1,
}


@dataclass(frozen=True, slots=True)
class Vxlan:
    """One vxlan device.

    vni             its network; None where each packet names its own ("external" devices)
    ageing_seconds  after which it forgets a MAC that is silent; the kernel makes 0 the default, 300
    learning        whether it learns MACs from the frames that come
    limit           of entries; 0 for none, None where the kernel does not tell
    """

    index: int
    name: str
    vni: int | None
    ageing_seconds: float
    learning: bool
    limit: int | None


def read_vxlans(netlink: Netlink, tally: Tally) -> list[Vxlan]:
    """Every vxlan device of the namespace; KernelError when they cannot be read."""
    return read_kind(netlink, "vxlan", _SIZES, _vxlan, tally)


def _vxlan(index: int, name: str, settings: Mapping[int, int]) -> Vxlan:
    external = settings.get(_IFLA_VXLAN_COLLECT_METADATA)
    return Vxlan(
        index=index,
        name=name,
        vni=None if external else required(settings, _IFLA_VXLAN_ID),
        ageing_seconds=float(required(settings, _IFLA_VXLAN_AGEING)),
        learning=bool(required(settings, _IFLA_VXLAN_LEARNING)),
        limit=settings.get(_IFLA_VXLAN_LIMIT),
    )

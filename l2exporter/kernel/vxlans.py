"""Settings of vxlan devices, which keep a forwarding database of their own.

Layout: linux/if_link.h, IFLA_VXLAN_*.
"""

from __future__ import annotations

from dataclasses import dataclass

from .fields import Attributes, flag_if_any, number, number_if_any
from .kinds import read_kind
from .rtnetlink import Netlink
from .tally import Tally

_IFLA_VXLAN_ID = 1
_IFLA_VXLAN_LEARNING = 7
_IFLA_VXLAN_AGEING = 8
_IFLA_VXLAN_LIMIT = 9
_IFLA_VXLAN_COLLECT_METADATA = 25


@dataclass(frozen=True, slots=True)
class Vxlan:
    """One vxlan device.

    vni             its network; None where each packet names its own ("external" devices)
    ageing_seconds  after which it forgets a MAC that is silent; 0 for never
    learning        whether it learns MACs from the frames that come
    limit           of entries; 0 for none
    """

    index: int
    name: str
    vni: int | None
    ageing_seconds: float
    learning: bool
    limit: int | None


def read_vxlans(netlink: Netlink, tally: Tally) -> list[Vxlan]:
    """Every vxlan device of the namespace; KernelError when they cannot be read."""
    return read_kind(netlink, "vxlan", _vxlan, tally)


def _vxlan(index: int, name: str, data: Attributes) -> Vxlan:
    external = flag_if_any(data, _IFLA_VXLAN_COLLECT_METADATA)
    return Vxlan(
        index=index,
        name=name,
        vni=None if external else number(data, _IFLA_VXLAN_ID, 4),
        ageing_seconds=float(number(data, _IFLA_VXLAN_AGEING, 4)),
        learning=bool(number(data, _IFLA_VXLAN_LEARNING, 1)),
        limit=number_if_any(data, _IFLA_VXLAN_LIMIT, 4),
    )

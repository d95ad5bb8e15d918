"""MACs that a device takes frames in for besides its own: RTM_GETNEIGH of AF_BRIDGE, NTF_SELF.

The kernel keeps them as `dev->uc` and tells them where a bridge would tell its FDB. Whatever is
stacked on a device and is up has its MAC there (macvlan, macvtap, VLAN devices with a MAC of their
own), at whatever height, and in whichever network namespace: containers' macvlans are seen only so.
"""

from __future__ import annotations

from .messages import Message, attributes
from .neighbors import MAC_BYTES, NDA_LLADDR, NDMSG, RTM_GETNEIGH
from .rtnetlink import Netlink

_AF_BRIDGE = 7
_NTF_SELF = 0x02


def read_unicast_list(netlink: Netlink, index: int) -> frozenset[int]:
    """Return the unicast MACs of a device's list, none for one that is gone; KernelError."""
    request = NDMSG.pack(_AF_BRIDGE, index, 0, 0, 0)
    return frozenset(netlink.dump(RTM_GETNEIGH, request, lambda message: _mac(message, index)))


def _mac(message: Message, index: int) -> int | None:
    if len(message.body) < NDMSG.size:
        return None
    _, device, _, flags, _ = NDMSG.unpack_from(message.body)
    # Kernels before 4.20 do not filter.
    if device != index or not flags & _NTF_SELF:
        return None
    mac = attributes(message.body, NDMSG.size).get(NDA_LLADDR, b"")
    # The multicast list is told of in the same way.
    return int.from_bytes(mac) if len(mac) == MAC_BYTES and not mac[0] & 1 else None

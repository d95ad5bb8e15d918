"""The kernel's network devices (RTM_GETLINK), and what their events say.

Layouts: linux/rtnetlink.h struct ifinfomsg, linux/if_link.h; device flags: linux/if.h.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

from ..errors import KernelError
from .messages import Message, attribute, attributes
from .rtnetlink import Netlink

RTM_NEWLINK = 16
RTM_DELLINK = 17
_RTM_GETLINK = 18

_AF_UNSPEC = 0

_IFF_UP = 0x1
_IFF_LOOPBACK = 0x8
_IFF_RUNNING = 0x40
_IFF_NOARP = 0x80

_IFLA_ADDRESS = 1
_IFLA_IFNAME = 3
_IFLA_LINK = 5
_IFLA_MASTER = 10
_IFLA_WIRELESS = 11
_IFLA_LINKINFO = 18
_IFLA_EXT_MASK = 29
_IFLA_LINK_NETNSID = 37
_IFLA_INFO_KIND = 1
_IFLA_INFO_DATA = 2
_IFLA_INFO_SLAVE_KIND = 4
_IFLA_VLAN_ID = 1
_RTEXT_FILTER_SKIP_STATS = 0x8

_IFINFO = struct.Struct("=BxHiII")  # family, type, index, flags, change
_U16 = struct.Struct("=H")
_U32 = struct.Struct("=I")

_MAC_BYTES = 6


@dataclass(frozen=True, slots=True)
class Link:
    """One network device.

    index      number in this network namespace, for as long as the device is in it
    name       as in `ip link`; may change
    arphrd     hardware type, linux/if_arp.h: 1 is Ethernet
    up         the administrator wants it up (IFF_UP)
    running    it can carry frames (IFF_RUNNING, RFC 2863 operational state)
    noarp      it resolves no addresses (IFF_NOARP)
    loopback   IFF_LOOPBACK
    mac        six bytes, lower case with colons; None for hardware with other addresses
    kind       "veth", "bridge", "vlan"...; empty for hardware (IFLA_INFO_KIND)
    port_kind  what it is a port of: "bridge", "bond", "openvswitch"...; empty when of nothing, or
               of a master that has no kind (IFLA_INFO_SLAVE_KIND)
    lower      index of the device below (or a veth's peer), if that is in this namespace
    master     index of the bridge, bond... that it is a port of
    vlan_id    802.1Q VID of a device of kind "vlan"
    """

    index: int
    name: str
    arphrd: int
    up: bool
    running: bool
    noarp: bool
    loopback: bool
    mac: str | None
    kind: str
    port_kind: str
    lower: int | None
    master: int | None
    vlan_id: int | None


def read_links(netlink: Netlink) -> dict[int, Link]:
    """Every device of the namespace, by index; KernelError when they cannot be read."""
    mask = attribute(_IFLA_EXT_MASK, _U32.pack(_RTEXT_FILTER_SKIP_STATS))
    request = _IFINFO.pack(_AF_UNSPEC, 0, 0, 0, 0) + mask
    return {link.index: link for link in netlink.dump(_RTM_GETLINK, request, parse_link)}


def parse_link(message: Message) -> Link:
    """An RTM_NEWLINK or RTM_DELLINK message as a row; KernelError when it is too short for one."""
    _, arphrd, index, flags, _ = _unpack(message)
    found = attributes(message.body, _IFINFO.size)
    name = _text(found.get(_IFLA_IFNAME, b""))
    if not name:
        raise KernelError(f"netlink: link {index} comes without a name")
    info = attributes(found.get(_IFLA_LINKINFO, b""))
    kind = _text(info.get(_IFLA_INFO_KIND, b""))
    return Link(
        index=index,
        name=name,
        arphrd=arphrd,
        up=bool(flags & _IFF_UP),
        running=bool(flags & _IFF_RUNNING),
        noarp=bool(flags & _IFF_NOARP),
        loopback=bool(flags & _IFF_LOOPBACK),
        mac=_mac(found.get(_IFLA_ADDRESS, b"")),
        kind=kind,
        port_kind=_text(info.get(_IFLA_INFO_SLAVE_KIND, b"")),
        # With a namespace id the index counts in that other namespace: it would name a stranger.
        lower=None if _IFLA_LINK_NETNSID in found else _index(found.get(_IFLA_LINK)),
        master=_index(found.get(_IFLA_MASTER)),
        vlan_id=_vlan_id(info.get(_IFLA_INFO_DATA, b"")) if kind == "vlan" else None,
    )


def link_change(message: Message) -> tuple[int, Link | None] | None:
    """What an event does to the table of links: (index, new row), (index, None) when it is gone.

    None for everything else, among it two that only look like it. A bridge tells of its ports in
    link messages of family AF_BRIDGE: its RTM_DELLINK says "left the bridge", and a plain
    RTM_NEWLINK follows. Wireless extensions send RTM_NEWLINK with an IFLA_WIRELESS and little
    else: taken for a row, it would strip the device of its kind and master.
    """
    if message.type not in (RTM_NEWLINK, RTM_DELLINK):
        return None
    family, _, index, _, _ = _unpack(message)
    if family != _AF_UNSPEC:
        return None
    if message.type == RTM_DELLINK:
        return index, None
    if _IFLA_WIRELESS in attributes(message.body, _IFINFO.size):
        return None
    return index, parse_link(message)


def _unpack(message: Message) -> tuple[int, int, int, int, int]:
    if len(message.body) < _IFINFO.size:
        raise KernelError(f"netlink: a link message of {len(message.body)} bytes")
    family, arphrd, index, flags, change = _IFINFO.unpack_from(message.body)
    return family, arphrd, index, flags, change


def _text(payload: bytes) -> str:
    # A name may be any bytes, but it becomes a label, which is UTF-8; requests go by the index.
    return payload.partition(b"\0")[0].decode(errors="backslashreplace")


def _mac(payload: bytes) -> str | None:
    return payload.hex(":") if len(payload) == _MAC_BYTES else None


def _index(payload: bytes | None) -> int | None:
    """An interface index; 0 stands for none."""
    if payload is None or len(payload) != _U32.size:
        return None
    return int(_U32.unpack(payload)[0]) or None


def _vlan_id(data: bytes) -> int | None:
    payload = attributes(data).get(_IFLA_VLAN_ID, b"")
    return int(_U16.unpack(payload)[0]) if len(payload) == _U16.size else None

"""Bridges and their ports: the settings that decide what is learnt, forgotten and flooded.

Layouts: linux/if_link.h, IFLA_BR_* and IFLA_BRPORT_*; linux/if_bridge.h, struct bridge_vlan_info.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass, replace

from ..errors import KernelError
from .fields import believed, device_name, number, required, switch
from .kinds import IFINFO, IFLA_EXT_MASK, IFLA_IFNAME, RTM_GETLINK, read_kind, unpack
from .layouts import Numbers, every_attribute, walk
from .messages import Message, attribute
from .rtnetlink import Netlink
from .tally import Tally

_AF_BRIDGE = 7

_IFLA_BR_FORWARD_DELAY = 1
_IFLA_BR_AGEING_TIME = 4
_IFLA_BR_STP_STATE = 5
_IFLA_BR_VLAN_FILTERING = 7
_IFLA_BR_TOPOLOGY_CHANGE = 14
_IFLA_BR_TOPOLOGY_CHANGE_DETECTED = 15
_IFLA_BR_NF_CALL_IPTABLES = 36
_IFLA_BR_NF_CALL_IP6TABLES = 37
_IFLA_BR_NF_CALL_ARPTABLES = 38
_IFLA_BR_VLAN_DEFAULT_PVID = 39
_IFLA_BR_FDB_N_LEARNED = 48
_IFLA_BR_FDB_MAX_LEARNED = 49
_BRIDGE_SIZES = {
    _IFLA_BR_FORWARD_DELAY: 4,
    _IFLA_BR_AGEING_TIME: 4,
    _IFLA_BR_STP_STATE: 4,
    _IFLA_BR_VLAN_FILTERING: 1,
    _IFLA_BR_TOPOLOGY_CHANGE: 1,
    _IFLA_BR_TOPOLOGY_CHANGE_DETECTED: 1,
    _IFLA_BR_NF_CALL_IPTABLES: 1,
    _IFLA_BR_NF_CALL_IP6TABLES: 1,
    _IFLA_BR_NF_CALL_ARPTABLES: 1,
    _IFLA_BR_VLAN_DEFAULT_PVID: 2,
    _IFLA_BR_FDB_N_LEARNED: 4,
    _IFLA_BR_FDB_MAX_LEARNED: 4,
}

_IFLA_MASTER = 10
_IFLA_PROTINFO = 12
_IFLA_BRPORT_STATE = 1
_IFLA_BRPORT_LEARNING = 8
_IFLA_BRPORT_UNICAST_FLOOD = 9
_IFLA_BRPORT_NEIGH_SUPPRESS = 32
_IFLA_BRPORT_ISOLATED = 33
_IFLA_BRPORT_LOCKED = 39
_PORT_SIZES = {
    _IFLA_BRPORT_STATE: 1,
    _IFLA_BRPORT_LEARNING: 1,
    _IFLA_BRPORT_UNICAST_FLOOD: 1,
    _IFLA_BRPORT_NEIGH_SUPPRESS: 1,
    _IFLA_BRPORT_ISOLATED: 1,
    _IFLA_BRPORT_LOCKED: 1,
}

_IFLA_AF_SPEC = 26
_IFLA_BRIDGE_FLAGS = 0
_IFLA_BRIDGE_VLAN_INFO = 2
_BRIDGE_FLAGS_SELF = 2
_BRIDGE_VLAN_INFO_PVID = 2
_RTEXT_FILTER_BRVLAN_COMPRESSED = 0x4

_STP = ("none", "kernel", "user")
_STATES = ("disabled", "listening", "learning", "forwarding", "blocking")
_TICKS = 100  # USER_HZ: times in IFLA_BR_* are in 1/100 s
_U32 = struct.Struct("=I")
_VLAN = struct.Struct("=HH")  # struct bridge_vlan_info: flags, vid
_EVERY_PORT = IFINFO.pack(_AF_BRIDGE, 0, 0, 0, 0)


@dataclass(frozen=True, slots=True)
class Bridge:
    """One bridge.

    ageing_seconds         after which a silent MAC is forgotten; 0: nothing is learnt for long
    forward_delay_seconds  the same while the topology changes
    stp                    who runs the spanning tree: "none", "kernel" or "user"
    pvid                   VLAN of untagged frames of the bridge device itself; None when it
                           filters no VLANs, or drops such frames
    learned                entries it has learnt; None before Linux 6.7
    learned_limit          of those; 0 for none
    nf_call_*              whether it shows its frames to iptables... of its own accord
                           (netfilter.py has the namespace's word); None without br_netfilter
    """

    index: int
    name: str
    ageing_seconds: float
    forward_delay_seconds: float
    stp: str
    topology_change: bool
    topology_change_detected: bool
    vlan_filtering: bool
    pvid: int | None
    learned: int | None
    learned_limit: int | None
    nf_call_iptables: bool | None
    nf_call_ip6tables: bool | None
    nf_call_arptables: bool | None


@dataclass(frozen=True, slots=True)
class Port:
    """A port of the bridge whose index is `bridge`; None where the kernel lacks the setting.

    state            "disabled", "listening", "learning", "forwarding" or "blocking"
    unicast_flood    frames to MACs that the bridge does not know leave here
    learning         the bridge learns MACs that send through here
    isolated         it exchanges frames with ports that are not isolated only
    locked           only MACs that are known behind it may send
    neigh_suppress   the bridge answers ARP and ND here for neighbours that it knows
    """

    index: int
    name: str
    bridge: int
    state: str
    unicast_flood: bool | None
    learning: bool | None
    isolated: bool | None
    locked: bool | None
    neigh_suppress: bool | None


def read_bridges(netlink: Netlink, tally: Tally) -> list[Bridge]:
    """Every bridge of the namespace; KernelError when they cannot be read."""
    bridges = read_kind(netlink, "bridge", _BRIDGE_SIZES, _bridge, tally)
    if not any(bridge.vlan_filtering for bridge in bridges):
        return bridges
    mask = attribute(IFLA_EXT_MASK, _U32.pack(_RTEXT_FILTER_BRVLAN_COMPRESSED))
    told = netlink.dump(RTM_GETLINK, _EVERY_PORT + mask, believed(_own_pvid, tally), tally)
    pvids = dict(told)
    return [
        replace(each, pvid=pvids.get(each.index, each.pvid)) if each.vlan_filtering else each
        for each in bridges
    ]


def read_ports(netlink: Netlink, tally: Tally) -> list[Port]:
    """Every port of every bridge of the namespace; KernelError when they cannot be read.

    The kernel sends about 80 at a time, and does not tell (as it does of links) when a device goes
    in between: one of the others may then be missing, once.
    """
    settings = Numbers(_PORT_SIZES)

    def parse(message: Message) -> Port | None:
        index, found = unpack(message)
        if _IFLA_MASTER not in found or _is_card(found):
            return None
        return _port(index, found, settings(found.get(_IFLA_PROTINFO, b"")))

    return netlink.dump(RTM_GETLINK, _EVERY_PORT, believed(parse, tally), tally)


def _bridge(index: int, name: str, settings: Mapping[int, int]) -> Bridge:
    filtering = bool(required(settings, _IFLA_BR_VLAN_FILTERING))
    return Bridge(
        index=index,
        name=name,
        ageing_seconds=required(settings, _IFLA_BR_AGEING_TIME) / _TICKS,
        forward_delay_seconds=required(settings, _IFLA_BR_FORWARD_DELAY) / _TICKS,
        stp=_word(_STP, required(settings, _IFLA_BR_STP_STATE)),
        topology_change=bool(required(settings, _IFLA_BR_TOPOLOGY_CHANGE)),
        topology_change_detected=bool(required(settings, _IFLA_BR_TOPOLOGY_CHANGE_DETECTED)),
        vlan_filtering=filtering,
        # 0: the bridge gives new ports no such VLAN.
        pvid=settings.get(_IFLA_BR_VLAN_DEFAULT_PVID) or None if filtering else None,
        learned=settings.get(_IFLA_BR_FDB_N_LEARNED),
        learned_limit=settings.get(_IFLA_BR_FDB_MAX_LEARNED),
        nf_call_iptables=switch(settings, _IFLA_BR_NF_CALL_IPTABLES),
        nf_call_ip6tables=switch(settings, _IFLA_BR_NF_CALL_IP6TABLES),
        nf_call_arptables=switch(settings, _IFLA_BR_NF_CALL_ARPTABLES),
    )


def _port(index: int, found: Mapping[int, bytes], settings: Mapping[int, int]) -> Port:
    return Port(
        index=index,
        name=device_name(found, IFLA_IFNAME),
        bridge=number(found, _IFLA_MASTER, 4),
        state=_word(_STATES, required(settings, _IFLA_BRPORT_STATE)),
        unicast_flood=switch(settings, _IFLA_BRPORT_UNICAST_FLOOD),
        learning=switch(settings, _IFLA_BRPORT_LEARNING),
        isolated=switch(settings, _IFLA_BRPORT_ISOLATED),
        locked=switch(settings, _IFLA_BRPORT_LOCKED),
        neigh_suppress=switch(settings, _IFLA_BRPORT_NEIGH_SUPPRESS),
    )


def _is_card(found: Mapping[int, bytes]) -> bool:
    """Whether a network card tells of a switch inside itself: it may name the same master."""
    own = every_attribute(found.get(_IFLA_AF_SPEC, b""))
    return _IFLA_BRIDGE_FLAGS in own and bool(
        number(own, _IFLA_BRIDGE_FLAGS, 2) & _BRIDGE_FLAGS_SELF
    )


def _own_pvid(message: Message) -> tuple[int, int | None] | None:
    """A bridge's index and the PVID of the bridge device itself, if any; None for a port.

    The message of the bridge device names itself as the master. Of the many
    IFLA_BRIDGE_VLAN_INFO in it the PVID's is never part of a range.
    """
    index, found = unpack(message)
    if _IFLA_MASTER not in found or number(found, _IFLA_MASTER, 4) != index:
        return None
    vlans = found.get(_IFLA_AF_SPEC, b"")
    for kind, start, end in walk(vlans):
        if kind == _IFLA_BRIDGE_VLAN_INFO:
            if end - start != _VLAN.size:
                raise KernelError(f"netlink: a VLAN in {end - start} bytes")
            flags, vid = _VLAN.unpack_from(vlans, start)
            if flags & _BRIDGE_VLAN_INFO_PVID:
                return index, vid
    return index, None


def _word(words: tuple[str, ...], value: int) -> str:
    if value >= len(words):
        raise KernelError(f"netlink: {value} is none of {', '.join(words)}")
    return words[value]

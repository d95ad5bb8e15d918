"""Default gateways, out of routing tables that may hold a million other routes (RTM_GETROUTE).

Layouts: linux/rtnetlink.h struct rtmsg, struct rtnexthop, struct rtvia; linux/nexthop.h.
"""

from __future__ import annotations

import socket
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address

from ..errors import KernelError
from .bpf import JUMP_EQUAL, LOAD_BYTE, LOAD_HALF, RETURN
from .messages import Message, attributes
from .rtnetlink import Netlink

RTM_NEWROUTE = 24
RTM_DELROUTE = 25
_RTM_GETROUTE = 26
_RTM_GETNEXTHOP = 106

_RTN_UNICAST = 1
_RTA_OIF = 4
_RTA_GATEWAY = 5
_RTA_MULTIPATH = 9
_RTA_VIA = 18
_RTA_NH_ID = 30
_NHA_ID = 1
_NHA_GROUP = 2
_NHA_OIF = 5
_NHA_GATEWAY = 6

_RTMSG = struct.Struct("=BBBBBBBBI")
"""family, dst_len, src_len, tos, table, protocol, scope, type, flags"""

_DST_LEN = 1
_TYPE = 7
_NEXTHOP = struct.Struct("=HBBI")  # struct rtnexthop: len, flags, hops, ifindex
_NHMSG = struct.Struct("=BBBBI")  # struct nhmsg: family, scope, protocol, reserved, flags
_GROUP_MEMBER = struct.Struct("=IBBH")  # struct nexthop_grp: id, weight, reserved
_U32 = struct.Struct("=I")
_VIA_FAMILY = 2  # bytes of struct rtvia before the address

_ONLY_DEFAULT_ROUTES = (
    (LOAD_HALF, 0, 0, 4),  # nlmsg_type, which classic BPF reads in network byte order
    (JUMP_EQUAL, 1, 0, socket.htons(RTM_NEWROUTE)),
    (JUMP_EQUAL, 0, 2, socket.htons(RTM_DELROUTE)),
    (LOAD_BYTE, 0, 0, 16 + _DST_LEN),
    (JUMP_EQUAL, 0, 1, 0),
    (RETURN, 0, 0, 0xFFFFFFFF),
    (RETURN, 0, 0, 0),
)


@dataclass(frozen=True, slots=True)
class Gateway:
    """A next hop of a default route, and the index of the device that leads to it."""

    index: int
    ip: IPv4Address | IPv6Address


@dataclass(frozen=True, slots=True)
class _Nexthop:
    """A nexthop object: a gateway, or the ids of the objects that it groups."""

    id: int
    gateway: Gateway | None
    members: tuple[int, ...]


def read_default_gateways(netlink: Netlink) -> frozenset[Gateway]:
    """The gateways of every unicast default route, of both families and all routing tables.

    A route that names a nexthop object instead of a gateway is resolved through that object.
    KernelError when the tables cannot be read.
    """
    gateways: set[Gateway] = set()
    unresolved: set[int] = set()
    for family in (socket.AF_INET, socket.AF_INET6):
        request = _RTMSG.pack(family, 0, 0, 0, 0, 0, 0, 0, 0)
        for found in netlink.dump(_RTM_GETROUTE, request, _default_route):
            direct = frozenset(_gateways(found))
            gateways |= direct
            if not direct and (nexthop := _u32(found.get(_RTA_NH_ID, b""))):
                unresolved.add(nexthop)
    return frozenset(gateways | _resolve(netlink, unresolved) if unresolved else gateways)


def is_default_route(message: Message) -> bool:
    """Whether an event adds, changes or removes a unicast default route.

    Not every change has one: the kernel drops the IPv4 routes of a device that goes down, or
    loses its address, without a word. Read the gateways again after link and address events too.
    """
    if message.type not in (RTM_NEWROUTE, RTM_DELROUTE):
        return False
    body = message.body
    return len(body) >= _RTMSG.size and body[_DST_LEN] == 0 and body[_TYPE] == _RTN_UNICAST


def ignore_other_routes(netlink: Netlink) -> None:
    """Have the kernel drop the events of all but default routes; other events are left alone.

    A router under BGP churn then wakes nobody and overruns no buffer.
    """
    netlink.filter_events(_ONLY_DEFAULT_ROUTES)


def _default_route(message: Message) -> dict[int, bytes] | None:
    """The attributes of a default route; None for any other, at the cost of two look-ups."""
    if is_default_route(message):
        return attributes(message.body, _RTMSG.size)
    if len(message.body) < _RTMSG.size:
        raise KernelError(f"netlink: a route message of {len(message.body)} bytes")
    return None


def _gateways(found: dict[int, bytes]) -> Iterator[Gateway]:
    """The gateways that one route, or one path of a route with several, names itself."""
    gateway = _gateway(_u32(found.get(_RTA_OIF, b"")), _next_address(found))
    if gateway is not None:
        yield gateway
    paths = found.get(_RTA_MULTIPATH, b"")
    offset = 0
    while len(paths) - offset >= _NEXTHOP.size:
        length, _, _, index = _NEXTHOP.unpack_from(paths, offset)
        if not _NEXTHOP.size <= length <= len(paths) - offset:
            break
        path = attributes(paths, offset + _NEXTHOP.size, offset + length)
        gateway = _gateway(index, _next_address(path))
        if gateway is not None:
            yield gateway
        offset += (length + 3) & ~3


def _next_address(found: dict[int, bytes]) -> bytes:
    """RTA_GATEWAY, or RTA_VIA where the gateway is of the other family (RFC 5549)."""
    return found.get(_RTA_GATEWAY) or found.get(_RTA_VIA, b"")[_VIA_FAMILY:]


def _gateway(index: int, address: bytes) -> Gateway | None:
    if index and len(address) == 4:
        return Gateway(index, IPv4Address(address))
    if index and len(address) == 16:
        return Gateway(index, IPv6Address(address))
    return None


def _resolve(netlink: Netlink, wanted: set[int]) -> set[Gateway]:
    """The gateways of these nexthop objects and of the members of those that are groups."""
    request = _NHMSG.pack(0, 0, 0, 0, 0)
    objects = {each.id: each for each in netlink.dump(_RTM_GETNEXTHOP, request, _nexthop)}
    members = {m for one in wanted if one in objects for m in objects[one].members}
    found = (objects[one].gateway for one in wanted | members if one in objects)
    return {gateway for gateway in found if gateway is not None}


def _nexthop(message: Message) -> _Nexthop:
    if len(message.body) < _NHMSG.size:
        raise KernelError(f"netlink: a nexthop message of {len(message.body)} bytes")
    found = attributes(message.body, _NHMSG.size)
    group = found.get(_NHA_GROUP, b"")
    whole = len(group) - len(group) % _GROUP_MEMBER.size
    return _Nexthop(
        id=_u32(found.get(_NHA_ID, b"")),
        gateway=_gateway(_u32(found.get(_NHA_OIF, b"")), found.get(_NHA_GATEWAY, b"")),
        members=tuple(member[0] for member in _GROUP_MEMBER.iter_unpack(group[:whole])),
    )


def _u32(payload: bytes) -> int:
    """A number of four bytes; 0, which numbers neither device nor nexthop, when it is not there."""
    return int(_U32.unpack(payload)[0]) if len(payload) == _U32.size else 0

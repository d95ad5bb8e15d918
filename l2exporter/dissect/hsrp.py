"""HSRP version 1 (RFC 2281) and version 2 (Cisco's, in type-length-value form).

version 1: version (0) 1, operation 1, state 1, hello 1, hold 1, priority 1, group 1,
           reserved 1, password 8, virtual address 4
version 2: type 1, length 1, value; of type 1 (group state, 40 bytes) the value is
           version (2) 1, operation 1, state 1, IP version 1, group 2, identifier 6,
           priority 4, hello 4, hold 4, virtual address 16 (IPv4: the first 4)
"""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address
from typing import Final

from .datagrams import Datagram
from .reader import Address, DissectError, Reader
from .virtual_router import VirtualRouterAdvert

UDP_PORTS: Final = frozenset({1985, 2029})
"""Of IPv4 and of IPv6."""

REASONS: Final = ("truncated", "destination", "version", "operation", "state", "length", "group")
"""Why a router would not believe it; `destination`: not the multicast group of its version."""

_GROUPS: Final = {
    IPv4Address("224.0.0.2"): 1,
    IPv4Address("224.0.0.102"): 2,
    IPv6Address("ff02::66"): 2,
}
_RESIGN: Final = 2
_ADVERTISE: Final = 3
_STATES_1: Final = frozenset({0, 1, 2, 4, 8, 16})
_ACTIVE_1: Final = 16
_ACTIVE_2: Final = 6
_GROUP_STATE: Final = 1
_GROUP_STATE_LENGTH: Final = 40
_MAC_1: Final = 0x00000C07AC00
_MAC_2: Final = {4: 0x00000C9FF000, 6: 0x000573A00000}


def decode(datagram: Datagram) -> VirtualRouterAdvert | None:
    """Read what a router says of a group; None where it speaks of its interface alone.

    Only who is in the state Active answers, and who resigns no more. An address of zeros, not
    learnt yet, is left out. Raises DissectError with one of REASONS.
    """
    reader = Reader(datagram.payload)
    version = _GROUPS.get(datagram.destination) if datagram.destination else None
    if version is None:
        raise DissectError("destination")
    return _version_1(reader) if version == 1 else _version_2(reader)


def _version_1(reader: Reader) -> VirtualRouterAdvert | None:
    if reader.u8() != 0:
        raise DissectError("version")
    operation = reader.u8()
    if operation == _ADVERTISE:
        return None
    state = reader.u8()
    if operation > _RESIGN:
        raise DissectError("operation")
    if state not in _STATES_1:
        raise DissectError("state")
    reader.skip(2)
    priority, group = reader.u8(), reader.u8()
    reader.skip(9)
    addresses = _known(IPv4Address(reader.take(4)))
    active = state == _ACTIVE_1 and operation != _RESIGN
    return VirtualRouterAdvert("hsrp", 1, group, priority, active, addresses, _MAC_1 | group)


def _version_2(reader: Reader) -> VirtualRouterAdvert | None:
    """Read the first group state; each part is at least two bytes, so the walk ends."""
    while reader.remaining:
        kind, length = reader.u8(), reader.u8()
        if kind == _GROUP_STATE:
            if length != _GROUP_STATE_LENGTH:
                raise DissectError("length")
            return _group_state(reader)
        reader.skip(length)
    return None


def _group_state(reader: Reader) -> VirtualRouterAdvert:
    version, operation, state, family = reader.take(4)
    if version != 2 or family not in _MAC_2:
        raise DissectError("version")
    if operation > _RESIGN:
        raise DissectError("operation")
    if state > _ACTIVE_2:
        raise DissectError("state")
    group = reader.u16()
    if group > 0xFFF:
        raise DissectError("group")
    reader.skip(6)
    priority = reader.u32()
    reader.skip(8)
    raw = reader.take(16)
    address = IPv4Address(raw[:4]) if family == 4 else IPv6Address(raw)
    active = state == _ACTIVE_2 and operation != _RESIGN
    mac = _MAC_2[family] | group
    return VirtualRouterAdvert("hsrp", 2, group, priority, active, _known(address), mac)


def _known(address: Address) -> tuple[Address, ...]:
    return (address,) if int(address) else ()

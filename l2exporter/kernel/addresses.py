"""This host's own IP addresses (RTM_GETADDR), and with them the subnets of its devices.

Layout: linux/if_addr.h, struct ifaddrmsg.
"""

from __future__ import annotations

import socket
import struct
from dataclasses import dataclass
from ipaddress import IPv4Interface, IPv6Interface, ip_interface

from ..errors import KernelError
from .messages import Message, attributes
from .rtnetlink import Netlink

RTM_NEWADDR = 20
RTM_DELADDR = 21
_RTM_GETADDR = 22

_IFA_ADDRESS = 1
_IFA_LOCAL = 2

_IFADDR = struct.Struct("=BBBBI")  # family, prefixlen, flags, scope, index
_LENGTHS = {int(socket.AF_INET): 4, int(socket.AF_INET6): 16}


@dataclass(frozen=True, slots=True)
class Address:
    """An address of device `index`; `ip.network` is the subnet that is on its link.

    With a point-to-point peer the prefix is the peer's, so the own address stands alone (/32).
    """

    index: int
    ip: IPv4Interface | IPv6Interface


def read_addresses(netlink: Netlink) -> frozenset[Address]:
    """Every IPv4 and IPv6 address of the namespace; KernelError when they cannot be read."""
    return frozenset(netlink.dump(_RTM_GETADDR, _IFADDR.pack(0, 0, 0, 0, 0), _parse))


def _parse(message: Message) -> Address | None:
    """A row, or None for a message of another family or without an address."""
    if len(message.body) < _IFADDR.size:
        raise KernelError(f"netlink: an address message of {len(message.body)} bytes")
    family, prefix, _, _, index = _IFADDR.unpack_from(message.body)
    found = attributes(message.body, _IFADDR.size)
    subnet = found.get(_IFA_ADDRESS, b"")
    own = found.get(_IFA_LOCAL, subnet)
    if len(own) != _LENGTHS.get(family):
        return None
    bits = len(own) * 8
    return Address(index, ip_interface((own, min(prefix, bits) if own == subnet else bits)))

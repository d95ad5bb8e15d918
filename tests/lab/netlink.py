"""Settings of bridges and ports that the lab's iproute2 does not know, by rtnetlink itself."""

from __future__ import annotations

import os
import socket
import struct

from tests.kernel import build
from tests.lab.namespace import Namespace

_RTM_NEWLINK, _RTM_SETLINK = 16, 19
_REQUEST_ACK = 0x01 | 0x04  # NLM_F_REQUEST, NLM_F_ACK
_IFLA_PROTINFO, _IFLA_LINKINFO, _IFLA_INFO_KIND, _IFLA_INFO_DATA = 12, 18, 1, 2
_IFLA_BR_FDB_MAX_LEARNED = 49
_IFLA_BRPORT_LOCKED, _IFLA_BRPORT_MAB = 39, 40


def limit_learned(namespace: Namespace, bridge: str, entries: int) -> None:
    """Let the bridge learn so many MACs at most, 0 for any number (Linux 6.7 and later)."""
    limit = build.attr(_IFLA_BR_FDB_MAX_LEARNED, build.u32(entries))
    kind = build.attr(_IFLA_INFO_KIND, b"bridge\0")
    info = build.attr(_IFLA_LINKINFO, kind + build.attr(_IFLA_INFO_DATA, limit))
    _change(namespace, _RTM_NEWLINK, socket.AF_UNSPEC, bridge, info)


def authenticate_by_mac(namespace: Namespace, port: str, *, on: bool) -> None:
    """Lock the port, and let it note whom it kept out as locked entries (Linux 6.2 and later)."""
    value = bytes([on])
    flags = build.attr(_IFLA_BRPORT_LOCKED, value) + build.attr(_IFLA_BRPORT_MAB, value)
    info = build.attr(_IFLA_PROTINFO | build.NESTED, flags)
    _change(namespace, _RTM_SETLINK, socket.AF_BRIDGE, port, info)


def _change(namespace: Namespace, kind: int, family: int, device: str, attributes: bytes) -> None:
    """Send struct ifinfomsg with these attributes; OSError with the kernel's refusal."""
    with namespace.entered():
        index = socket.if_nametoindex(device)
        netlink = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_ROUTE)
    header = struct.pack("=BxHiII", family, 0, index, 0, 0)
    with netlink:
        netlink.send(build.packet(kind, header + attributes, flags=_REQUEST_ACK))
        answer = netlink.recv(4096)
    problem = -struct.unpack_from("=i", answer, 16)[0]
    if problem:
        raise OSError(problem, os.strerror(problem))

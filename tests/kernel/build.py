"""Netlink messages made by hand after the kernel's headers, for what this host cannot do.

Written apart from the reader, from struct nlmsghdr, nlattr and ifinfomsg alone.
"""

from __future__ import annotations

import struct

from l2exporter.kernel.messages import Message

NESTED = 0x8000


def packet(kind: int, body: bytes, *, flags: int = 0, sequence: int = 0) -> bytes:
    """A whole message, as in a datagram."""
    header = struct.pack("=IHHII", 16 + len(body), kind, flags, sequence, 0)
    return header + body + bytes(-len(body) % 4)


def attr(kind: int, payload: bytes) -> bytes:
    return struct.pack("=HH", 4 + len(payload), kind) + payload + bytes(-len(payload) % 4)


def u32(value: int) -> bytes:
    return struct.pack("=I", value)


def link(
    *attributes: bytes,
    kind: int = 16,
    family: int = 0,
    arphrd: int = 1,
    index: int = 7,
    flags: int = 0,
) -> Message:
    """An RTM_NEWLINK (16) or RTM_DELLINK (17)."""
    body = struct.pack("=BBHiII", family, 0, arphrd, index, flags, 0)
    return Message(kind, 0, 0, body + b"".join(attributes))


def name(text: str) -> bytes:
    return attr(3, text.encode() + b"\0")


def info(kind: str, *more: bytes) -> bytes:
    """IFLA_LINKINFO with an IFLA_INFO_KIND, both as the kernel sends them."""
    return attr(18 | NESTED, attr(1, kind.encode() + b"\0") + b"".join(more))

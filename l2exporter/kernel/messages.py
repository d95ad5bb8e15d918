"""The bytes of netlink: datagrams to messages, messages to attributes; pure.

Layouts and numbers are those of linux/netlink.h, in the host's byte order.
"""

from __future__ import annotations

import errno
import os
import struct
from typing import TYPE_CHECKING, NamedTuple

from ..errors import KernelError

if TYPE_CHECKING:
    from collections.abc import Iterator

NLMSG_ERROR = 2
NLMSG_DONE = 3
FIRST_OF_FAMILY = 0x10
"""Message types below are netlink's own (NLMSG_MIN_TYPE)."""

NLM_F_DUMP_INTR = 0x10
_NLM_F_CAPPED = 0x100
_NLM_F_ACK_TLVS = 0x200
_NLMSGERR_ATTR_MSG = 1
_ATTRIBUTE_TYPE = 0x3FFF  # without NLA_F_NESTED and NLA_F_NET_BYTEORDER

HEADER = struct.Struct("=IHHII")
"""struct nlmsghdr: len, type, flags, seq, pid"""

_ATTRIBUTE = struct.Struct("=HH")  # struct nlattr: len, type
_ERROR = struct.Struct("=i")


class Message(NamedTuple):
    """One netlink message; `body` is what follows struct nlmsghdr. Not a dataclass for speed."""

    type: int
    flags: int
    sequence: int
    body: bytes


def messages(datagram: bytes) -> Iterator[Message]:
    """The messages of one datagram, in order; KernelError at one whose length cannot be."""
    offset, size = 0, len(datagram)
    while offset < size:
        if size - offset < HEADER.size:
            raise KernelError(f"netlink: {size - offset} stray bytes end a datagram")
        length, kind, flags, sequence, _ = HEADER.unpack_from(datagram, offset)
        if not HEADER.size <= length <= size - offset:
            raise KernelError(f"netlink: message claims {length} of {size - offset} bytes")
        body = datagram[offset + HEADER.size : offset + length]
        yield Message(kind, flags, sequence, body)
        offset += (length + 3) & ~3


def attributes(data: bytes, offset: int = 0, end: int | None = None) -> dict[int, bytes]:
    """Attributes (struct nlattr) between two offsets: type without its flag bits -> payload.

    The last of several of one type counts. At a length that cannot be the walk stops and keeps
    what came before: the caller sees that an attribute is missing, as from an older kernel.
    """
    end = len(data) if end is None else min(end, len(data))
    found: dict[int, bytes] = {}
    while end - offset >= _ATTRIBUTE.size:
        length, kind = _ATTRIBUTE.unpack_from(data, offset)
        if not _ATTRIBUTE.size <= length <= end - offset:
            break
        found[kind & _ATTRIBUTE_TYPE] = data[offset + _ATTRIBUTE.size : offset + length]
        offset += (length + 3) & ~3
    return found


def attribute(kind: int, payload: bytes) -> bytes:
    """One attribute for a request, padded to four bytes."""
    header = _ATTRIBUTE.pack(_ATTRIBUTE.size + len(payload), kind)
    return header + payload + b"\0" * (-len(payload) % 4)


def check(end: Message) -> None:
    """Raise what NLMSG_ERROR or NLMSG_DONE reports: 0 or a negative errno leads either's body."""
    if len(end.body) < _ERROR.size:
        raise KernelError("netlink: an answer ends without its status")
    number = -_ERROR.unpack_from(end.body)[0]
    if number:
        name = errno.errorcode.get(number)
        reason = f"{name} ({os.strerror(number)})" if name else f"error {number}"
        raise KernelError(f"netlink: {reason}{_explanation(end)}")


def _explanation(end: Message) -> str:
    """The kernel's own sentence about an error (NETLINK_EXT_ACK), if it gave one."""
    if not end.flags & _NLM_F_ACK_TLVS:
        return ""
    offset = _ERROR.size
    if end.type == NLMSG_ERROR and len(end.body) >= offset + HEADER.size:
        # The request comes back before the attributes; capped, its header alone.
        echoed = HEADER.unpack_from(end.body, offset)[0]
        offset += HEADER.size if end.flags & _NLM_F_CAPPED else (echoed + 3) & ~3
    text = attributes(end.body, offset).get(_NLMSGERR_ATTR_MSG, b"")
    return ": " + text.rstrip(b"\0").decode("utf-8", "replace") if text else ""

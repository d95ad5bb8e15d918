"""The devices of one kind, with the settings of that kind (RTM_GETLINK, IFLA_LINKINFO).

Layouts: linux/rtnetlink.h struct ifinfomsg, linux/if_link.h.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import TypeVar

from ..errors import KernelError
from .fields import Attributes, believed, device_name
from .messages import Message, attribute, attributes
from .rtnetlink import Netlink
from .tally import Tally

RTM_GETLINK = 18
IFLA_IFNAME = 3
IFLA_EXT_MASK = 29
IFINFO = struct.Struct("=BxHiII")
"""struct ifinfomsg: family, type, index, flags, change"""

_IFLA_LINKINFO = 18
_IFLA_INFO_KIND = 1
_IFLA_INFO_DATA = 2
_NLA_F_NESTED = 0x8000
_RTEXT_FILTER_SKIP_STATS = 0x8
_U32 = struct.Struct("=I")

Row = TypeVar("Row")


def read_kind(
    netlink: Netlink, kind: str, decode: Callable[[int, str, Attributes], Row], tally: Tally
) -> list[Row]:
    """What `decode` makes of index, name and IFLA_INFO_DATA of each device of a kind.

    The kernel sends no others, if it knows the kind: older ones send every device for one that
    they do not know. KernelError when the table cannot be read; a device that `decode` refuses
    with one is left out and counted.
    """
    wanted = kind.encode() + b"\0"

    def parse(message: Message) -> Row | None:
        index, found = unpack(message)
        info = attributes(found.get(_IFLA_LINKINFO, b""))
        if info.get(_IFLA_INFO_KIND) != wanted:
            return None
        data = attributes(info.get(_IFLA_INFO_DATA, b""))
        return decode(index, device_name(found, IFLA_IFNAME), data)

    mask = attribute(IFLA_EXT_MASK, _U32.pack(_RTEXT_FILTER_SKIP_STATS))
    only = attribute(_IFLA_LINKINFO | _NLA_F_NESTED, attribute(_IFLA_INFO_KIND, wanted))
    request = IFINFO.pack(0, 0, 0, 0, 0) + mask + only
    return netlink.dump(RTM_GETLINK, request, believed(parse, tally), tally)


def unpack(message: Message) -> tuple[int, dict[int, bytes]]:
    """Index and attributes of a link message; KernelError when it is too short for one."""
    if len(message.body) < IFINFO.size:
        raise KernelError(f"netlink: a link message of {len(message.body)} bytes")
    return IFINFO.unpack_from(message.body)[2], attributes(message.body, IFINFO.size)

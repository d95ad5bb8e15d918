"""The devices of one kind, with the settings of that kind (RTM_GETLINK, IFLA_LINKINFO).

Layouts: linux/rtnetlink.h struct ifinfomsg, linux/if_link.h.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping
from typing import TypeVar

from ..errors import KernelError
from .fields import believed, device_name
from .layouts import Numbers, every_attribute
from .messages import Message, attribute
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
    netlink: Netlink,
    kind: str,
    sizes: Mapping[int, int],
    make: Callable[[int, str, Mapping[int, int]], Row],
    tally: Tally,
) -> list[Row]:
    """What `make` makes of index, name and settings of each device of a kind.

    The settings are the numbers in IFLA_INFO_DATA, by their types; `sizes` has those wanted.
    The kernel sends no other devices, if it knows the kind; before Linux 5.18 all if it does not.
    KernelError when the table cannot be read; a device that `make` refuses with one is left out
    and counted.
    """
    wanted = kind.encode() + b"\0"
    settings = Numbers(sizes)

    def parse(message: Message) -> Row | None:
        index, found = unpack(message)
        info = every_attribute(found.get(_IFLA_LINKINFO, b""))
        if info.get(_IFLA_INFO_KIND) != wanted:
            return None
        name = device_name(found, IFLA_IFNAME)
        return make(index, name, settings(info.get(_IFLA_INFO_DATA, b"")))

    mask = attribute(IFLA_EXT_MASK, _U32.pack(_RTEXT_FILTER_SKIP_STATS))
    only = attribute(_IFLA_LINKINFO | _NLA_F_NESTED, attribute(_IFLA_INFO_KIND, wanted))
    request = IFINFO.pack(0, 0, 0, 0, 0) + mask + only
    return netlink.dump(RTM_GETLINK, request, believed(parse, tally), tally)


def unpack(message: Message) -> tuple[int, dict[int, bytes]]:
    """Index and attributes of a link message; KernelError when it is too short for one."""
    if len(message.body) < IFINFO.size:
        raise KernelError(f"netlink: a link message of {len(message.body)} bytes")
    return IFINFO.unpack_from(message.body)[2], every_attribute(message.body, IFINFO.size)

"""The forwarding databases of vxlan devices.

Layouts and numbers: linux/neighbour.h struct ndmsg, NDA_*, NTF_*, NUD_*.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from .columns import Batch, Block, Columns, Field, blocks, concatenate
from .neighbors import NDMSG, RTM_GETNEIGH, RTM_NEWNEIGH
from .rtnetlink import Netlink
from .tally import Tally

VXLAN_KINDS: Final = ("static", "learned", "extern_learned")

_AF_BRIDGE = 7
_NUD_NOARP = 0x40
_NUD_PERMANENT = 0x80
_NTF_SELF = 0x02
_NTF_EXT_LEARNED = 0x10

_VNI = Field(7, 4, np.uint32)
_NO_ROWS: Final = (np.empty(0, np.uint32), np.empty(0, np.uint8))


@dataclass(frozen=True, slots=True, eq=False)
class VxlanRows:
    """`n` entries of one vxlan device, one for each MAC and remote.

    vni   (n,) uint32: 0 where it is the device's own
    kind  (n,) uint8: index into VXLAN_KINDS
    """

    vni: npt.NDArray[np.uint32]
    kind: npt.NDArray[np.uint8]


def read_vxlan_fdb(netlink: Netlink, index: int, tally: Tally) -> VxlanRows:
    """The entries of the vxlan device `index`; none when it is gone, KernelError when refused."""

    def gather(batches: Iterator[Batch]) -> Columns:
        found = (b for batch in batches for b in blocks(batch, (RTM_NEWNEIGH,), tally))
        pieces = [_columns(block, index) for block in found if block.family == _AF_BRIDGE]
        return concatenate(pieces, _NO_ROWS)

    request = NDMSG.pack(_AF_BRIDGE, index, 0, 0, 0)
    return VxlanRows(*netlink.read(RTM_GETNEIGH, request, gather, tally))


def _columns(block: Block, index: int) -> Columns:
    """The columns of VxlanRows. Kernels before 4.20 send the entries of every device."""
    flags = block.flags()
    own = ((flags & _NTF_SELF) != 0) & (block.index() == index)
    kinds = np.full(len(block), VXLAN_KINDS.index("learned"), dtype=np.uint8)
    kinds[(block.state() & (_NUD_NOARP | _NUD_PERMANENT)) != 0] = VXLAN_KINDS.index("static")
    kinds[(flags & _NTF_EXT_LEARNED) != 0] = VXLAN_KINDS.index("extern_learned")
    return block.number(_VNI)[own], kinds[own]

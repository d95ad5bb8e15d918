"""The options of neighbour discovery messages (RFC 4861, 4.6), whole batches at a time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from .arp import MAC_BROADCAST, Macs
from .frames import SNAPLEN, Bytes, Flags, Ints

_UNIT: Final = 8  # what an option's length counts in; also all of one with an Ethernet address
_MOST = (SNAPLEN - 62) // _UNIT  # behind the shortest message, a router solicitation
_WORD = np.arange(_UNIT)


@dataclass(frozen=True, slots=True)
class Options:
    """What the options of `n` messages say.

    mac    (n,) uint64: of the first option of the wanted type, 48 bits; 0 when there is none
    found  (n,) bool: whether there is one
    faulty (n,) bool: an option has length zero or goes on beyond the end of a whole message, or
           the wanted one is not as long as an Ethernet address makes it
    """

    mac: Macs
    found: Flags
    faulty: Flags


def walk(
    data: Bytes, start: Ints, end: Ints, whole: Flags, wanted: npt.NDArray[np.uint16]
) -> Options:
    """Walk from `start` to `end` in each row of `data`; `wanted` is an option type of each,
    256 where none is.

    Where a message is not `whole`, what lies beyond `end` is not known and no fault. Each step
    takes one option of every message, so there are never more than fit into a row.
    """
    count = len(data)
    mac = np.zeros(count, dtype=np.uint64)
    found, faulty = np.zeros(count, dtype=np.bool_), np.zeros(count, dtype=np.bool_)
    position = start.astype(np.intp)
    rows = np.flatnonzero(position < end)
    for _ in range(_MOST):
        if not rows.size:
            break
        at, left = position[rows], end[rows] - position[rows]
        kind, length, address = _read(data, rows, at)
        known = left >= 2
        over = ~known | (length * _UNIT > left)
        here = known & (kind == wanted[rows]) & ~found[rows]
        fault = (over & whole[rows]) | (known & (length == 0)) | (here & (length != 1))
        faulty[rows] |= fault
        taken = rows[here & ~over & ~fault]
        mac[taken] = address[here & ~over & ~fault]
        found[taken] = True
        position[rows] += length * _UNIT
        rows = rows[~over & ~fault & (position[rows] < end[rows])]
    return Options(mac, found, faulty)


def _read(
    data: Bytes, rows: npt.NDArray[np.intp], at: npt.NDArray[np.intp]
) -> tuple[npt.NDArray[np.uint64], npt.NDArray[np.intp], Macs]:
    """Return type, length and address of the option at each place, as if it were one of Ethernet.

    What would lie behind the row is read from its last byte: it is beyond the message's end.
    """
    places = np.minimum(at[:, np.newaxis] + _WORD, data.shape[1] - 1)
    word = data[rows[:, np.newaxis], places].view(">u8")[:, 0].astype(np.uint64)
    length = (word >> np.uint64(48)).astype(np.intp) & 0xFF
    return word >> np.uint64(56), length, word & np.uint64(MAC_BROADCAST)

"""Ethernet framing: 802.1Q and 802.1ad tags off (IEEE 802.1Q-2022, 9.4), the outermost VID kept."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from .frames import UNTAGGED, Bytes, Flags, Frames, Ints, Times
from .reader import DissectError

TPIDS: Final = (0x8100, 0x88A8, 0x9100)
"""Customer tag, service tag, and the service tag of equipment older than 802.1ad."""

MAX_INLINE_TAGS: Final = 3
"""Live, the kernel takes one tag off and the filter passes two more; a file has them all."""

REASONS: Final = ("truncated", "too_many_tags")
"""Why an Ethernet header cannot be read to its ethertype."""

_HEADER = 14
_TYPE = 12
_TAG = 4
_VID = 0x0FFF
_TAGS = frozenset(tpid.to_bytes(2) for tpid in TPIDS)


@dataclass(frozen=True, slots=True)
class Untagged:
    """`n` frames without tags, the ethertype at offset 12; columns as in `Frames`.

    vlan (n,) int32: outermost VID, 0 when untagged or only priority-tagged
    """

    data: Bytes
    captured: Ints
    vlan: Ints
    sent: Flags
    time: Times


def untag(frames: Frames) -> tuple[Untagged, dict[str, int]]:
    """Take up to MAX_INLINE_TAGS tags out of each frame; count the frames that defy it by REASONS.

    A frame that is counted keeps its place with ethertype 0, which no dissector takes. Arrays of
    the result are the batch's own where no frame carried a tag. Never raises.
    """
    data, captured, tci = frames.data, frames.captured, frames.tci
    tagged = _tagged(data)
    for _ in range(MAX_INLINE_TAGS):
        rows = np.flatnonzero(tagged & (captured >= _HEADER + _TAG))
        if not rows.size:
            break
        if data is frames.data:
            data, captured, tci = data.copy(), captured.copy(), tci.copy()
        inline = data[rows, 14].astype(np.int32) << 8 | data[rows, 15]
        tci[rows] = np.where(_without_vid(tci[rows]), inline, tci[rows])
        data[rows, 12:-_TAG] = data[rows, 12 + _TAG :]
        data[rows, -_TAG:] = 0
        captured[rows] -= _TAG
        tagged = _tagged(data)
    short = (captured < _HEADER) | (tagged & (captured < _HEADER + _TAG))
    reasons: dict[str, int] = {}
    if short.any() or tagged.any():
        deep = tagged & ~short
        reasons = _counts(truncated=short, too_many_tags=deep)
        data = data.copy()
        data[short | deep, 12:14] = 0
    vlan = np.where(tci == UNTAGGED, 0, tci & _VID)
    return Untagged(data, captured, vlan, frames.sent, frames.time), reasons


def strip(data: bytes, tci: int) -> tuple[bytes, int]:
    """Return a frame without its tags, and the VID as in `Untagged`; `tci` as in `Frames`.

    By the rules of `untag`: DissectError with one of REASONS.
    """
    vid = 0 if tci == UNTAGGED else tci & _VID
    start = _TYPE
    while data[start : start + 2] in _TAGS:
        if len(data) < start + _TAG + 2:
            raise DissectError("truncated")
        if start == _TYPE + MAX_INLINE_TAGS * _TAG:
            raise DissectError("too_many_tags")
        vid = vid or int.from_bytes(data[start + 2 : start + _TAG]) & _VID
        start += _TAG
    if len(data) < _HEADER:
        raise DissectError("truncated")
    return (data if start == _TYPE else data[:_TYPE] + data[start:]), vid


def _tagged(data: Bytes) -> Flags:
    ethertype = data.view(">u2")[:, 6]
    tagged: Flags = ethertype == TPIDS[0]
    for tpid in TPIDS[1:]:
        tagged |= ethertype == tpid
    return tagged


def _without_vid(tci: Ints) -> Flags:
    """Tell who names no VLAN: Linux looks behind a priority tag too (net/core/dev.c)."""
    without: Flags = (tci == UNTAGGED) | (tci & _VID == 0)
    return without


def _counts(**faults: Flags) -> dict[str, int]:
    return {name: int(rows.sum()) for name, rows in faults.items() if rows.any()}

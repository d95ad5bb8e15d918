"""Neighbour messages (struct ndmsg) a batch at a time: what a table of 100,000 entries needs.

numpy reads one place of many messages at once, which is right only where they are laid out alike.
So messages are sorted into blocks: each takes the layout of its first message, and all whose
length, type, family and attribute headers are the same. Whatever attributes the kernel sends, in
whatever order, a block tells where they are; the kernel uses a handful of layouts.

Layouts: linux/netlink.h struct nlmsghdr and nlattr, linux/neighbour.h struct ndmsg.
"""

from __future__ import annotations

import struct
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from .messages import HEADER, Message
from .tally import Tally

Column = npt.NDArray[Any]
Columns = tuple[Column, ...]
Places = npt.NDArray[np.intp]
Words = npt.NDArray[np.uint32]

_LENGTH = struct.Struct("=I")  # nlmsg_len
_ATTRIBUTE = struct.Struct("=HH")  # struct nlattr: len, type
_ATTRIBUTE_TYPE = 0x3FFF  # without NLA_F_NESTED and NLA_F_NET_BYTEORDER
_ATTRIBUTES = HEADER.size + 12  # behind nlmsghdr and ndmsg
_MAC_BYTES = 6
_MAC_MASK = np.uint64(0xFFFF_FFFF_FFFF)

# Words of a message that all of a block share: type and flags, family and padding.
_TYPE_WORD, _FAMILY_WORD, _INDEX_WORD, _STATE_WORD = 1, 4, 5, 6


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """The messages of some datagrams, in the order in which they came.

    words    uint32: the datagrams, each padded to four bytes
    starts   (n,) intp: where each message begins, in words
    lengths  (n,) int64: its bytes (nlmsg_len), within its datagram and never less than a header
    types    (n,) uint16: nlmsg_type
    flags    (n,) uint16: nlmsg_flags
    """

    words: Words
    starts: Places
    lengths: npt.NDArray[np.int64]
    types: npt.NDArray[np.uint16]
    flags: npt.NDArray[np.uint16]

    def message(self, place: int) -> Message:
        """The message at `place`, for those that are read one by one."""
        start = int(self.starts[place])
        end = start + (int(self.lengths[place]) + 3) // 4
        data = self.words[start:end].tobytes()[: int(self.lengths[place])]
        _, kind, flags, sequence, _ = HEADER.unpack_from(data)
        return Message(kind, flags, sequence, data[HEADER.size :])


class Field(NamedTuple):
    """A number in an attribute's payload.

    kind    attribute type (NDA_*)
    size    bytes of the payload; an attribute of any other size is none of these
    dtype   of the number
    offset  of the number in the payload
    absent  what stands for it in messages without the attribute
    """

    kind: int
    size: int
    dtype: type[np.unsignedinteger[Any]]
    offset: int = 0
    absent: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class Block:
    """`n` messages of one type and family that are laid out alike.

    places  (n,) intp: of each in its batch, ascending
    type    nlmsg_type
    family  ndm_family
    """

    places: Places
    type: int
    family: int
    _words: Words  # (n, words of a message)
    _payloads: Mapping[int, tuple[int, int]]  # attribute type -> where its payload is, its bytes

    def __len__(self) -> int:
        return len(self.places)

    def index(self) -> npt.NDArray[np.int32]:
        """ndm_ifindex: (n,)."""
        return self._words[:, _INDEX_WORD].astype(np.int32)

    def state(self) -> npt.NDArray[np.uint16]:
        """ndm_state: (n,), NUD_*."""
        return self._octets(_STATE_WORD * 4, 2).view(np.uint16)[:, 0].copy()

    def flags(self) -> npt.NDArray[np.uint8]:
        """ndm_flags: (n,), NTF_*."""
        return self._octets(_STATE_WORD * 4 + 2, 1)[:, 0].copy()

    def has(self, kind: int, size: int) -> bool:
        """Whether the messages have an attribute of this type, with a payload of `size` bytes."""
        return self._payloads.get(kind, (0, -1))[1] == size

    def number(self, field: Field) -> Column:
        """A number of each message: (n,) of the field's type."""
        if not self.has(field.kind, field.size):
            return np.full(len(self), field.absent, dtype=field.dtype)
        at = self._payloads[field.kind][0] + field.offset
        return self._octets(at, np.dtype(field.dtype).itemsize).view(field.dtype)[:, 0].copy()

    def payload(self, kind: int, size: int) -> npt.NDArray[np.uint8]:
        """The bytes of an attribute that the messages have: (n, size)."""
        return self._octets(self._payloads[kind][0], size).copy()

    def mac(self, kind: int) -> npt.NDArray[np.uint64]:
        """The Ethernet address in an attribute, as a number: (n,), 0 where it has none."""
        if not self.has(kind, _MAC_BYTES):
            return np.zeros(len(self), dtype=np.uint64)
        # The two bytes before it belong to the attribute's header: a word of eight is at hand.
        wide = self._octets(self._payloads[kind][0] - 2, 8).view(np.dtype(">u8"))[:, 0]
        return wide.astype(np.uint64) & _MAC_MASK

    def _octets(self, offset: int, size: int) -> npt.NDArray[np.uint8]:
        return self._words.view(np.uint8)[:, offset : offset + size]


def split(datagrams: Sequence[bytes], tally: Tally) -> Batch:
    """Where the messages are. A message whose length cannot be is counted as malformed.

    What follows such a message in its datagram is lost with it, for want of a place to begin;
    the other datagrams are not.
    """
    data = b"".join(datagrams)
    size = _LENGTH.unpack_from(data)[0] if len(data) >= HEADER.size else 0
    if size < HEADER.size or size % 4 or any(len(datagram) % size for datagram in datagrams):
        return _walk(datagrams, tally)
    words = np.frombuffer(data, dtype=np.uint32)
    if (words[:: size // 4] != size).any():
        return _walk(datagrams, tally)
    starts = np.arange(0, len(words), size // 4, dtype=np.intp)
    return _batch(words, starts, np.full(len(starts), size, dtype=np.int64))


def blocks(batch: Batch, types: Collection[int], tally: Tally) -> Iterator[Block]:
    """The messages of these types, which are neighbour messages; each is in one block.

    Left out and counted as malformed: messages that are too short for a struct ndmsg, or in which
    an attribute's length cannot be.
    """
    wanted = np.logical_or.reduce([batch.types == kind for kind in types])
    places: Places = np.flatnonzero(wanted)
    while len(places):
        size = int(batch.lengths[places[0]])
        alike = batch.lengths[places] == size
        yield from _blocks_of_one_size(batch, places[alike], size, tally)
        places = places[~alike]


def concatenate(pieces: Sequence[Columns], empty: Columns) -> Columns:
    """The columns of all pieces, one after the other; `empty` gives their number and types."""
    return tuple(np.concatenate(column) for column in zip(empty, *pieces, strict=True))


def _walk(datagrams: Sequence[bytes], tally: Tally) -> Batch:
    """Messages of different lengths, found one by one."""
    starts: list[int] = []
    lengths: list[int] = []
    base = 0
    for datagram in datagrams:
        offset, end = 0, len(datagram)
        while end - offset >= HEADER.size:
            (length,) = _LENGTH.unpack_from(datagram, offset)
            if not HEADER.size <= length <= end - offset:
                break
            starts.append((base + offset) // 4)
            lengths.append(length)
            offset += (length + 3) & ~3
        tally.malformed += offset < end
        base += (end + 3) & ~3
    data = b"".join(datagram + bytes(-len(datagram) % 4) for datagram in datagrams)
    words = np.frombuffer(data, dtype=np.uint32)
    return _batch(words, np.array(starts, dtype=np.intp), np.array(lengths, dtype=np.int64))


def _batch(words: Words, starts: Places, lengths: npt.NDArray[np.int64]) -> Batch:
    halves = words.view(np.uint16)
    return Batch(words, starts, lengths, halves[2 * starts + 2], halves[2 * starts + 3])


def _blocks_of_one_size(batch: Batch, places: Places, size: int, tally: Tally) -> Iterator[Block]:
    if size < _ATTRIBUTES:
        tally.malformed += len(places)
        return
    words = _matrix(batch, places, (size + 3) // 4)
    while len(places):
        payloads, shared = _layout(words[0].tobytes()[:size])
        same = (words[:, shared] == words[0, shared]).all(axis=1)
        if payloads is None:
            tally.malformed += int(same.sum())
        elif same.all():
            yield _block(places, words, payloads)
            return
        else:
            yield _block(places[same], words[same], payloads)
        places, words = places[~same], words[~same]


def _matrix(batch: Batch, places: Places, width: int) -> Words:
    """The messages at these places, a row each."""
    if len(places) * width == len(batch.words):
        return batch.words.reshape(-1, width)
    rows: Words = batch.words[batch.starts[places][:, np.newaxis] + np.arange(width)]
    return rows


def _layout(message: bytes) -> tuple[dict[int, tuple[int, int]] | None, list[int]]:
    """Where the payload of each attribute is, and the words that tell this layout from others.

    The last of several attributes of one type counts. None at a length that cannot be: that it is
    so depends on the words up to there alone.
    """
    payloads: dict[int, tuple[int, int]] = {}
    shared = [_TYPE_WORD, _FAMILY_WORD]
    offset, end = _ATTRIBUTES, len(message)
    while end - offset >= _ATTRIBUTE.size:
        shared.append(offset // 4)
        length, kind = _ATTRIBUTE.unpack_from(message, offset)
        if not _ATTRIBUTE.size <= length <= end - offset:
            return None, shared
        payloads[kind & _ATTRIBUTE_TYPE] = offset + _ATTRIBUTE.size, length - _ATTRIBUTE.size
        offset += (length + 3) & ~3
    return payloads, shared


def _block(places: Places, words: Words, payloads: Mapping[int, tuple[int, int]]) -> Block:
    header = words[0].tobytes()
    _, kind, _, _, _ = HEADER.unpack_from(header)
    return Block(places, kind, header[HEADER.size], words, payloads)

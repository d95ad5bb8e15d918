from __future__ import annotations

import struct
from collections.abc import Sequence

import numpy as np
import pytest

from l2exporter.kernel.columns import Batch, Block, Field, blocks, concatenate, split
from l2exporter.kernel.messages import messages
from l2exporter.kernel.tally import Tally
from tests.kernel.build import NESTED, attr, packet, u32
from tests.kernel.entries import (
    DEL,
    LLADDR,
    MASTER,
    NEW,
    VLAN,
    entry,
    fdb_entry,
    mac,
    master,
    times,
    vlan,
)

DONE = packet(3, bytes(4))
MASTERS = Field(MASTER, 4, np.uint32)
VLANS = Field(VLAN, 2, np.uint16)


def blocks_of(*datagrams: bytes, types: Sequence[int] = (NEW,)) -> tuple[list[Block], Tally]:
    tally = Tally()
    return list(blocks(split(datagrams, tally), types, tally)), tally


def only(*datagrams: bytes) -> Block:
    (block,), tally = blocks_of(*datagrams)
    assert tally == Tally()
    return block


def test_messages_that_are_alike_are_one_block() -> None:
    block = only(b"".join(fdb_entry(n, bridge=n + 1, port=n + 2) for n in range(100)))
    assert len(block) == 100
    assert (block.type, block.family) == (NEW, 7)
    assert block.places.tolist() == list(range(100))
    assert block.mac(LLADDR).tolist() == list(range(100))
    assert block.number(MASTERS).tolist() == list(range(1, 101))
    assert block.index().tolist() == list(range(2, 102))


def test_the_fields_of_struct_ndmsg_and_of_an_attribute_of_several() -> None:
    block = only(entry(mac(0x0200_0000_00FE), times(5, 6), index=-1, state=0x1234, flags=0x56))
    assert block.index().tolist() == [-1]
    assert block.state().tolist() == [0x1234]
    assert block.flags().tolist() == [0x56]
    assert block.mac(LLADDR).tolist() == [0x0200_0000_00FE]
    assert block.payload(LLADDR, 6).tolist() == [[2, 0, 0, 0, 0, 0xFE]]
    offsets = [Field(3, 16, np.uint32, offset=offset) for offset in (0, 4, 8, 12)]
    assert [block.number(field).tolist() for field in offsets] == [[111], [5], [6], [222]]


def test_alternating_layouts_keep_their_places() -> None:
    plain, tagged = [fdb_entry(n) for n in range(5)], [fdb_entry(n, vlan(n)) for n in range(5)]
    pairs = zip(plain, tagged, strict=True)
    found, tally = blocks_of(b"".join(one + two for one, two in pairs) + DONE)
    assert [block.places.tolist() for block in found] == [[0, 2, 4, 6, 8], [1, 3, 5, 7, 9]]
    assert [block.number(VLANS).tolist() for block in found] == [[0] * 5, [0, 1, 2, 3, 4]]
    assert tally == Tally()


def test_the_same_length_does_not_mean_the_same_layout() -> None:
    one, two = entry(mac(1), master(2)), entry(master(3), mac(4))
    found, _ = blocks_of(one + two + entry(mac(5), attr(8, u32(6))))
    assert [block.mac(LLADDR).tolist() for block in found] == [[1], [4], [5]]
    assert [block.number(MASTERS).tolist() for block in found] == [[2], [3], [0]]


def test_each_type_and_family_is_a_block_of_its_own() -> None:
    datagram = entry(mac(1)) + entry(mac(2), kind=DEL) + entry(mac(3), family=2) + entry(mac(4))
    found, _ = blocks_of(datagram, types=(NEW, DEL))
    assert [(block.type, block.family) for block in found] == [(NEW, 7), (DEL, 7), (NEW, 2)]
    assert [block.places.tolist() for block in found] == [[0, 3], [1], [2]]


def test_messages_of_other_types_are_left_alone() -> None:
    other, tally = packet(16, b"link"), Tally()
    batch = split([entry(mac(1)) + other + DONE], tally)
    assert [block.places.tolist() for block in blocks(batch, (NEW,), tally)] == [[0]]
    assert batch.types.tolist() == [NEW, 16, 3]
    assert tally == Tally()


def test_a_message_reads_as_it_would_one_by_one() -> None:
    datagram = packet(16, b"abcde", flags=2, sequence=4) + packet(3, bytes(4), flags=0x10)
    batch = split([datagram], Tally())
    assert [batch.message(place) for place in range(2)] == list(messages(datagram))
    assert batch.flags.tolist() == [2, 0x10]


def test_nothing_is_no_message() -> None:
    for datagrams in ([], [b""], [b"", b""]):
        tally = Tally()
        batch = split(datagrams, tally)
        assert len(batch.types) == 0
        assert list(blocks(batch, (NEW,), tally)) == []
        assert tally == Tally()


def test_an_attribute_loses_its_flag_bits_and_the_last_of_a_type_counts() -> None:
    block = only(entry(attr(MASTER | NESTED, u32(1)), attr(MASTER | 0x4000, u32(2))))
    assert block.number(MASTERS).tolist() == [2]


def test_attributes_that_nobody_knows_are_passed_over() -> None:
    block = only(entry(attr(999, b"new"), mac(1), attr(1000, b""), master(2), attr(77, bytes(99))))
    assert block.mac(LLADDR).tolist() == [1]
    assert block.number(MASTERS).tolist() == [2]


@pytest.mark.parametrize("payload", [b"", b"12", bytes(8), bytes(20)])
def test_a_payload_of_another_size_is_none_of_ours(payload: bytes) -> None:
    block = only(entry(attr(MASTER, payload), attr(LLADDR, payload)))
    assert not block.has(LLADDR, 6)
    assert block.mac(LLADDR).tolist() == [0]
    assert block.number(MASTERS._replace(absent=9)).tolist() == [9]


@pytest.mark.parametrize("length", [0, 3, 9, 0xFFFF])
def test_a_message_whose_attribute_lies_is_left_out_and_counted(length: int) -> None:
    lie = entry(mac(2), struct.pack("=HH", length, MASTER) + u32(1))
    found, tally = blocks_of(b"".join([entry(mac(1), master(1)), lie, lie, entry(mac(3))]))
    assert [block.places.tolist() for block in found] == [[0], [3]]
    assert tally == Tally(malformed=2)


@pytest.mark.parametrize("size", [0, 1, 11])
def test_a_message_without_room_for_struct_ndmsg_is_counted(size: int) -> None:
    found, tally = blocks_of(entry(mac(1)) + packet(NEW, bytes(size)))
    assert [block.places.tolist() for block in found] == [[0]]
    assert tally == Tally(malformed=1)


@pytest.mark.parametrize("length", [0, 15, 41, 0xFFFFFFFF])
def test_a_message_length_that_cannot_be_costs_the_rest_of_its_datagram(length: int) -> None:
    lie = bytearray(entry(mac(2)))
    lie[:4] = u32(length)
    lost = bytes(lie) if length == 41 else bytes(lie) + entry(mac(3))
    found, tally = blocks_of(entry(mac(1)) + lost, entry(mac(4)))
    assert [block.mac(LLADDR).tolist() for block in found] == [[1, 4]]
    assert tally == Tally(malformed=1)


@pytest.mark.parametrize("rest", [b"1", b"123456789012345"])
def test_stray_bytes_at_the_end_are_counted(rest: bytes) -> None:
    found, tally = blocks_of(entry(mac(1)) + rest, entry(mac(2)))
    assert [block.mac(LLADDR).tolist() for block in found] == [[1, 2]]
    assert tally == Tally(malformed=1)


def test_a_truncated_datagram_does_not_continue_in_the_next() -> None:
    # Joined, these two would pass for messages of equal length.
    whole = fdb_entry(1)
    found, tally = blocks_of(whole + whole[:40], whole[40:])
    assert [len(block) for block in found] == [1]
    assert tally.malformed == 2


def test_a_length_that_is_no_multiple_of_four_is_padded() -> None:
    odd = bytearray(entry(mac(1), attr(99, b"odd")))
    odd[:4] = u32(len(odd) - 1)
    for datagrams in ([bytes(odd) * 2], [bytes(odd[:-1]), bytes(odd)]):
        block = only(*datagrams)
        assert block.mac(LLADDR).tolist() == [1, 1]


def test_the_padding_is_not_the_messages_own() -> None:
    lie = bytearray(entry(mac(1), attr(99, b"four")))
    lie[:4] = u32(len(lie) - 1)
    found, tally = blocks_of(bytes(lie))
    assert (found, tally) == ([], Tally(malformed=1))


def test_what_is_read_does_not_hold_the_datagram() -> None:
    batch = split([fdb_entry(1) * 3], Tally())
    (block,) = blocks(batch, (NEW,), Tally())
    read = [
        block.index(),
        block.state(),
        block.flags(),
        block.mac(LLADDR),
        block.number(MASTERS),
        block.payload(LLADDR, 6),
    ]
    assert not any(np.shares_memory(column, batch.words) for column in read)


def test_columns_are_joined_and_none_keep_their_types() -> None:
    empty = np.empty(0, np.uint16), np.empty((0, 2), np.uint8)
    piece = np.array([7], np.uint16), np.array([[8, 9]], np.uint8)
    first, second = concatenate([piece, piece], empty)
    assert (first.tolist(), second.tolist()) == ([7, 7], [[8, 9], [8, 9]])
    assert [column.dtype for column in concatenate([], empty)] == [np.uint16, np.uint8]


def test_a_batch_knows_where_its_messages_are() -> None:
    batch: Batch = split([entry(mac(1)), entry(mac(1), vlan(2))], Tally())
    assert batch.starts.tolist() == [0, 10]
    assert batch.lengths.tolist() == [40, 48]

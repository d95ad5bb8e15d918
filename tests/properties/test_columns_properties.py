"""Neighbour messages in batches: equal to a slow reader that takes one message after the other."""

from __future__ import annotations

import struct
from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from l2exporter.kernel.columns import Field, blocks, split
from l2exporter.kernel.fdb_feed import FdbFeed
from l2exporter.kernel.neighbors import read_neighbors
from l2exporter.kernel.tally import Tally
from l2exporter.kernel.vxlan_fdb import read_vxlan_fdb
from tests.kernel.build import attr, packet
from tests.kernel.entries import DEL, NEW, recorded
from tests.kernel.forwarding import whole_fdb

TYPES = (NEW, DEL)
MASTER = Field(9, 4, np.uint32)
VLAN = Field(5, 2, np.uint16, absent=0xFFFF)
UPDATED = Field(3, 16, np.uint32, offset=8, absent=77)

Row = tuple[int, int, int, int, int, int, int, int, int, int]
"""type, family, index, state, flags, MAC, has one, master, VLAN, updated."""


class Slow(NamedTuple):
    """What the reference makes of datagrams: (place, row), other messages, and lies."""

    rows: list[tuple[int, Row]]
    others: int
    malformed: int


def slow(datagrams: Iterable[bytes]) -> Slow:
    rows, others, malformed, place = [], 0, 0, 0
    for datagram in datagrams:
        rest = datagram
        while rest:
            length = struct.unpack_from("=I", rest)[0] if len(rest) >= 16 else 0
            if not 16 <= length <= len(rest):
                malformed += 1
                break
            message, rest = rest[:length], rest[(length + 3) // 4 * 4 :]
            if struct.unpack_from("=H", message, 4)[0] not in TYPES:
                others += 1
            elif (row := slow_row(message)) is None:
                malformed += 1
            else:
                rows.append((place, row))
            place += 1
    return Slow(rows, others, malformed)


def slow_row(message: bytes) -> Row | None:
    if len(message) < 28:
        return None
    found: dict[int, bytes] = {}
    rest = message[28:]
    while len(rest) >= 4:
        length, kind = struct.unpack_from("=HH", rest)
        if not 4 <= length <= len(rest):
            return None
        found[kind & 0x3FFF] = rest[4:length]
        rest = rest[(length + 3) // 4 * 4 :]
    family, index, state, flags, _ = struct.unpack_from("=BxxxiHBB", message, 16)
    mac, master, vlan, cache = (found.get(kind, b"") for kind in (2, 9, 5, 3))
    return (
        struct.unpack_from("=H", message, 4)[0],
        family,
        index,
        state,
        flags,
        int.from_bytes(mac, "big") if len(mac) == 6 else 0,
        int(len(mac) == 6),
        struct.unpack("=I", master)[0] if len(master) == 4 else 0,
        struct.unpack("=H", vlan)[0] if len(vlan) == 2 else 0xFFFF,
        struct.unpack("=IIII", cache)[2] if len(cache) == 16 else 77,
    )


def fast(datagrams: list[bytes]) -> Slow:
    tally = Tally()
    batch = split(datagrams, tally)
    rows: list[tuple[int, Row]] = []
    for block in blocks(batch, TYPES, tally):
        assert block.places.tolist() == sorted(block.places.tolist())
        columns = (
            np.full(len(block), block.type),
            np.full(len(block), block.family),
            *(block.index(), block.state(), block.flags()),
            *(block.mac(2), np.full(len(block), block.has(2, 6))),
            *(block.number(field) for field in (MASTER, VLAN, UPDATED)),
        )
        found = zip(*(column.astype(object).tolist() for column in columns), strict=True)
        rows += zip(block.places.tolist(), found, strict=True)
    others = sum(kind not in TYPES for kind in batch.types.tolist())
    lost = len(batch.types) - others - len(rows)
    assert 0 <= lost <= tally.malformed, "a message is neither a row nor counted"
    return Slow(sorted(rows), others, tally.malformed)


SIZES = {2: (6, 20), 9: (4,), 5: (2,), 3: (16,), 15: (4,), 1: (4, 16), 7: (4,), 900: (3, 0)}


@st.composite
def an_attribute(draw: st.DrawFn) -> bytes:
    kind = draw(st.sampled_from(sorted(SIZES)))
    size = draw(st.sampled_from(SIZES[kind]) | st.integers(0, 20))
    flags = draw(st.sampled_from([0, 0x8000]))
    return attr(kind | flags, draw(st.binary(min_size=size, max_size=size)))


@st.composite
def a_message(draw: st.DrawFn) -> bytes:
    kind = draw(st.sampled_from([NEW, NEW, DEL, 3, 16]))
    family = draw(st.sampled_from([7, 7, 2, 10]))
    header = struct.pack("=Bxxx", family) + draw(st.binary(min_size=8, max_size=8))
    return packet(kind, header + b"".join(draw(st.lists(an_attribute(), max_size=5))))


@st.composite
def datagrams(draw: st.DrawFn) -> list[bytes]:
    """Messages of few layouts, many of them alike; then some bytes changed, and some cut off."""
    layouts = draw(st.lists(a_message(), min_size=1, max_size=4))
    found = []
    for chosen in draw(st.lists(st.lists(st.sampled_from(layouts), max_size=8), max_size=4)):
        data = bytearray(b"".join(chosen))
        for place in draw(st.lists(st.integers(0, max(len(data) - 1, 0)), max_size=3)):
            data[place : place + 1] = bytes([draw(st.integers(0, 255))])
        cut = draw(st.integers(0, len(data)) | st.just(len(data)))
        found.append(bytes(data[:cut]))
    return found


@given(datagrams())
def test_a_batch_says_what_one_by_one_says(found: list[bytes]) -> None:
    assert fast(found) == slow(found)


@given(st.lists(st.binary(max_size=200), max_size=4))
def test_noise_says_what_it_says_one_by_one(found: list[bytes]) -> None:
    assert fast(found) == slow(found)


@given(datagrams())
def test_tables_have_the_rows_that_are_theirs(found: list[bytes]) -> None:
    told = slow(found)
    new = [row for _, row in told.rows if row[0] == NEW]
    bridged = [row for row in new if row[1] == 7 and row[6] and row[7]]
    netlink = recorded(*found)
    rows = whole_fdb(netlink, Tally())
    named = rows.bridge != 0  # the reference takes a master of 0 for none
    assert sorted(rows.mac[named].tolist()) == sorted(row[5] for row in bridged)
    columns = (rows.bridge, rows.port, rows.vlan, rows.kind, rows.state, rows.used, rows.updated)
    assert {len(column) for column in columns} == {len(rows.mac)}
    for family, number in (("ipv4", 2), ("ipv6", 10)):
        neighbors = read_neighbors(netlink, family, Tally())
        assert len(neighbors.mac) == len(neighbors.ip) <= sum(row[1] == number for row in new)
    vxlan = read_vxlan_fdb(netlink, new[0][2] if new else 1, Tally())
    assert len(vxlan.vni) == len(vxlan.kind) <= len(new)


@given(datagrams())
def test_a_feed_takes_whatever_comes(found: list[bytes]) -> None:
    feed = FdbFeed()
    try:
        feed._netlink.event_datagrams = lambda most: found  # type: ignore[method-assign]
        events = feed.events()
    finally:
        feed.close()
    told = [row for _, row in slow(found).rows if row[1] == 7 and row[6] and row[7]]
    named = events.rows.bridge != 0
    assert events.rows.mac[named].tolist() == [row[5] for row in told]
    assert events.added[named].tolist() == [row[0] == NEW for row in told]
    assert feed.tally.events == len(events.added)

"""Whatever a dump brings: rows, or messages that are left out and counted; never an exception."""

from __future__ import annotations

import struct
import sys
from collections.abc import Callable, Sized
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from l2exporter.errors import KernelError
from l2exporter.kernel.bridges import read_bridges, read_ports
from l2exporter.kernel.layouts import Numbers, walk
from l2exporter.kernel.messages import Message, attributes
from l2exporter.kernel.neighbor_tables import read_neighbor_tables
from l2exporter.kernel.rtnetlink import Netlink
from l2exporter.kernel.tally import Tally
from l2exporter.kernel.vxlans import read_vxlans
from tests.kernel.answers import Answering
from tests.kernel.build import attr, info, name, u32

READERS: dict[str, Callable[[Netlink, Tally], Sized]] = {
    "bridges": read_bridges,
    "ports": read_ports,
    "vxlans": read_vxlans,
    "neighbor_tables": lambda netlink, tally: read_neighbor_tables(netlink, tally, Path("/none")),
}

IFINFO = struct.pack("=BxHiII", 0, 1, 7, 0, 0)
BRIDGE = [attr(kind, u32(0)) for kind in (1, 4, 5, 48, 49)] + [
    *(attr(kind, b"\1") for kind in (7, 14, 15, 36, 37, 38)),
    attr(39, b"\1\0"),
]
VXLAN = [attr(kind, u32(5)) for kind in (1, 8, 9)] + [attr(7, b"\1"), attr(25, b"\0")]
PORT = b"".join(attr(kind, b"\1") for kind in (1, 8, 9, 32, 33, 39))
TIMES = b"".join(attr(kind, bytes(8)) for kind in (3, 4, 6, 7))
HEAD = [attr(kind, u32(9)) for kind in (2, 3, 4)] + [attr(5, bytes(32)), attr(7, bytes(88))]
CACHE = bytes(4) + attr(1, b"arp_cache\0")

WHOLE = {
    "bridges": IFINFO + name("br0") + info("bridge", attr(2, b"".join(BRIDGE))),
    "vxlans": IFINFO + name("vx0") + info("vxlan", attr(2, b"".join(VXLAN))),
    "ports": IFINFO + name("eth") + attr(10, u32(3)) + attr(12, PORT) + attr(26, attr(0, b"\1\0")),
    "neighbor_tables": CACHE + b"".join(HEAD) + attr(6, TIMES),
}
DEVICE = CACHE + attr(6, attr(1, u32(3)) + TIMES)


@st.composite
def damaged(draw: st.DrawFn, whole: bytes) -> bytes:
    """A message as the kernel makes it, cut off somewhere, or with some bytes replaced."""
    data = bytearray(whole[: draw(st.integers(0, len(whole)) | st.just(len(whole)))])
    for place in draw(st.lists(st.integers(0, max(len(data) - 1, 0)), max_size=4)):
        data[place : place + 1] = bytes([draw(st.integers(0, 255))])
    return bytes(data)


BODIES = st.one_of(
    st.binary(max_size=80),
    *(damaged(whole) for whole in WHOLE.values()),
    damaged(DEVICE),
)


@pytest.mark.parametrize("table", READERS)
@given(bodies=st.lists(BODIES, max_size=6))
def test_every_reader_gives_rows_and_counts_the_rest(table: str, bodies: list[bytes]) -> None:
    answer = [Message(16, 0, 0, body) for body in bodies]
    tally = Tally()
    rows = READERS[table](Answering(answer, answer), tally)
    assert len(rows) <= len(bodies)
    # A bridge that filters VLANs has the answer read once more.
    assert tally.malformed <= 2 * len(bodies)
    assert (tally.failures, tally.interrupted) == (0, 0)


# Between attributes, before the one that tells what the message is of.
NOT_OF_THE_KIND = {16, 24}


@pytest.mark.parametrize("table", READERS)
@given(data=st.data())
def test_a_message_that_is_cut_off_is_a_row_or_counted(table: str, data: st.DataObject) -> None:
    whole = WHOLE[table]
    cut = data.draw(st.integers(0, len(whole)).filter(lambda size: size not in NOT_OF_THE_KIND))
    tally = Tally()
    rows = READERS[table](Answering([Message(16, 0, 0, whole[:cut])], []), tally)
    assert len(rows) + tally.malformed == 1
    assert len(rows) == 1 or cut < len(whole)


SIZES = {1: 1, 2: 2, 3: 4, 4: 8}

numbered = st.lists(
    st.tuples(st.integers(0, 6), st.sampled_from([0, 1, 2, 4, 8]), st.integers(0, 255)),
    max_size=5,
).map(lambda parts: b"".join(attr(kind, bytes([fill]) * size) for kind, size, fill in parts))


def expected(blob: bytes) -> dict[int, int] | None:
    """What a walk finds; None where there is something to object to."""
    try:
        sizes = {(kind, end - start) for kind, start, end in walk(blob) if kind in SIZES}
    except KernelError:
        return None
    if not sizes <= set(SIZES.items()):
        return None
    found = {kind: payload for kind, payload in attributes(blob).items() if kind in SIZES}
    return {kind: int.from_bytes(payload, sys.byteorder) for kind, payload in found.items()}


@given(st.lists(numbered.flatmap(damaged), max_size=8))
def test_numbers_are_those_that_a_walk_finds_whatever_came_before(blobs: list[bytes]) -> None:
    numbers = Numbers(SIZES)
    for blob in blobs * 2:
        found = expected(blob)
        if found is None:
            with pytest.raises(KernelError, match="attribute"):
                numbers(blob)
        else:
            assert numbers(blob) == found

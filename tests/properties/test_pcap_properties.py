"""Whatever the bytes: reading ends, each whole frame before a fault is there."""

from __future__ import annotations

import gzip
from struct import pack
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from l2exporter.dissect.frames import SNAPLEN
from tests.capture.files import (
    ETHERNET,
    MICRO,
    NANO,
    SLL,
    SLL2,
    Frame,
    enhanced,
    interface,
    obsolete,
    option,
    outcome,
    pcap,
    record,
    section,
    simple,
)

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

ORDERS = st.sampled_from("<>")
WORDS = st.integers(0, (1 << 32) - 1)
PAYLOADS = st.binary(max_size=80)

many = settings(max_examples=100, deadline=None)


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("properties") / "capture"


@st.composite
def pcaps(draw: st.DrawFn) -> list[bytes]:
    """A file header, then whole records."""
    order = draw(ORDERS)
    linktype = draw(st.sampled_from([ETHERNET, SLL, SLL2]))
    header = pcap(order=order, magic=draw(st.sampled_from([MICRO, NANO])), linktype=linktype)
    records = st.builds(record, PAYLOADS, WORDS, WORDS, order=st.just(order))
    return [header, *draw(st.lists(records, max_size=8))]


@st.composite
def sections(draw: st.DrawFn) -> list[bytes]:
    """A section header, an interface, then whole packet blocks of it."""
    order = draw(ORDERS)
    resolution = option(9, bytes([draw(st.integers(0, 255))]), order=order)
    offset = option(
        14, pack(order + "q", draw(st.integers(-(1 << 63), (1 << 63) - 1))), order=order
    )
    linktype = draw(st.sampled_from([ETHERNET, SLL, SLL2]))
    flags = option(2, pack(order + "I", draw(WORDS)), order=order)
    stamps = st.integers(0, (1 << 64) - 1)
    options = st.sampled_from([b"", flags, option(1, b"comment", order=order) + flags])
    packets = st.one_of(
        st.builds(enhanced, PAYLOADS, stamps, options=options, order=st.just(order)),
        st.builds(obsolete, PAYLOADS, stamps, options=options, order=st.just(order)),
        st.builds(simple, PAYLOADS, order=st.just(order)),
    )
    described = interface(resolution + offset, linktype=linktype, order=order)
    return [section(order=order), described, *draw(st.lists(packets, max_size=5))]


pcapngs = st.lists(sections(), min_size=1, max_size=3).map(
    lambda parts: [block for part in parts for block in part]
)
captures = st.one_of(pcaps(), pcapngs)


def frames_of(file: Path, data: bytes) -> list[Frame]:
    file.write_bytes(data)
    frames, fault = outcome(file)
    assert fault is None
    return frames


def whole_before(parts: Sequence[bytes], size: int) -> bytes:
    """As many of the parts as fit whole into `size` bytes."""
    whole = b""
    for part in parts:
        if len(whole) + len(part) > size:
            break
        whole += part
    return whole


@many
@given(data=st.binary(max_size=300), start=captures)
def test_arbitrary_bytes_end_in_a_fault_or_well(
    file: Path, data: bytes, start: list[bytes]
) -> None:
    for content in (data, start[0] + data, b"".join(start) + data, gzip.compress(start[0] + data)):
        file.write_bytes(content)
        outcome(file)
    file.write_bytes(b"\x1f\x8b\x08\x00" + data)
    assert outcome(file).fault is not None


@many
@given(
    order=ORDERS,
    unit=st.sampled_from([(MICRO, 1e6), (NANO, 1e9)]),
    packets=st.lists(st.tuples(PAYLOADS, WORDS, WORDS), max_size=20),
)
def test_what_is_written_is_read(
    file: Path, order: str, unit: tuple[int, float], packets: list[tuple[bytes, int, int]]
) -> None:
    records = [record(*packet, order=order) for packet in packets]
    frames = frames_of(file, pcap(*records, order=order, magic=unit[0]))
    assert frames == [Frame(data[:SNAPLEN], at + part / unit[1]) for data, at, part in packets]


@many
@given(capture=captures, data=st.data())
def test_cut_file_gives_its_whole_frames_and_a_fault(
    file: Path, capture: list[bytes], data: st.DataObject
) -> None:
    whole = b"".join(capture)
    size = data.draw(st.integers(0, len(whole)))
    kept = whole_before(capture, size)
    expected = frames_of(file, kept) if kept else []
    file.write_bytes(whole[:size])
    frames, fault = outcome(file)
    assert frames == expected
    if 0 < size == len(kept):
        assert fault is None
    else:
        assert fault is not None
        assert fault.offset == len(kept)


@many
@given(capture=captures, data=st.data())
def test_cut_gzip_gives_a_prefix_and_a_fault(
    file: Path, capture: list[bytes], data: st.DataObject
) -> None:
    whole = b"".join(capture)
    expected = frames_of(file, whole)
    packed = gzip.compress(whole)
    file.write_bytes(packed[: data.draw(st.integers(0, len(packed) - 1))])
    frames, fault = outcome(file)
    assert frames == expected[: len(frames)]
    assert fault is not None


@many
@given(capture=captures, data=st.data(), value=st.integers(0, 255))
def test_damage_costs_no_frame_before_it(
    file: Path, capture: list[bytes], data: st.DataObject, value: int
) -> None:
    content = bytearray(b"".join(capture))
    at = data.draw(st.integers(0, len(content) - 1))
    kept = whole_before(capture, at)
    expected = frames_of(file, kept) if kept else []
    content[at] = value
    file.write_bytes(content)
    assert outcome(file).frames[: len(expected)] == expected


@many
@given(capture=captures, data=st.data(), value=st.integers(0, 255))
def test_damaged_gzip_ends_in_a_fault_or_well(
    file: Path, capture: list[bytes], data: st.DataObject, value: int
) -> None:
    packed = bytearray(gzip.compress(b"".join(capture)))
    packed[data.draw(st.integers(0, len(packed) - 1))] = value
    file.write_bytes(packed)
    outcome(file)

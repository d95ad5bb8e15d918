"""Capture files' frames for the slow lane: the same as live, and in whole."""

from __future__ import annotations

from struct import pack
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from l2exporter.capture.candidates import is_candidate
from l2exporter.capture.pcap import read_frames
from l2exporter.dissect.ethernet import MAX_INLINE_TAGS
from l2exporter.dissect.frames import SNAPLEN, UNTAGGED, WHOLE_SNAPLEN, Whole
from tests.capture.files import (
    SLL,
    enhanced,
    interface,
    obsolete,
    option,
    pcap,
    record,
    section,
    simple,
)
from tests.capture.slow_frames import LEFT, TAKEN
from tests.lab.frames import announcement, qinq, tagged

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

ARP = announcement("02:00:00:00:0a:01", "192.0.2.1")
MDNS, WOL = bytes(TAKEN["mdns"]), bytes(TAKEN["wake-on-lan"])
KINDS = [bytes(packet) for packet in (*TAKEN.values(), *LEFT.values())]


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("whole") / "capture"


def whole(file: Path, content: bytes) -> list[Whole]:
    """The whole frames of all batches, each in the batch of its own row."""
    file.write_bytes(content)
    found: list[Whole] = []
    for batch in read_frames(str(file)):
        rows = set(zip(batch.time.tolist(), (row.tobytes() for row in batch.data), strict=True))
        for one in batch.whole:
            assert (one.time, one.data[:SNAPLEN].ljust(SNAPLEN, b"\0")) in rows
        found += batch.whole
    return found


def test_frames_for_the_slow_lane_are_there_in_whole(file: Path) -> None:
    inside = qinq(MDNS, 100, 7)
    records = [record(data, 5, n) for n, data in enumerate([ARP, MDNS, ARP, inside, WOL])]
    # The file says of each that 8 bytes of it were cut off.
    assert whole(file, pcap(*records)) == [
        Whole(data, len(data) + 8, UNTAGGED, False, 5 + n / 1e6)
        for n, data in ((1, MDNS), (3, inside), (4, WOL))
    ]


@pytest.mark.parametrize("tags", range(1, 5))
def test_a_file_has_the_tag_that_live_the_kernel_takes_off(file: Path, tags: int) -> None:
    stacked = tagged(MDNS, *range(1, tags + 1))
    found = [one.data for one in whole(file, pcap(record(stacked)))]
    assert found == ([stacked] if tags <= MAX_INLINE_TAGS else [])


def test_a_long_one_is_cut_as_it_would_be_live(file: Path) -> None:
    long = WOL + bytes(range(256)) * 100
    (cut,) = whole(file, pcap(record(long)))
    assert (cut.data, cut.length) == (long[:WHOLE_SNAPLEN], len(long) + 8)


def test_an_original_length_that_lies_takes_nothing_off(file: Path) -> None:
    (found,) = whole(file, pcap(pack("<IIII", 0, 0, len(WOL), 3) + WOL))
    assert (found.data, found.length) == (WOL, len(WOL))


def test_pcapng_tells_direction_and_length_too(file: Path) -> None:
    outbound = option(2, pack("<I", 2))
    head = pack("<IIIII", 0, 0, 7, len(MDNS), len(MDNS) + 100)
    padding = bytes(-len(MDNS) % 4)
    body = pack("<II", 6, 12 + 20 + len(MDNS + padding)) + head + MDNS + padding
    content = (
        section()
        + interface(snaplen=64)
        + enhanced(MDNS, 5_000_000, options=outbound)
        + obsolete(WOL, 6_000_000)
        + body
        + body[4:8]
        + simple(MDNS[:64], original=len(MDNS))
    )
    assert whole(file, content) == [
        Whole(MDNS, len(MDNS), UNTAGGED, True, 5.0),
        Whole(WOL, len(WOL), UNTAGGED, False, 6.0),
        Whole(MDNS, len(MDNS) + 100, UNTAGGED, False, 7e-6),
        Whole(MDNS[:64], len(MDNS), UNTAGGED, False, 7e-6),
    ]


def test_cooked_frames_are_looked_at_as_ethernet(file: Path) -> None:
    cooked = pack(">HHH8sH", 4, 1, 6, bytes([2, 0, 0, 0, 0, 5, 0, 0]), 0x0842) + WOL[14:]
    (found,) = whole(file, pcap(record(cooked, 1), linktype=SLL))
    expected = bytes(6) + bytes([2, 0, 0, 0, 0, 5]) + WOL[12:]
    assert found == Whole(expected, len(expected) + 8, UNTAGGED, True, 1.0)


@given(taken=st.lists(st.sampled_from(KINDS), max_size=30))
def test_all_that_are_candidates_and_no_others(file: Path, taken: Sequence[bytes]) -> None:
    records = [record(data, n) for n, data in enumerate(taken)]
    found = [(one.time, one.data) for one in whole(file, pcap(*records))]
    assert found == [(n, data) for n, data in enumerate(taken) if is_candidate(data)]

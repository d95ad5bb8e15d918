from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from l2exporter.dissect.ethernet import TPIDS, strip, untag
from l2exporter.dissect.frames import SNAPLEN, UNTAGGED, Frames
from l2exporter.dissect.reader import DissectError
from tests.dissect.batch import batch
from tests.lab.frames import qinq, request, tagged

PLAIN = request("02:00:00:00:00:01", "192.0.2.1", "192.0.2.2")
PRIORITY = 5 << 13


def body(frames: Frames, row: int = 0) -> bytes:
    untagged, _ = untag(frames)
    return untagged.data[row, : untagged.captured[row]].tobytes()


def vlans(frames: Frames) -> list[int]:
    return list(untag(frames)[0].vlan)


def test_without_tags_nothing_is_copied() -> None:
    frames = batch([PLAIN, bytes(60)])
    untagged, reasons = untag(frames)
    assert untagged.data is frames.data
    assert untagged.captured is frames.captured
    assert untagged.vlan.tolist() == [0, 0]
    assert reasons == {}


@pytest.mark.parametrize(
    ("frame", "vlan"),
    [
        (tagged(PLAIN, 7), 7),
        (tagged(PLAIN, 4095), 4095),
        (qinq(PLAIN, 100, 7), 100),
        (tagged(PLAIN, 100, 7), 100),
        (tagged(PLAIN, 100, 7, outer=0x9100), 100),
        (tagged(PLAIN, 9, outer=0x88A8), 9),
        (tagged(PLAIN, 0), 0),
        (tagged(PLAIN, 0, 7), 7),
        (tagged(PLAIN, 7, 0), 7),
        (tagged(PLAIN, 1, 2, 3), 1),
        (tagged(PLAIN, 0, 0, 3, outer=0x88A8), 3),
    ],
    ids=[
        *("802.1Q", "highest", "QinQ", "Q-in-Q", "9100", "service", "priority", "0+7", "7+0"),
        *("three", "0+0+3"),
    ],
)
def test_inline_tags_are_taken_out_and_the_outermost_vid_is_kept(frame: bytes, vlan: int) -> None:
    frames = batch([frame])
    assert vlans(frames) == [vlan]
    assert body(frames) == PLAIN


@pytest.mark.parametrize(
    ("tci", "frame", "vlan"),
    [
        (7, PLAIN, 7),
        (PRIORITY | 7, PLAIN, 7),
        (PRIORITY, PLAIN, 0),
        (0, PLAIN, 0),
        (100, tagged(PLAIN, 7), 100),
        (100, qinq(PLAIN, 8, 7), 100),
        (PRIORITY, tagged(PLAIN, 7), 7),
        (100, tagged(PLAIN, 8, 7), 100),
    ],
)
def test_the_tag_that_the_kernel_took_off_is_outside_of_those_inline(
    tci: int, frame: bytes, vlan: int
) -> None:
    frames = batch([frame], tci=tci)
    assert vlans(frames) == [vlan]
    assert body(frames) == PLAIN


def test_priority_bits_are_no_part_of_the_vid() -> None:
    frame = bytearray(tagged(PLAIN, 7))
    frame[14] |= 0xF0
    assert vlans(batch([bytes(frame)])) == [7]


def test_each_row_of_a_mixed_batch_is_untagged_by_itself() -> None:
    kinds = [PLAIN, tagged(PLAIN, 1), bytes(14), qinq(PLAIN, 2, 3), PLAIN, tagged(PLAIN, 4)]
    frames = batch(kinds, tci=[UNTAGGED, UNTAGGED, UNTAGGED, UNTAGGED, 5, 6])
    assert vlans(frames) == [0, 1, 0, 2, 5, 6]
    assert [body(frames, row) for row in range(6)] == [PLAIN, PLAIN, bytes(14), *[PLAIN] * 3]


def test_the_batch_itself_is_left_as_it_was() -> None:
    frames = batch([tagged(PLAIN, 7), tagged(PLAIN, 1, 2, 3, 4), b"short"])
    before = frames.data.tobytes(), frames.captured.tolist(), frames.tci.tolist()
    untag(frames)
    assert (frames.data.tobytes(), frames.captured.tolist(), frames.tci.tolist()) == before


@pytest.mark.parametrize("size", range(14))
def test_less_than_a_header_is_truncated_whatever_lies_behind(size: int) -> None:
    for junk in (b"\0" * SNAPLEN, b"\x81\0" * (SNAPLEN // 2), PLAIN + bytes(22)):
        untagged, reasons = untag(batch([PLAIN[:size]], junk=junk[size:] + junk))
        assert reasons == {"truncated": 1}
        assert untagged.data[0, 12:14].tolist() == [0, 0]


@pytest.mark.parametrize("size", [14, 15, 16, 17])
def test_a_tag_that_is_cut_off_is_truncated(size: int) -> None:
    untagged, reasons = untag(batch([tagged(PLAIN, 7)[:size]]))
    assert reasons == {"truncated": 1}
    assert untagged.data[0, 12:14].tolist() == [0, 0]


@pytest.mark.parametrize("size", [18, 19, 20, 21])
def test_so_is_the_second_one(size: int) -> None:
    assert untag(batch([qinq(PLAIN, 100, 7)[:size]]))[1] == {"truncated": 1}


@pytest.mark.parametrize("size", [22, 23, 24, 25])
def test_so_is_the_third_one(size: int) -> None:
    assert untag(batch([tagged(PLAIN, 1, 2, 3)[:size]]))[1] == {"truncated": 1}


def test_a_fourth_tag_is_too_many() -> None:
    frames = batch([tagged(PLAIN, 1, 2, 3, 4), PLAIN, tagged(PLAIN, 1, 2, 3, 4, 5)])
    untagged, reasons = untag(frames)
    assert reasons == {"too_many_tags": 2}
    assert untagged.data[:, 12:14].tolist() == [[0, 0], [8, 6], [0, 0]]


def test_a_fourth_tag_that_is_cut_off_is_truncated() -> None:
    assert untag(batch([tagged(PLAIN, 1, 2, 3, 4)[:29]]))[1] == {"truncated": 1}
    assert untag(batch([tagged(PLAIN, 1, 2, 3, 4)[:30]]))[1] == {"too_many_tags": 1}


def test_an_empty_batch_is_nothing() -> None:
    untagged, reasons = untag(batch([]))
    assert len(untagged.captured) == 0
    assert reasons == {}


words = st.binary(min_size=2, max_size=2)
tag = st.tuples(st.sampled_from([tpid.to_bytes(2) for tpid in TPIDS]), words).map(b"".join)


@given(
    tags=st.lists(tag, max_size=5).map(b"".join),
    size=st.none() | st.integers(0, 40),
    tci=st.just(UNTAGGED) | st.integers(0, 0xFFFF),
)
def test_a_single_frame_is_stripped_as_a_batch_is_untagged(
    tags: bytes, size: int | None, tci: int
) -> None:
    frame = (PLAIN[:12] + tags + PLAIN[12:])[:size]
    frames = batch([frame], tci=tci)
    _, reasons = untag(frames)
    expected = (*reasons, *reasons.values()) or (body(frames), vlans(frames)[0])
    assert stripped(frame, tci) == expected


def stripped(frame: bytes, tci: int) -> tuple[bytes | str, int]:
    """Frame and VID, or the reason and how often it is one."""
    try:
        return strip(frame, tci)
    except DissectError as error:
        return error.reason, 1


def test_a_long_frame_is_stripped_of_its_tags_alone() -> None:
    long = PLAIN + bytes(range(256)) * 6
    assert strip(qinq(long, 100, 7), UNTAGGED) == (long, 100)
    assert strip(long, 7) == (long, 7)

from __future__ import annotations

from collections.abc import Callable

import pytest

from l2exporter.dissect.reader import DissectError, Reader

DATA = bytes(range(1, 21))


def test_it_reads_in_network_byte_order_one_after_the_other() -> None:
    reader = Reader(DATA)
    assert (reader.u8(), reader.u16(), reader.u32()) == (1, 0x0203, 0x04050607)
    assert reader.mac() == 0x08090A0B0C0D
    reader.skip(2)
    assert reader.take(3) == b"\x10\x11\x12"
    assert (reader.position, reader.remaining) == (18, 2)


def test_it_stays_within_its_share() -> None:
    reader = Reader(DATA, 4, 6)
    assert reader.remaining == 2
    assert reader.u16() == 0x0506
    assert reader.take(0) == b""
    with pytest.raises(DissectError):
        reader.u8()


@pytest.mark.parametrize(
    "read",
    [
        Reader.u16,
        Reader.u32,
        Reader.mac,
        lambda reader: reader.take(2),
        lambda reader: reader.skip(2),
        lambda reader: reader.take(-1),
        lambda reader: reader.skip(-1),
    ],
)
def test_what_does_not_fit_is_truncated_and_moves_nothing(read: Callable[[Reader], object]) -> None:
    reader = Reader(DATA, 0, 1)
    with pytest.raises(DissectError) as error:
        read(reader)
    assert error.value.reason == "truncated"
    assert reader.u8() == 1


@pytest.mark.parametrize(("start", "end"), [(-1, None), (21, None), (0, 21), (5, 4)])
def test_a_share_outside_the_data_is_truncated(start: int, end: int | None) -> None:
    with pytest.raises(DissectError, match="truncated"):
        Reader(DATA, start, end)

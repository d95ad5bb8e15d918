from __future__ import annotations

import struct

import pytest

from l2exporter.errors import KernelError
from l2exporter.kernel.layouts import Numbers, every_attribute, walk
from tests.kernel.build import NESTED, attr, u32

SIZES = {1: 1, 2: 2, 4: 4, 8: 8}


def data(*values: tuple[int, int]) -> bytes:
    """An attribute for each pair of type and value, in the size that SIZES has for it."""
    return b"".join(attr(kind, value.to_bytes(SIZES[kind], "little")) for kind, value in values)


def test_numbers_of_each_size_in_any_order() -> None:
    numbers = Numbers(SIZES)
    big = 1 << 63
    assert numbers(data((8, big), (1, 200), (4, 1 << 31), (2, 40000))) == {
        8: big,
        1: 200,
        4: 1 << 31,
        2: 40000,
    }


def test_messages_that_look_alike_and_others_between_them() -> None:
    numbers = Numbers(SIZES)
    for value in range(3):
        assert numbers(data((1, value), (4, value))) == {1: value, 4: value}
    assert numbers(data((4, 9), (1, 7))) == {4: 9, 1: 7}, "as long, in another order"
    assert numbers(data((1, 3), (4, 5))) == {1: 3, 4: 5}
    assert numbers(b"") == {}
    assert numbers(data((2, 6))) == {2: 6}
    assert numbers(attr(2 | NESTED, struct.pack("=H", 8))) == {2: 8}


def test_padding_and_types_that_nobody_wants_are_passed_over() -> None:
    numbers = Numbers(SIZES)
    assert numbers(attr(3, b"name\0") + data((1, 1)) + attr(4, u32(2))) == {1: 1, 4: 2}
    odd = bytearray(data((1, 1), (4, 2)))
    odd[5:8] = b"\xff\xff\xff"
    assert numbers(bytes(odd)) == {1: 1, 4: 2}


def test_the_last_of_several_counts() -> None:
    assert Numbers(SIZES)(data((4, 1), (4, 2))) == {4: 2}


@pytest.mark.parametrize("size", [0, 1, 3, 5, 8])
def test_a_number_of_another_size_is_an_error_each_time(size: int) -> None:
    numbers = Numbers(SIZES)
    assert numbers(data((1, 1), (4, 2))) == {1: 1, 4: 2}
    for _ in range(2):
        with pytest.raises(KernelError, match=f"attribute 4 has {size} bytes"):
            numbers(data((1, 1)) + attr(4, bytes(size)))
    assert numbers(data((1, 1), (4, 3))) == {1: 1, 4: 3}


def test_a_lie_is_an_error_each_time_and_the_truth_in_its_place_is_read() -> None:
    numbers = Numbers(SIZES)
    whole = data((1, 1), (4, 2), (2, 3))
    lie = bytearray(whole)
    lie[8:10] = struct.pack("=H", 400)
    for _ in range(2):
        with pytest.raises(KernelError, match="attribute claims 400 of 16 bytes"):
            numbers(bytes(lie))
        assert numbers(whole) == {1: 1, 4: 2, 2: 3}


@pytest.mark.parametrize("length", [0, 3, 9])
def test_a_length_that_cannot_be_is_an_error(length: int) -> None:
    lie = struct.pack("=HH", length, 1) + b"\0\0\0\0"
    with pytest.raises(KernelError, match=f"claims {length} of 8 bytes"):
        every_attribute(attr(5, b"abc") + lie)


@pytest.mark.parametrize("stray", [1, 2, 3])
def test_stray_bytes_are_an_error(stray: int) -> None:
    with pytest.raises(KernelError, match=f"{stray} stray bytes"):
        every_attribute(attr(5, b"abcd") + bytes(stray))


def test_attributes_from_an_offset_on_the_last_without_its_padding() -> None:
    body = b"head" + attr(5 | NESTED, b"abcd") + attr(6, b"e")[:5]
    assert every_attribute(body, 4) == {5: b"abcd", 6: b"e"}
    assert list(walk(body, 4)) == [(5, 8, 12), (6, 16, 17)]

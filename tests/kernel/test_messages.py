from __future__ import annotations

import struct

import pytest

from l2exporter.errors import KernelError
from l2exporter.kernel.messages import Message, attribute, attributes, check, messages
from tests.kernel.build import NESTED, attr, packet

ACK_TLVS, CAPPED = 0x200, 0x100
ERROR, DONE = 2, 3


def test_messages_of_one_datagram_in_order_each_aligned() -> None:
    datagram = packet(16, b"abcde", sequence=4) + packet(DONE, bytes(4), flags=2, sequence=4)
    assert list(messages(datagram)) == [Message(16, 0, 4, b"abcde"), Message(DONE, 2, 4, bytes(4))]


@pytest.mark.parametrize("length", [0, 15, 21, 0xFFFFFFFF])
def test_a_message_length_that_cannot_be_is_an_error(length: int) -> None:
    datagram = struct.pack("=IHHII", length, 16, 0, 0, 0) + b"body"
    with pytest.raises(KernelError, match=f"claims {length} of 20 bytes"):
        list(messages(datagram))


def test_what_is_too_short_for_a_header_is_an_error_after_the_good_messages() -> None:
    walk = messages(packet(16, b"") + b"123")
    assert next(walk).type == 16
    with pytest.raises(KernelError, match="3 stray bytes"):
        next(walk)


def test_attributes_lose_their_flag_bits_and_their_padding() -> None:
    data = b"head" + attr(3, b"eth0\0") + attr(18 | NESTED, attr(1, b"x"))
    assert attributes(data, 4) == {3: b"eth0\0", 18: attr(1, b"x")}


def test_attributes_end_where_they_are_told() -> None:
    data = attr(1, b"aaaa") + attr(2, b"bbbb")
    assert attributes(data, 0, 8) == {1: b"aaaa"}
    assert attributes(data, 0, 999) == {1: b"aaaa", 2: b"bbbb"}


@pytest.mark.parametrize("length", [0, 3, 9, 0xFFFF])
def test_an_attribute_length_that_cannot_be_ends_the_walk(length: int) -> None:
    data = attr(1, b"kept") + struct.pack("=HH", length, 2) + b"lost"
    assert attributes(data) == {1: b"kept"}


def test_a_requests_attribute_reads_back() -> None:
    assert attribute(29, b"12345") == attr(29, b"12345")


@pytest.mark.parametrize("kind", [ERROR, DONE])
def test_status_zero_is_no_error(kind: int) -> None:
    check(Message(kind, 0, 0, bytes(20)))


def test_done_can_carry_an_error_and_the_kernels_sentence() -> None:
    body = struct.pack("=i", -22) + attr(1, b"Unknown attribute\0")
    with pytest.raises(KernelError, match=r"EINVAL \(Invalid argument\): Unknown attribute$"):
        check(Message(DONE, ACK_TLVS, 0, body))


@pytest.mark.parametrize(("flags", "echo"), [(0, b"request!"), (CAPPED, b"")])
def test_the_sentence_stands_behind_the_request_that_an_error_echoes(
    flags: int, echo: bytes
) -> None:
    request = struct.pack("=IHHII", 24, 18, 0, 0, 0) + echo
    body = struct.pack("=i", -1) + request + attr(1, b"No\0")
    with pytest.raises(KernelError, match=r"EPERM \(Operation not permitted\): No$"):
        check(Message(ERROR, flags | ACK_TLVS, 0, body))


def test_a_status_that_is_no_errno_is_still_an_error() -> None:
    with pytest.raises(KernelError, match="error 2147483648"):
        check(Message(ERROR, 0, 0, struct.pack("=i", -(2**31))))


def test_an_end_without_a_status_is_an_error() -> None:
    with pytest.raises(KernelError, match="without its status"):
        check(Message(DONE, 0, 0, b"\0\0"))

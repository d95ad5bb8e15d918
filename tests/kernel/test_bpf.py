from __future__ import annotations

import socket
import struct

import pytest

from l2exporter.kernel import bpf
from l2exporter.kernel.bpf import JUMP_EQUAL, LOAD_HALF, RETURN, Line, assemble
from tests.capture.sieve import Sieve


def test_jumps_go_to_the_lines_behind_their_labels() -> None:
    text: list[Line | str] = [
        Line(LOAD_HALF, 12),
        Line(JUMP_EQUAL, 0x0806, "accept"),
        Line(JUMP_EQUAL, 0x0800, None, "reject"),
        Line(JUMP_EQUAL, 1, "reject", "accept"),
        "reject",
        Line(RETURN),
        "accept",
        Line(RETURN, 60),
    ]
    assert assemble(text) == [
        (LOAD_HALF, 0, 0, 12),
        (JUMP_EQUAL, 3, 0, 0x0806),
        (JUMP_EQUAL, 0, 1, 0x0800),
        (JUMP_EQUAL, 0, 1, 1),
        (RETURN, 0, 0, 0),
        (RETURN, 0, 0, 60),
    ]


def test_a_label_that_is_not_there_is_an_error() -> None:
    with pytest.raises(KeyError, match="nowhere"):
        assemble([Line(JUMP_EQUAL, 0, "nowhere")])


def test_a_jump_backwards_or_too_far_never_reaches_the_kernel() -> None:
    back = assemble(["start", Line(LOAD_HALF, 12), Line(JUMP_EQUAL, 0, "start")])
    far = assemble([Line(JUMP_EQUAL, 0, "end"), *[Line(LOAD_HALF)] * 256, "end", Line(RETURN)])
    for program in (back, far):
        with (
            socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock,
            pytest.raises(struct.error),
        ):
            bpf.attach(sock, program)


def test_the_length_of_an_ipv4_header_is_that_of_its_words() -> None:
    program = assemble(
        [
            Line(bpf.LOAD_X_HEADER, 0),
            Line(bpf.LOAD_HALF_BEHIND, 2),
            Line(JUMP_EQUAL, 0x1234, None, "reject"),
            Line(RETURN, 1),
            "reject",
            Line(RETURN, 0),
        ]
    )
    sieve = Sieve(program)
    passed = [sieve(bytes([0x40 | words]) + bytes(21) + b"\x12\x34") for words in range(4, 7)]
    sieve.close()
    assert passed == [None, b"E", None]

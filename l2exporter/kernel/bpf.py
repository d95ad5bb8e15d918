"""Classic BPF: programs that judge frames or messages in the kernel (linux/bpf_common.h)."""

from __future__ import annotations

import ctypes
import socket
import struct
from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

LOAD_WORD: Final = 0x20  # BPF_LD | BPF_W | BPF_ABS
LOAD_HALF: Final = 0x28  # BPF_LD | BPF_H | BPF_ABS
LOAD_BYTE: Final = 0x30  # BPF_LD | BPF_B | BPF_ABS
LOAD_WORD_BEHIND: Final = 0x40  # BPF_LD | BPF_W | BPF_IND: at X + constant
LOAD_HALF_BEHIND: Final = 0x48  # BPF_LD | BPF_H | BPF_IND
LOAD_X: Final = 0x01  # BPF_LDX | BPF_W | BPF_IMM
LOAD_X_HEADER: Final = 0xB1  # BPF_LDX | BPF_B | BPF_MSH: 4 * (byte & 15), an IPv4 header's length
AND: Final = 0x54  # BPF_ALU | BPF_AND | BPF_K
JUMP_EQUAL: Final = 0x15  # BPF_JMP | BPF_JEQ | BPF_K
JUMP_ABOVE: Final = 0x25  # BPF_JMP | BPF_JGT | BPF_K
JUMP_AT_LEAST: Final = 0x35  # BPF_JMP | BPF_JGE | BPF_K
JUMP_SET: Final = 0x45  # BPF_JMP | BPF_JSET | BPF_K
RETURN: Final = 0x06  # BPF_RET | BPF_K

PACKET_TYPE: Final = 0xFFFFF004
"""Where to load a frame's packet type from: SKF_AD_OFF + SKF_AD_PKTTYPE (linux/filter.h)."""

_SO_ATTACH_FILTER = 26  # asm-generic/socket.h

Program = Sequence[tuple[int, int, int, int]]
"""struct sock_filter each (linux/filter.h): code, jump if true, jump if false, constant."""


class Line(NamedTuple):
    """An instruction; a jump names the labels to go on at, or none for the next line."""

    code: int
    constant: int = 0
    true: str | None = None
    false: str | None = None


def assemble(text: Iterable[Line | str]) -> Program:
    """Make a program of lines, and of labels that each name the line behind it.

    Jumps go forward, over at most 255 lines. KeyError for a label that is not there.
    """
    lines: list[Line] = []
    places: dict[str, int] = {}
    for line in text:
        if isinstance(line, str):
            places[line] = len(lines)
        else:
            lines.append(line)

    def distance(place: int, label: str | None) -> int:
        return 0 if label is None else places[label] - place - 1

    return [
        (line.code, distance(place, line.true), distance(place, line.false), line.constant)
        for place, line in enumerate(lines)
    ]


def attach(sock: socket.socket, program: Program) -> None:
    """Let `program` judge all that `sock` receives; OSError when the kernel refuses it."""
    code = b"".join(struct.pack("HBBI", *instruction) for instruction in program)
    # The kernel copies the program during the call.
    buffer = ctypes.create_string_buffer(code)
    fprog = struct.pack("HP", len(program), ctypes.addressof(buffer))
    sock.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_FILTER, fprog)

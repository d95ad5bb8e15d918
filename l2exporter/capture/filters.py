"""Classic BPF programs (linux/filter.h, linux/bpf_common.h) that choose frames in the kernel."""

from __future__ import annotations

import ctypes
import socket
import struct
from typing import Final

_SO_ATTACH_FILTER = 26  # asm-generic/socket.h

_LOAD_HALF = 0x28  # BPF_LD | BPF_H | BPF_ABS
_JUMP_EQUAL = 0x15  # BPF_JMP | BPF_JEQ | BPF_K
_RETURN = 0x06  # BPF_RET | BPF_K

ETHERTYPE_ARP: Final = 0x0806
TPIDS: Final = (0x8100, 0x88A8, 0x9100)
_TYPE_OFFSETS = (12, 16, 20)

Program = list[tuple[int, int, int, int]]


def arp(snaplen: int) -> Program:
    """ARP, behind up to two VLAN tags that are still in the frame; `snaplen` bytes of it.

    One block for each place where the ethertype may be: load it, take ARP, go on after a tag.
    """
    program: Program = []
    block = 2 + len(TPIDS) + 1
    accept = block * len(_TYPE_OFFSETS) + 1
    for offset in _TYPE_OFFSETS:
        end = len(program) + block
        program.append((_LOAD_HALF, 0, 0, offset))
        program.append((_JUMP_EQUAL, accept - len(program) - 1, 0, ETHERTYPE_ARP))
        for tpid in TPIDS:
            program.append((_JUMP_EQUAL, end - len(program) - 1, 0, tpid))
        program.append((_RETURN, 0, 0, 0))
    program.append((_RETURN, 0, 0, 0))
    program.append((_RETURN, 0, 0, snaplen))
    return program


def attach(sock: socket.socket, program: Program) -> None:
    """Attach `program` to a socket that is not bound yet; OSError when the kernel refuses it."""
    code = b"".join(struct.pack("HBBI", *instruction) for instruction in program)
    buffer = ctypes.create_string_buffer(code)
    fprog = struct.pack("HL", len(program), ctypes.addressof(buffer))
    sock.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_FILTER, fprog)

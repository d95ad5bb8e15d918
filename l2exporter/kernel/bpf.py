"""Classic BPF: programs that judge frames or messages in the kernel (linux/bpf_common.h)."""

from __future__ import annotations

import ctypes
import socket
import struct
from collections.abc import Sequence
from typing import Final

LOAD_WORD: Final = 0x20  # BPF_LD | BPF_W | BPF_ABS
LOAD_HALF: Final = 0x28  # BPF_LD | BPF_H | BPF_ABS
LOAD_BYTE: Final = 0x30  # BPF_LD | BPF_B | BPF_ABS
JUMP_EQUAL: Final = 0x15  # BPF_JMP | BPF_JEQ | BPF_K
JUMP_SET: Final = 0x45  # BPF_JMP | BPF_JSET | BPF_K
RETURN: Final = 0x06  # BPF_RET | BPF_K

PACKET_TYPE: Final = 0xFFFFF004
"""Where to load a frame's packet type from: SKF_AD_OFF + SKF_AD_PKTTYPE (linux/filter.h)."""

_SO_ATTACH_FILTER = 26  # asm-generic/socket.h

Program = Sequence[tuple[int, int, int, int]]
"""struct sock_filter each (linux/filter.h): code, jump if true, jump if false, constant."""


def attach(sock: socket.socket, program: Program) -> None:
    """Let `program` judge all that `sock` receives; OSError when the kernel refuses it."""
    code = b"".join(struct.pack("HBBI", *instruction) for instruction in program)
    # The kernel copies the program during the call.
    buffer = ctypes.create_string_buffer(code)
    fprog = struct.pack("HP", len(program), ctypes.addressof(buffer))
    sock.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_FILTER, fprog)

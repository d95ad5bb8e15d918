"""Run as a program: what FdbFeed says where seccomp refuses netlink sockets, as containers may.

As `RestrictAddressFamilies=` of systemd does, but for one family. Layouts: linux/seccomp.h,
linux/filter.h.
"""

from __future__ import annotations

import ctypes
import errno
import platform
import struct
import sys

from l2exporter.errors import KernelError
from l2exporter.kernel.bpf import JUMP_EQUAL, RETURN
from l2exporter.kernel.fdb_feed import FdbFeed

AF_NETLINK = 16
LOAD_WORD = 0x20
SOCKET = {"x86_64": 41, "aarch64": 198}[platform.machine()]
NUMBER, FIRST_ARGUMENT = 0, 16  # offsets in struct seccomp_data
ALLOW, REFUSE = 0x7FFF0000, 0x00050000 | errno.EACCES
PR_SET_SECCOMP, PR_SET_NO_NEW_PRIVS, SECCOMP_MODE_FILTER = 22, 38, 2

PROGRAM = (
    (LOAD_WORD, 0, 0, NUMBER),
    (JUMP_EQUAL, 0, 3, SOCKET),
    (LOAD_WORD, 0, 0, FIRST_ARGUMENT),
    (JUMP_EQUAL, 0, 1, AF_NETLINK),
    (RETURN, 0, 0, REFUSE),
    (RETURN, 0, 0, ALLOW),
)


def refuse_netlink() -> None:
    code = b"".join(struct.pack("HBBI", *instruction) for instruction in PROGRAM)
    buffer = ctypes.create_string_buffer(code)
    fprog = struct.pack("HP", len(PROGRAM), ctypes.addressof(buffer))
    libc = ctypes.CDLL(None, use_errno=True)
    for arguments in (
        (PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0),
        (PR_SET_SECCOMP, SECCOMP_MODE_FILTER, fprog),
    ):
        if libc.prctl(*arguments):
            raise OSError(ctypes.get_errno(), "prctl")


if __name__ == "__main__":
    refuse_netlink()
    try:
        FdbFeed()
    except KernelError as error:
        sys.stdout.write(f"KernelError: {error}")

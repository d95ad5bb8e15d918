"""Give up every capability but CAP_NET_RAW once the sockets are open (capabilities(7))."""

from __future__ import annotations

import ctypes
import os
import struct
from typing import Final

CAP_NET_RAW: Final = 13  # linux/capability.h
_VERSION_3: Final = 0x20080522
_PR_SET_NO_NEW_PRIVS: Final = 38  # linux/prctl.h


def held() -> int:
    """Return the effective capabilities of this thread as a bit mask; 0 if /proc cannot tell."""
    try:
        with open("/proc/thread-self/status", encoding="ascii") as status:
            for line in status:
                if line.startswith("CapEff:"):
                    return int(line.split()[1], 16)
    except OSError:
        pass
    return 0


def has_net_raw() -> bool:
    """Tell whether AF_PACKET sockets may be opened."""
    return bool(held() >> CAP_NET_RAW & 1)


def drop() -> None:
    """Keep CAP_NET_RAW (devices may still appear) if it is held, drop the rest for good.

    For the calling thread and those it starts later: call it before there are any. The user
    stays: a configuration file that root may read must be readable at the next reload.
    OSError when the kernel refuses.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    keep = held() & 1 << CAP_NET_RAW
    header = struct.pack("Ii", _VERSION_3, 0)
    # struct __user_cap_data_struct[2]: effective, permitted, inheritable; low bits, then high
    data = struct.pack("IIIIII", keep, keep, 0, 0, 0, 0)
    for result in (
        libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0),
        libc.capset(header, data),
    ):
        if result:
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number))

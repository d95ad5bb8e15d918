"""Give up every capability but CAP_NET_RAW once the sockets are open (capabilities(7))."""

from __future__ import annotations

import ctypes
import logging
import os
import struct
from collections.abc import Callable
from typing import Final

CAP_NET_RAW: Final = 13  # linux/capability.h
_VERSION_3: Final = 0x20080522
_PR_SET_NO_NEW_PRIVS: Final = 38  # linux/prctl.h

log = logging.getLogger(__name__)

_libc = ctypes.CDLL(None, use_errno=True)


def _mask(field: str) -> int:
    """Return a capability set of this thread as bits; 0 if /proc cannot tell."""
    try:
        with open("/proc/thread-self/status", encoding="ascii") as status:
            for line in status:
                if line.startswith(field):
                    return int(line.split()[1], 16)
    except OSError:
        pass
    return 0


def has_net_raw() -> bool:
    """Tell whether AF_PACKET sockets may be opened."""
    return bool(_mask("CapEff:") >> CAP_NET_RAW & 1)


def claim() -> None:
    """Make CAP_NET_RAW effective if it is permitted.

    A file capability without the effective bit (`cap_net_raw+p`) leaves that to the program: with
    the bit, the kernel would refuse to start it where the capability cannot be had. OSError when
    the kernel refuses.
    """
    permitted = _mask("CapPrm:")
    if permitted >> CAP_NET_RAW & 1 and not has_net_raw():
        _set(_mask("CapEff:") | 1 << CAP_NET_RAW, permitted)


def drop() -> None:
    """Keep CAP_NET_RAW (devices may still appear) if it is held, drop the rest for good.

    For the calling thread and those it starts later: call it before there are any. The user
    stays, so that its files can be read at the next reload. OSError when the kernel refuses.
    """
    keep = _mask("CapEff:") & 1 << CAP_NET_RAW
    _check(_libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
    _set(keep, keep)


def attempt(change: Callable[[], None]) -> None:
    """Do `claim` or `drop`; where the kernel refuses, as under seccomp, a log line is the cost."""
    try:
        change()
    except OSError as error:
        log.warning("privileges stay as they are (%s): %s", change.__name__, error.strerror)


def _set(effective: int, permitted: int) -> None:
    """Set this thread's capability sets; inheritable is emptied."""
    header = struct.pack("Ii", _VERSION_3, 0)
    # struct __user_cap_data_struct[2]: effective, permitted, inheritable; low bits, then high
    data = [bits >> shift & 0xFFFF_FFFF for shift in (0, 32) for bits in (effective, permitted, 0)]
    _check(_libc.capset(header, struct.pack("6I", *data)))


def _check(result: int) -> None:
    if result:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))

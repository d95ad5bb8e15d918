"""Netlink sockets, and what goes through them a datagram at a time (linux/netlink.h)."""

from __future__ import annotations

import errno
import socket
from contextlib import suppress
from typing import Final

from ..errors import KernelError, Overrun

AT_ONCE: Final = int(socket.MSG_DONTWAIT)

_DATAGRAMS_TO_DISCARD = 1 << 20
"""Bound of dropping what waits: several times what a buffer of a hundred megabytes holds."""

# Plain numbers: what Python does for its own flags would be a quarter of the cost of an event.
_TRUNCATED = int(socket.MSG_TRUNC)

_DATAGRAM_BYTES = 1 << 16  # the kernel builds dumps in 32 KiB at most
_SOL_NETLINK = 270
_NETLINK_EXT_ACK = 11
_NETLINK_GET_STRICT_CHK = 12


def open_socket(groups: int) -> socket.socket:
    """An rtnetlink socket that hears the events of `groups` (RTMGRP_*); KernelError."""
    try:
        kind = socket.SOCK_RAW | socket.SOCK_CLOEXEC
        opened = socket.socket(socket.AF_NETLINK, kind, socket.NETLINK_ROUTE)
    except OSError as error:
        raise KernelError(f"netlink: cannot open a socket: {error.strerror}") from error
    for option in (_NETLINK_EXT_ACK, _NETLINK_GET_STRICT_CHK):
        with suppress(OSError):  # Linux before 4.12 and 4.20: terser errors, fuller dumps
            opened.setsockopt(_SOL_NETLINK, option, 1)
    try:
        opened.bind((0, groups))
    except OSError as error:
        opened.close()
        raise KernelError(f"netlink: cannot hear events: {error.strerror}") from error
    return opened


def send(target: socket.socket, request: bytes) -> None:
    """Send the kernel a request; KernelError."""
    try:
        target.sendto(request, (0, 0))
    except OSError as error:
        raise KernelError(f"netlink: cannot send a request: {error.strerror}") from error


def receive(source: socket.socket, flags: int = 0) -> bytes | None:
    """One datagram; empty when another process sent it, None when there is none; KernelError."""
    try:
        datagram, _, received, (sender, _) = source.recvmsg(_DATAGRAM_BYTES, 0, flags)
    except BlockingIOError:
        return None
    except OSError as error:
        if error.errno == errno.ENOBUFS:
            raise Overrun("netlink: the kernel dropped events for want of buffer") from error
        raise KernelError(f"netlink: cannot receive: {error.strerror}") from error
    if received & _TRUNCATED:
        raise KernelError(f"netlink: a datagram is longer than {_DATAGRAM_BYTES} bytes")
    return datagram if sender == 0 else b""


def discard(source: socket.socket) -> None:
    """Drop all that waits."""
    for _ in range(_DATAGRAMS_TO_DISCARD):
        with suppress(Overrun):
            if receive(source, AT_ONCE) is None:
                return

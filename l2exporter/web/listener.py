"""Listening sockets: one address each, and no wider than the address says."""

from __future__ import annotations

import socket
import time
from typing import TYPE_CHECKING

from .. import limits
from ..errors import StartError
from .addresses import EVERYWHERE, format_address

if TYPE_CHECKING:
    from collections.abc import Callable

Place = tuple[socket.AddressFamily, tuple[str | int | bytes, ...]]


class Listener(socket.socket):
    """A listening TCP socket whose `accept` tells of one kind of failure only, TimeoutError.

    Anything else (no file descriptor or memory left, above all) leaves the connection in the
    kernel's queue, so that whoever polls for it would spin: `make_room` ends another connection,
    and if there is none to end, the thread pauses.
    """

    make_room: Callable[[], bool] | None = None

    def accept(self) -> tuple[socket.socket, object]:
        """The next connection and its peer's address."""
        try:
            return super().accept()
        except (TimeoutError, BlockingIOError) as error:
            raise TimeoutError from error
        except OSError as error:
            if self.make_room is None or not self.make_room():
                time.sleep(limits.HTTP_ACCEPT_PAUSE_SECONDS)
            raise TimeoutError from error


def listen(host: str, port: int) -> Listener:
    """A socket that listens on the address as `parse_listen_address` gives it.

    EVERYWHERE is IPv6 and IPv4 on one socket, or IPv4 where the kernel has no IPv6; `::` is IPv6
    alone. Of a name's addresses the first is taken, IPv4 before IPv6, as Go's servers do. Raises
    StartError.
    """
    try:
        family, place = _place(host, port)
        return _bind(family, place, only_ipv6=host != EVERYWHERE)
    except OSError as error:
        problem = error.strerror or str(error)
        raise StartError(f"cannot listen on {format_address(host, port)}: {problem}") from error


def _bind(
    family: socket.AddressFamily, place: tuple[str | int | bytes, ...], only_ipv6: bool
) -> Listener:
    listener = Listener(family, socket.SOCK_STREAM)
    try:
        # Connections of a former run in TIME_WAIT do not keep the port from the next.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if family == socket.AF_INET6:
            listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, int(only_ipv6))
        listener.bind(place)
        listener.listen(limits.HTTP_BACKLOG)
    except OSError:
        listener.close()
        raise
    return listener


def _place(host: str, port: int) -> Place:
    if host == EVERYWHERE:
        host = "::" if _has_ipv6() else "0.0.0.0"  # noqa: S104  # what `:10806` asks for
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    family, _, _, _, place = min(found, key=lambda info: info[0] != socket.AF_INET)
    return family, place


def _has_ipv6() -> bool:
    try:
        socket.socket(socket.AF_INET6, socket.SOCK_STREAM).close()
    except OSError:
        return False
    return True

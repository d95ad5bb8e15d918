"""One client's connection, such that no client can hold a worker thread.

cheroot gives a connection to a worker as soon as its first byte is there and lets the worker
wait for each further byte; so a client that sends a byte every few seconds holds a worker for
good. Here a request goes to a worker when it has arrived whole, and reading never waits. Writing
may: for a bounded time, and not on all workers at once.
"""

from __future__ import annotations

import contextlib
import errno
import re
import select
import socket
import time
from typing import TYPE_CHECKING

from cheroot.server import HTTPConnection, HTTPRequest

from .. import limits

if TYPE_CHECKING:
    from .waiting import Waiting

_BLANK_LINE = re.compile(rb"\n\r?\n")

_BUSY = b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


class RequestReader:
    """What has arrived of a connection's requests, at most one head too many.

    Has what cheroot asks of a file to read from; `read` and `readline` find its end where the
    arrived bytes end.
    """

    bytes_read = 0
    closed = False

    def __init__(self, sock: socket.socket) -> None:
        self._socket = sock
        self._arrived = bytearray()
        self._ended = False

    @property
    def empty(self) -> bool:
        """Whether nothing has arrived that was not read yet."""
        return not self._arrived

    def fill(self) -> bool:
        """Take what has arrived; whether that ends the wait: a head, too long a one, or the end."""
        while not self._ended and not self._full:
            try:
                data = self._socket.recv(limits.HTTP_HEAD_BYTES + 1 - len(self._arrived))
            except BlockingIOError:
                break
            except OSError:
                data = b""
            self._ended = not data
            self._arrived += data
        return self._ended or self.has_data()

    def has_data(self) -> bool:
        """Whether a head can be read: to its blank line, or to where it is too long."""
        return self._full or _BLANK_LINE.search(self._arrived) is not None

    def readline(self, size: int = -1) -> bytes:
        """Up to `size` bytes, or to the line's end, or to the end of what has arrived."""
        end = self._arrived.find(b"\n") + 1 or len(self._arrived)
        return self.read(end if size < 0 else min(end, size))

    def read(self, size: int | None = None) -> bytes:
        """Up to `size` bytes of what has arrived."""
        data = bytes(self._arrived[:size])
        del self._arrived[:size]
        self.bytes_read += len(data)
        return data

    def close(self) -> None:
        """Forget what was not read."""
        self._arrived.clear()
        self.closed = True

    @property
    def _full(self) -> bool:
        return len(self._arrived) > limits.HTTP_HEAD_BYTES


class ResponseWriter:
    """Writes a connection's answers; has what cheroot asks of a file to write to."""

    bytes_written = 0

    def __init__(self, connection: Connection, slow: Waiting) -> None:
        self._connection = connection
        self._slow = slow

    def write(self, data: bytes) -> None:
        """Send all of `data`, or raise an OSError: the client is gone, or does not read."""
        rest = self._send(memoryview(data))
        if rest:
            self._slow.add(self._connection)
            try:
                self._send_slowly(rest)
            finally:
                self._slow.discard(self._connection)
        self.bytes_written += len(data)

    def _send_slowly(self, rest: memoryview) -> None:
        end = time.monotonic() + limits.HTTP_ANSWER_SECONDS
        poll = select.poll()
        poll.register(self._connection.socket, select.POLLOUT)
        while rest:
            if not poll.poll(max(0.0, end - time.monotonic()) * 1000):
                raise ConnectionAbortedError(errno.ECONNABORTED, "the client does not read")
            rest = self._send(rest)

    def _send(self, data: memoryview) -> memoryview:
        try:
            return data[self._connection.socket.send(data) :]
        except BlockingIOError:
            return data


class Request(HTTPRequest):
    """A request without a body; one that has a body is refused before it is read."""

    def parse_request(self) -> None:
        """As cheroot's; what its parser did not foresee is the client's fault, too."""
        try:
            super().parse_request()
        except (ValueError, LookupError, NameError):
            self.simple_response("400 Bad Request", "Malformed request")

    def read_request_headers(self) -> bool:
        """Whether the headers are such that the request can be answered."""
        if not super().read_request_headers():  # type: ignore[no-untyped-call]  # cheroot's stubs
            return False
        length = self.inheaders.get(b"Content-Length", b"0")
        if length == b"0" and b"Transfer-Encoding" not in self.inheaders:
            return True
        self.simple_response("413 Request Entity Too Large", "A request here has no body")
        return False


class Connection(HTTPConnection):
    """A connection to `server`, which has `readers` and `writers`: the waits for either."""

    RequestHandlerClass = Request
    rfile: RequestReader

    def __init__(self, server: object, sock: socket.socket, _makefile: object = None) -> None:
        sock.setblocking(False)
        super().__init__(server, sock, self._file)
        self._since = 0.0
        self._arriving = False

    @property
    def last_used(self) -> float:
        """Since when the server waits: for a request's first byte, or from there for the rest."""
        return self._since

    @last_used.setter
    def last_used(self, now: float) -> None:
        if not self._arriving:
            self._since = now
        self._arriving = not self.rfile.empty

    def communicate(self) -> bool:
        """Answer one request; whether the connection is kept for the next."""
        keep = self.server.ready and super().communicate()  # type: ignore[no-untyped-call]  # as above
        return bool(keep)

    def refuse(self) -> None:
        """Say that the server is busy, as far as that takes no time, and close."""
        with contextlib.suppress(OSError):
            self.socket.send(_BUSY)
        self.close()

    def hang_up(self) -> None:
        """End the connection from another thread, which leaves closing to its owner."""
        with contextlib.suppress(OSError):
            self.socket.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Close it; once more does no harm."""
        self.server.readers.discard(self)
        with contextlib.suppress(OSError):
            super().close()
        self.socket.close()

    def _file(
        self, sock: socket.socket, mode: str, _buffer: int = 0
    ) -> RequestReader | ResponseWriter:
        return RequestReader(sock) if "r" in mode else ResponseWriter(self, self.server.writers)

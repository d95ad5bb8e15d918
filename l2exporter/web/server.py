"""The HTTP server: cheroot's, bounded where a client could wear it out."""

from __future__ import annotations

import contextlib
import logging
import os
import queue
import socket
import sys
import threading
import time
from typing import TYPE_CHECKING

from cheroot.wsgi import Server

from .. import limits
from ..errors import StartError
from .connection import Connection
from .listener import Listener, listen
from .waiting import Waiting

if TYPE_CHECKING:
    from collections.abc import Sequence
    from wsgiref.types import WSGIApplication

_NAME = "l2exporter"

_log = logging.getLogger(__name__)


class WebServer:
    """Serves a WSGI application on all of `addresses`, each as `parse_listen_address` gives it.

    Once made it listens: connections wait in the kernel until `start`. Raises StartError if one
    of the addresses cannot be had, and then listens on none.
    """

    def __init__(self, application: WSGIApplication, addresses: Sequence[tuple[str, int]]) -> None:
        # We listen where our flag says, not on what systemd passed: cheroot would take it.
        os.environ.pop("LISTEN_PID", None)
        self._servers: list[_AddressServer] = []
        try:
            for host, port in addresses:
                self._servers.append(_AddressServer(application, listen(host, port)))
        except StartError:
            self.stop()
            raise

    @property
    def bound(self) -> list[tuple[str, int]]:
        """The addresses that it listens on, in the order given, with the ports that they got."""
        return [server.bind_addr for server in self._servers]

    def start(self) -> None:
        """Serve, in threads of its own. Raises StartError if there can be no more of them."""
        for server in self._servers:
            server.start_threads()

    def stop(self) -> None:
        """Stop listening and serving; open connections are closed, answered or not.

        A scrape that is still being collected after HTTP_STOP_SECONDS is abandoned to its
        thread, which does not keep the process from ending.
        """
        for server in self._servers:
            server.hang_up()
        threads = [threading.Thread(target=server.stop, daemon=True) for server in self._servers]
        for thread in threads:
            thread.start()
        end = time.monotonic() + limits.HTTP_STOP_SECONDS
        for thread in threads:
            thread.join(max(0.0, end - time.monotonic()))


class _AddressServer(Server):
    """cheroot's server on one listening socket."""

    ConnectionClass = Connection
    max_request_header_size = limits.HTTP_HEAD_BYTES
    keep_alive_conn_limit = limits.HTTP_WAITING
    expiration_interval = 0.5

    def __init__(self, application: WSGIApplication, listener: Listener) -> None:
        super().__init__(
            listener.getsockname()[:2],
            application,
            numthreads=limits.HTTP_THREADS,
            max=limits.HTTP_THREADS,
            server_name=_NAME,
            request_queue_size=limits.HTTP_BACKLOG,
            timeout=limits.HTTP_REQUEST_SECONDS,
            accepted_queue_size=limits.HTTP_QUEUE,
            accepted_queue_timeout=0,
        )
        self.readers = Waiting(limits.HTTP_WAITING)
        self.writers = Waiting(limits.HTTP_SLOW_READERS)
        self._listener = listener
        listener.make_room = self.readers.end_longest
        self._prepared = threading.Event()
        self._failure: Exception | None = None

    def start_threads(self) -> None:
        """Serve, in daemon threads: cheroot's workers are what the thread is that makes them."""
        try:
            threading.Thread(target=self._run, name="web", daemon=True).start()
        except RuntimeError as error:
            raise StartError(f"cannot serve: {error}") from error
        self._prepared.wait()
        if self._failure is not None:
            raise StartError(f"cannot serve: {self._failure}") from self._failure

    def _run(self) -> None:
        try:
            self.prepare()
        except (OSError, RuntimeError) as error:
            self._failure = error
            return
        finally:
            self._prepared.set()
        self.serve()

    def bind(self, _family: int, _type: int, _proto: int = 0) -> Listener:
        """What cheroot's `prepare` listens on: the socket that is already bound."""
        self.socket = self._listener
        return self._listener

    def process_conn(self, conn: Connection) -> None:
        """Give a connection from which something came to a worker, if that is a whole request."""
        if not conn.rfile.fill():
            self.put_conn(conn)
            return
        self.readers.discard(conn)
        if not conn.rfile.has_data():  # it ended before a request was whole
            conn.close()
            return
        try:
            self.requests.put(conn)
        except queue.Full:
            conn.refuse()

    def put_conn(self, conn: Connection) -> None:
        """Let a connection wait for its next request, or for the rest of it."""
        self.readers.add(conn)
        try:
            super().put_conn(conn)
        except (OSError, ValueError, LookupError):  # the server stopped in between
            conn.close()

    def error_log(self, msg: str = "", level: int = logging.INFO, traceback: bool = False) -> None:
        """cheroot's own messages: most are about clients, none is worth a traceback."""
        problem = f": {sys.exc_info()[1]!r}" if traceback else ""
        _log.log(logging.WARNING if level >= logging.ERROR else logging.DEBUG, "%s%s", msg, problem)

    def hang_up(self) -> None:
        """Stop listening and end all waits, which also wakes the threads that `stop` waits for."""
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self.readers.end_all()
        self.writers.end_all()

    def stop(self) -> None:
        """Let the threads end, and close what is open."""
        super().stop()
        self._listener.close()

"""Reaching a namespace's loopback device from outside: a small TCP forwarder."""

from __future__ import annotations

import selectors
import socket
import threading
from contextlib import suppress
from typing import Self

from tests.lab.namespace import Namespace
from tests.lab.server import HOST

CONNECTIONS = 16
"""At the same time; more wait in the listener's queue."""

SECONDS = 30.0
"""Without a byte in either direction, before a connection is given up."""

_CHUNK = 65_536


class Forward:
    """`with Forward(namespace, 10806) as forward:` listens on 127.0.0.1:`forward.port`.

    What connects there is connected to the same address, at the given port, inside the namespace;
    where nobody listens there, the connection is closed at once.
    """

    def __init__(self, namespace: Namespace, port: int) -> None:
        self._namespace = namespace
        self._target = port
        self._places = threading.Semaphore(CONNECTIONS)
        self._lock = threading.Lock()
        self._open: dict[threading.Thread, socket.socket] = {}

    def __enter__(self) -> Self:
        self._listener = socket.create_server((HOST, 0))
        self.port: int = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._accept)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        _shut(self._listener)
        with self._lock:
            serving = dict(self._open)
        for client in serving.values():
            _shut(client)
        self._thread.join()
        for thread in serving:
            thread.join()
        self._listener.close()

    @property
    def address(self) -> str:
        """HOST:PORT to connect to."""
        return f"{HOST}:{self.port}"

    def _accept(self) -> None:
        while True:
            self._places.acquire()
            try:
                client, _ = self._listener.accept()
            except OSError:
                return  # the listener was shut
            thread = threading.Thread(target=self._serve, args=(client,))
            with self._lock:
                self._open[thread] = client
            thread.start()

    def _serve(self, client: socket.socket) -> None:
        with client, suppress(OSError):  # whoever connected sees its end
            with self._namespace.entered():
                server = socket.create_connection((HOST, self._target), 5)
            with server:
                _shuttle(client, server)
        with self._lock:
            del self._open[threading.current_thread()]
        self._places.release()


def _shuttle(client: socket.socket, server: socket.socket) -> None:
    """Carry bytes both ways until either side has said all."""
    for one in (client, server):
        one.settimeout(SECONDS)
    with selectors.DefaultSelector() as selector:
        selector.register(client, selectors.EVENT_READ, server)
        selector.register(server, selectors.EVENT_READ, client)
        while ready := selector.select(SECONDS):
            for key, _ in ready:
                chunk = key.fileobj.recv(_CHUNK)  # type: ignore[union-attr]
                if not chunk:
                    return
                key.data.sendall(chunk)


def _shut(one: socket.socket) -> None:
    with suppress(OSError):  # the other side was first
        one.shutdown(socket.SHUT_RDWR)

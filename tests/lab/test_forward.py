from __future__ import annotations

import socket
import threading

import pytest

from tests.lab.forward import CONNECTIONS, Forward
from tests.lab.namespace import Namespace
from tests.lab.server import HOST

pytestmark = pytest.mark.root
SIZE = 300_000


def everything(sock: socket.socket) -> bytes:
    return b"".join(iter(lambda: sock.recv(65_536), b""))


def answer(listener: socket.socket) -> None:
    """Take a question of one line, answer it and SIZE bytes, and close."""
    connection, _ = listener.accept()
    with connection:
        asked = connection.makefile("rb").readline()
        connection.sendall(asked + bytes(SIZE))


def test_what_connects_outside_is_answered_inside() -> None:
    with Namespace() as there:
        with there.entered():
            listener = socket.create_server((HOST, 0))
        port = listener.getsockname()[1]
        thread = threading.Thread(target=answer, args=(listener,))
        thread.start()
        with listener, Forward(there, port) as forward:
            with socket.create_connection((HOST, forward.port), 20) as client:
                client.sendall(b"who is there\n")
                assert everything(client) == b"who is there\n" + bytes(SIZE)
            thread.join()


def test_where_nobody_listens_the_connection_ends_and_the_next_one_is_taken() -> None:
    with Namespace() as there, Forward(there, 1) as forward:
        for _ in range(CONNECTIONS + 2):
            with socket.create_connection((HOST, forward.port), 20) as client:
                assert everything(client) == b""


def test_its_end_ends_what_is_open() -> None:
    with Namespace() as there:
        with there.entered():
            listener = socket.create_server((HOST, 0))
        with listener:
            with Forward(there, listener.getsockname()[1]) as forward:
                client = socket.create_connection((HOST, forward.port), 20)
                connection, _ = listener.accept()
            with client, connection:
                assert client.recv(1) == b""
                assert connection.recv(1) == b""

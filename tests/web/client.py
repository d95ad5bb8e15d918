"""Clients, well-behaved and not, on real sockets."""

from __future__ import annotations

import http.client
import socket
from collections.abc import Mapping
from dataclasses import dataclass

Address = tuple[str, int]

PATIENCE = 10.0
"""Seconds until a test gives up on an answer."""


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: http.client.HTTPMessage
    body: bytes


def request(
    address: Address,
    path: str = "/metrics",
    method: str = "GET",
    headers: Mapping[str, str] | None = None,
) -> Answer:
    connection = http.client.HTTPConnection(*address, timeout=PATIENCE)
    try:
        connection.request(method, path, headers=headers or {})
        response = connection.getresponse()
        return Answer(response.status, response.headers, response.read())
    finally:
        connection.close()


def connect(address: Address, data: bytes = b"") -> socket.socket:
    client = socket.create_connection(address, timeout=PATIENCE)
    client.sendall(data)
    return client


def read_to_end(client: socket.socket) -> bytes:
    """All that the server sends until it closes; a reset is an end, too."""
    answer = b""
    try:
        while data := client.recv(65536):
            answer += data
    except ConnectionResetError:
        pass
    return answer


def exchange(address: Address, data: bytes) -> bytes:
    """Send `data` and nothing more; what comes back until the server closes."""
    with connect(address) as client:
        try:
            client.sendall(data)
            client.shutdown(socket.SHUT_WR)
        except OSError:  # the server has closed already, as it may
            pass
        return read_to_end(client)

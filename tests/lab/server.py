"""A program that serves HTTP on a free port of the loopback device while a block lasts."""

from __future__ import annotations

import http.client
import json
import socket
import subprocess
import tempfile
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlencode

from tests.lab.namespace import stop
from tests.lab.wait import wait_until

HOST = "127.0.0.1"


def free_port() -> int:
    """A TCP port of the loopback device that nobody listens on now."""
    with socket.create_server((HOST, 0)) as probe:
        port: int = probe.getsockname()[1]
        return port


class Server(ABC):
    """`with Server(files) as server:` is ready; its files are in a directory that ends with it.

    files  its configuration and what that names, text by path below the directory
    port   that it listens on
    RuntimeError with its log if it ends instead.
    """

    def __init__(self, files: Mapping[str, str]) -> None:
        self._files = files
        self._stack = ExitStack()

    @abstractmethod
    def command(self, listen: str) -> Sequence[str]:
        """What starts it, in its directory, to listen on HOST:PORT."""

    @property
    def url(self) -> str:
        """Where its pages begin."""
        return f"http://{HOST}:{self.port}"

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            self.home = Path(stack.enter_context(tempfile.TemporaryDirectory()))
            for name, text in self._files.items():
                (self.home / name).write_text(text)
            self.port = free_port()
            log = stack.enter_context((self.home / "log").open("wb"))
            self.process = subprocess.Popen(
                self.command(f"{HOST}:{self.port}"),
                cwd=self.home,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
            stack.callback(stop, self.process)
            wait_until(self._ready, f"{type(self).__name__} is ready")
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def log(self) -> str:
        """What it has written so far."""
        return (self.home / "log").read_text()

    def get(self, path: str, **query: str) -> Any:
        """The JSON that it answers; RuntimeError with its words where it refuses."""
        status, body = self.request("GET", f"{path}?{urlencode(query)}" if query else path)
        if status != http.HTTPStatus.OK:
            raise RuntimeError(f"{path} {query}: status {status}: {body}")
        return json.loads(body)

    def request(self, method: str, path: str) -> tuple[int, str]:
        """Status and body of one request; OSError if nobody answers."""
        connection = http.client.HTTPConnection(HOST, self.port, timeout=30)
        try:
            connection.request(method, path)
            response = connection.getresponse()
            return response.status, response.read().decode()
        finally:
            connection.close()

    def check(self) -> None:
        """Raise RuntimeError with its log if it has ended."""
        if self.process.poll() is not None:
            name, status = type(self).__name__, self.process.returncode
            raise RuntimeError(f"{name} ended with status {status}: {self.log()}")

    def _ready(self) -> bool:
        self.check()
        try:
            return self.request("GET", "/-/ready")[0] == http.HTTPStatus.OK
        except (OSError, http.client.HTTPException):
            return False

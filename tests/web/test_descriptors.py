"""When the process has no file descriptor left: no crash, no spinning, and it recovers."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import pytest

from .client import Address, connect, request

SERVER = """
import resource, sys
resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))
from l2exporter.web.application import Application
from l2exporter.web.server import WebServer

class Empty:
    names = ()
    def collect(self, only):
        return ()

server = WebServer(Application(Empty(), lambda: None, version="1"), [("127.0.0.1", 0)])
server.start()
print(server.bound[0][1], flush=True)
held = []
for command in sys.stdin:
    if command == "take all\\n":
        try:
            while True:
                held.append(open("/dev/null"))
        except OSError:
            pass
    else:
        for file in held:
            file.close()
    print("done", flush=True)
server.stop()
"""

TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Child:
    process: subprocess.Popen[str]
    address: Address

    def tell(self, command: str) -> None:
        stdin, stdout = _pipes(self.process)
        stdin.write(f"{command}\n")
        stdin.flush()
        assert stdout.readline() == "done\n"

    def cpu_seconds(self) -> float:
        stat = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(stat[11]) + int(stat[12])) / TICKS


def _pipes(process: subprocess.Popen[str]) -> tuple[IO[str], IO[str]]:
    assert process.stdin is not None
    assert process.stdout is not None
    return process.stdin, process.stdout


@pytest.fixture
def child() -> Iterator[Child]:
    """A server in a process of its own that may have 64 descriptors; it must end well."""
    pipe = subprocess.PIPE
    with subprocess.Popen(
        [sys.executable, "-c", SERVER], stdin=pipe, stdout=pipe, stderr=pipe, text=True
    ) as process:
        try:
            stdin, stdout = _pipes(process)
            yield Child(process, ("127.0.0.1", int(stdout.readline())))
            stdin.close()
            assert process.wait(10) == 0
            assert process.stderr is not None
            assert process.stderr.read() == ""
        finally:
            process.kill()


def test_more_idle_connections_than_descriptors(child: Child) -> None:
    with contextlib.ExitStack() as stack:
        for _ in range(300):
            stack.enter_context(connect(child.address))
        assert request(child.address).status == 200


def test_no_descriptor_at_all(child: Child) -> None:
    child.tell("take all")
    with connect(child.address, b"GET /-/healthy HTTP/1.0\r\n\r\n") as client:
        before = child.cpu_seconds()
        time.sleep(1)  # the time in which a server that spins would use up a second of the CPU
        assert child.cpu_seconds() - before < 0.5
        child.tell("give back")
        assert client.recv(12) == b"HTTP/1.1 200"

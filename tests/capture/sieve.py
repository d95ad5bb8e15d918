"""A filter, run by the kernel: on a pair of local sockets, which takes no privilege."""

from __future__ import annotations

import socket

from l2exporter.kernel import bpf


class Sieve:
    """What the filter lets through, and how much of it."""

    def __init__(self, program: bpf.Program) -> None:
        self._inlet, self._outlet = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
        bpf.attach(self._outlet, program)
        self._outlet.setblocking(False)

    def __call__(self, frame: bytes) -> bytes | None:
        self._inlet.send(frame)
        try:
            return self._outlet.recv(1 << 16)
        except BlockingIOError:
            return None

    def close(self) -> None:
        self._inlet.close()
        self._outlet.close()

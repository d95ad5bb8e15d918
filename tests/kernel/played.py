"""A kernel at the other end of real sockets whose every answer is made by hand.

For what no kernel here says: VLANs in a bridge's FDB, tables that never rest, lengths that lie.
"""

from __future__ import annotations

import struct
from collections import deque
from collections.abc import Iterable
from typing import Any

import pytest

from l2exporter.kernel import rtnetlink
from tests.kernel.build import packet

DONE = packet(3, bytes(4))
"""NLMSG_DONE with the status 0: the end of a dump."""

INTERRUPTED = packet(3, bytes(4), flags=0x10)
"""The same with NLM_F_DUMP_INTR, as the kernel says it of a table that changed."""

_SEQUENCE = struct.Struct("=8xI")


class Played:
    """Answers the n-th request with the n-th answer: datagrams, numbered as the request is.

    answers  those that are left
    """

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *answers: Iterable[bytes]) -> None:
        self.answers = deque(answers)
        self._waiting: deque[bytes] = deque()
        monkeypatch.setattr(rtnetlink, "send", self._send)
        monkeypatch.setattr(rtnetlink, "receive", self._receive)

    def _send(self, _: Any, request: bytes) -> None:
        (number,) = _SEQUENCE.unpack_from(request)
        for datagram in self.answers.popleft():
            self._waiting.append(datagram[:8] + struct.pack("=I", number) + datagram[12:])

    def _receive(self, *_: Any) -> bytes | None:
        return self._waiting.popleft() if self._waiting else None

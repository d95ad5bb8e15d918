"""Frames from ever new spoofed senders, faster than scapy can build them."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count, islice

from tests.lab.namespace import Namespace

NETWORK = 10 << 24
"""The senders are 10.0.0.1 and upwards."""

_ARP = struct.Struct("!6s6sH HHBBH 6sI6sI")


def spoofed(first: int) -> Iterator[bytes]:
    """Requests without end, the n-th from 10.0.0.0 + first + n, each with a MAC of its own."""
    for number in count(first):
        mac = b"\x02\x01" + number.to_bytes(4)
        asked = NETWORK + 1
        yield _ARP.pack(
            *(b"\xff" * 6, mac, 0x0806, 1, 0x0800, 6, 4, 1),
            *(mac, NETWORK + number, bytes(6), asked),
        )


class Sender:
    """A socket on a device of the namespace, and how many frames went through it."""

    def __init__(self, namespace: Namespace, device: str) -> None:
        with namespace.entered():
            self._wire = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
        self._wire.bind((device, 0))
        self._frames = spoofed(16)
        self.sent = 0

    def spoof(self, frames: int) -> None:
        """Send so many frames, each from a sender not used before."""
        for frame in islice(self._frames, frames):
            self._wire.send(frame)
        self.sent += frames

    def send(self, *frames: bytes) -> None:
        """Send these frames."""
        for frame in frames:
            self._wire.send(frame)
        self.sent += len(frames)

    def close(self) -> None:
        """Give the socket back."""
        self._wire.close()


@contextmanager
def storm(namespace: Namespace, device: str) -> Iterator[None]:
    """A storm of spoofed senders for as long as the block lasts."""
    sender = Sender(namespace, device)
    over = threading.Event()

    def rage() -> None:
        while not over.is_set():
            sender.spoof(100)

    thread = threading.Thread(target=rage)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
        sender.close()

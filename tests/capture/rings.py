"""A ring on a device in a namespace, and the frames that come out of it."""

from __future__ import annotations

import socket
import time

from l2exporter.capture.ring import BLOCK_SLOTS, Ring
from l2exporter.dissect.frames import Frames
from tests.lab.namespace import Namespace
from tests.lab.wait import wait_until


def open_ring(
    namespace: Namespace, device: str, slots: int = BLOCK_SLOTS, *, promiscuous: bool = False
) -> Ring:
    with namespace.entered():
        return Ring(socket.if_nametoindex(device), slots, promiscuous=promiscuous)


def rows(batch: Frames) -> list[bytes]:
    return [row[:size].tobytes() for row, size in zip(batch.data, batch.captured, strict=True)]


def drained(ring: Ring, count: int) -> list[bytes]:
    """`count` frames, in however many batches."""
    found: list[bytes] = []

    def enough() -> bool:
        batch = ring.drain(time.monotonic())
        found.extend(rows(batch) if batch else ())
        return len(found) >= count

    wait_until(enough, f"{count} frames")
    return found

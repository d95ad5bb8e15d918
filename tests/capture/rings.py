"""Rings on a device in a namespace, and the frames that come out of them."""

from __future__ import annotations

import socket
import time

from l2exporter.capture.ring import BLOCK_SLOTS, Ring
from l2exporter.capture.rings import Rings
from l2exporter.capture.whole_ring import WHOLE_BLOCK_SLOTS, WholeRing
from l2exporter.dissect.frames import Frames, Whole
from tests.lab.namespace import Namespace
from tests.lab.wait import wait_until


def open_ring(
    namespace: Namespace, device: str, slots: int = BLOCK_SLOTS, *, promiscuous: bool = False
) -> Ring:
    with namespace.entered():
        return Ring(socket.if_nametoindex(device), slots, promiscuous=promiscuous)


def open_whole_ring(namespace: Namespace, device: str, slots: int = WHOLE_BLOCK_SLOTS) -> WholeRing:
    with namespace.entered():
        return WholeRing(socket.if_nametoindex(device), slots, promiscuous=False)


def open_rings(
    namespace: Namespace,
    device: str,
    slots: int = BLOCK_SLOTS,
    whole_slots: int = WHOLE_BLOCK_SLOTS,
) -> Rings:
    with namespace.entered():
        return Rings(socket.if_nametoindex(device), slots, whole_slots, promiscuous=False)


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


def drained_whole(ring: WholeRing, count: int) -> list[Whole]:
    """`count` whole frames, in however many turns."""
    found: list[Whole] = []

    def enough() -> bool:
        found.extend(ring.drain(time.monotonic()))
        return len(found) >= count

    wait_until(enough, f"{count} frames")
    return found

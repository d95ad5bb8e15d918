"""Capture files made by hand, byte for byte, and what came out of reading one."""

from __future__ import annotations

from struct import pack
from typing import TYPE_CHECKING, NamedTuple

from l2exporter.capture.pcap import read_frames
from l2exporter.dissect.frames import UNTAGGED, Frames
from l2exporter.errors import CaptureFileError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MICRO, NANO = 0xA1B2C3D4, 0xA1B23C4D
ETHERNET, SLL, SLL2 = 1, 113, 276


class Frame(NamedTuple):
    data: bytes
    time: float
    sent: bool = False


class Outcome(NamedTuple):
    frames: list[Frame]
    fault: CaptureFileError | None


def outcome(path: Path) -> Outcome:
    """All frames in the file (at most SNAPLEN bytes of each) and the fault after them.

    Checks on the way what holds for any file: rows end in zeros, the clock never goes back.
    """
    frames: list[Frame] = []
    fault = None
    now = 0.0
    try:
        for batch in read_frames(str(path)):
            assert 0 < len(batch) <= 4096
            assert max(now, *batch.time) <= batch.now
            assert (batch.tci == UNTAGGED).all()
            now = batch.now
            frames += _frames(batch)
    except CaptureFileError as error:
        fault = error
    assert fault is None or fault.path == str(path)
    return Outcome(frames, fault)


def _frames(batch: Frames) -> Iterator[Frame]:
    for row, size, time, sent in zip(
        batch.data, batch.captured, batch.time, batch.sent, strict=True
    ):
        assert not row[size:].any()
        yield Frame(row[:size].tobytes(), float(time), bool(sent))


def pcap(
    *records: bytes,
    order: str = "<",
    magic: int = MICRO,
    linktype: int = ETHERNET,
    version: tuple[int, int] = (2, 4),
) -> bytes:
    return pack(order + "IHHiIII", magic, *version, 0, 0, 65535, linktype) + b"".join(records)


def record(data: bytes, seconds: int = 0, fraction: int = 0, *, order: str = "<") -> bytes:
    return pack(order + "IIII", seconds, fraction, len(data), len(data) + 8) + data


def padded(data: bytes) -> bytes:
    return data + bytes(-len(data) % 4)


def block(kind: int, body: bytes, *, order: str = "<") -> bytes:
    size = pack(order + "I", 12 + len(body))
    return pack(order + "I", kind) + size + body + size


def section(*, order: str = "<", major: int = 1) -> bytes:
    return block(0x0A0D0D0A, pack(order + "IHHq", 0x1A2B3C4D, major, 0, -1), order=order)


def option(code: int, value: bytes, *, order: str = "<") -> bytes:
    return pack(order + "HH", code, len(value)) + padded(value)


def interface(
    options: bytes = b"", *, linktype: int = ETHERNET, snaplen: int = 0, order: str = "<"
) -> bytes:
    return block(1, pack(order + "HHI", linktype, 0, snaplen) + options, order=order)


def enhanced(
    data: bytes, stamp: int = 0, *, number: int = 0, options: bytes = b"", order: str = "<"
) -> bytes:
    head = pack(order + "IIIII", number, stamp >> 32, stamp & 0xFFFFFFFF, len(data), len(data))
    return block(6, head + padded(data) + options, order=order)


def obsolete(
    data: bytes, stamp: int = 0, *, number: int = 0, options: bytes = b"", order: str = "<"
) -> bytes:
    size = len(data)
    head = pack(order + "HHIIII", number, 7, stamp >> 32, stamp & 0xFFFFFFFF, size, size)
    return block(2, head + padded(data) + options, order=order)


def simple(data: bytes, *, original: int | None = None, order: str = "<") -> bytes:
    size = len(data) if original is None else original
    return block(3, pack(order + "I", size) + padded(data), order=order)

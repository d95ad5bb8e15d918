"""DNS messages byte by byte, for what no honest builder writes."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import chain
from struct import pack
from types import FrameType
from typing import Any

from l2exporter.dissect.reader import DissectError

A, PTR, TXT, AAAA, SRV, OPT = 1, 12, 16, 28, 33, 41
RESPONSE, UPDATE, UPDATE_REPLY = 0x8400, 0x2800, 0xA800
HEADER = 12
IP = b"\xc0\0\2\1"
SERVICE = b"\x0c_sleep-proxy\x04_udp\x05local\0"


def header(
    flags: int = RESPONSE, qd: int = 0, an: int = 0, ns: int = 0, ar: int = 0, number: int = 0
) -> bytes:
    return pack(">6H", number, flags, qd, an, ns, ar)


def point(offset: int) -> bytes:
    return pack(">H", 0xC000 | offset)


def record(name: bytes, kind: int, rdata: bytes, class_: int = 1, ttl: int = 120) -> bytes:
    return name + pack(">HHIH", kind, class_, ttl, len(rdata)) + rdata


def options(*pairs: tuple[int, bytes], name: bytes = b"\0") -> bytes:
    """An OPT record of options (code, value)."""
    rdata = b"".join(pack(">HH", code, len(value)) + value for code, value in pairs)
    return record(name, OPT, rdata, 1440, 4500)


def answers(*records: bytes, flags: int = RESPONSE) -> bytes:
    return header(flags, an=len(records)) + b"".join(records)


def lines(function: Callable[[bytes], Any], payload: bytes) -> int:
    """How many lines of Python a call runs through, whatever it comes to."""
    count = 0

    def tracer(frame: FrameType, event: str, argument: object) -> Any:
        nonlocal count
        count += event == "line"
        return tracer

    before = sys.gettrace()
    sys.settrace(tracer)
    try:
        with suppress(DissectError):
            function(payload)
    finally:
        sys.settrace(before)
    return count


def _regions() -> Iterator[tuple[str, bytes, list[int]]]:
    """Bytes for others to point into, and where: (what, bytes, offsets)."""
    ladder = b"\1a" * 126 + b"\0"
    yield "one name", ladder, [0]
    yield "few suffixes", ladder, list(range(0, 20, 2))
    yield "all suffixes", ladder, list(range(0, 252, 2))
    controls = b"".join(b"\x14" + bytes([row]) * 20 for row in range(1, 13)) + b"\0"
    yield "unprintable", controls, list(range(0, 240, 21))
    yield "not UTF-8", b"\x3e" + b"\xff" * 62 + b"\x3e" + b"\xfe" * 62 + b"\0", [0, 63]


def _chains(base: int, room: int) -> Iterator[tuple[str, bytes, list[int]]]:
    """Pointers to pointers, and labels that point at labels."""
    pointers = b"\0" + point(base) + b"".join(point(base + 1 + 2 * i) for i in range(room // 2))
    yield "chain of pointers", pointers, list(range(1, len(pointers), 2))
    yield "deep in the chain", pointers, [1 + 2 * 125]
    yield "too deep in the chain", pointers, [len(pointers) - 2]
    for label in (b"\1b", b"\1\n", b"\1."):
        labels, places = b"\0", [0]
        while len(labels) < room:
            last = places[-1] if len(places) % 120 else 0
            places.append(len(labels))
            labels += label + point(base + last)
        yield f"chain of labels {label!r}", labels, places
        yield f"chain of labels {label!r}, long ones first", labels, places[::-1]


def hostile(size: int) -> dict[str, bytes]:
    """Messages of about `size` bytes that are as expensive as could be thought of."""
    found = {}
    base = HEADER + 11
    for kind, rdata, flags in ((A, IP, RESPONSE), (PTR, b"\0", RESPONSE), (PTR, b"\0", UPDATE)):
        for what, region, offsets in chain(_regions(), _chains(base, size // 3)):
            count = min(255, (size - base - len(region)) // (12 + len(rdata)))
            pointing = [
                record(point(base + offsets[i % len(offsets)]), kind, rdata) for i in range(count)
            ]
            section = {"ns" if flags == UPDATE else "an": count + 1}
            body = record(b"\0", TXT, region) + b"".join(pointing)
            found[f"{what}, type {kind}, flags {flags:#x}"] = header(flags, **section) + body
    shortest = record(b"\0", A, IP)
    found["as many as fit"] = answers(*[shortest] * min(256, size // len(shortest)))
    found["names in place"] = answers(*[record(b"\1a" * 126 + b"\0", A, IP)] * (size // 270))
    offers = [record(point(HEADER), PTR, b"\1" + bytes([i]) + point(HEADER)) for i in range(250)]
    first = record(SERVICE, PTR, point(HEADER))
    found["offers"] = answers(first, *offers[: size // 17])
    found["options"] = header(ar=1) + options(*[(0xFFFF, b"")] * (size // 4))
    found["questions"] = header(qd=255) + b"\0\0\1\0\1" * 255
    return found

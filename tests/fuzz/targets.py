"""What is fuzzed: one target for each dissector and file format, with what to start from."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from l2exporter.capture.candidates import is_candidate
from l2exporter.dissect import arp, ethernet, ndp
from l2exporter.dissect.datagrams import decode
from l2exporter.dissect.ethernet import untag
from l2exporter.dissect.frames import SNAPLEN, UNTAGGED
from l2exporter.dissect.look import matters
from l2exporter.dissect.reader import DissectError
from l2exporter.dissect.slow import PROTOCOLS, REASONS, dissect, protocol_of
from tests.capture import files
from tests.captures.generate import HERE as CAPTURES
from tests.dissect import ndp_reference, reference
from tests.dissect.batch import batch
from tests.dissect.samples import EVERY, SAMPLES, outcome, repaired
from tests.lab import frames
from tests.lab import ndp as neighbors

CORPUS = Path(__file__).with_name("corpus")
"""Inputs that made a target fail once, in a folder for each target."""

_MAC, _IP = "02:00:00:00:00:01", "192.0.2.1"


@dataclass(frozen=True, slots=True)
class Target:
    """`run` fails on input that shows a fault; `seeds` are inputs that it takes well."""

    run: Callable[[bytes], object]
    seeds: Sequence[bytes]


def payload(protocol: str, data: bytes) -> None:
    """Dissect what is behind the headers of a sample that the first byte picks.

    Lengths and checksums are put right, or nothing would be found behind them.
    """
    headers = _headers(protocol)
    whole = repaired(headers[data[0] % len(headers)] + data[1:]) if data else b""
    try:
        found = decode(whole)
    except DissectError as error:
        reason = error.reason
        assert reason in REASONS["datagram"]
        return
    try:
        dissect(protocol, found)
    except DissectError as error:
        reason = error.reason
        assert reason in REASONS[protocol], reason


def _headers(protocol: str) -> list[bytes]:
    return [frame[: len(frame) - len(decode(frame).payload)] for frame in SAMPLES[protocol]]


def _payloads(protocol: str) -> list[bytes]:
    frames_ = SAMPLES[protocol]
    return [bytes((place,)) + decode(frame).payload for place, frame in enumerate(frames_)]


def frame(data: bytes) -> None:
    """Take a frame through the slow lane, tags and all."""
    try:
        stripped, vid = ethernet.strip(data, UNTAGGED)
    except DissectError as error:
        reason = error.reason
        assert reason in ethernet.REASONS
        return
    assert 0 <= vid < 4096
    outcome(stripped)
    if stripped == data:
        _passes_the_filter(data)


def _passes_the_filter(data: bytes) -> None:
    """What is dissected is what the capture lets through; that trusts lengths, and so has more."""
    try:
        found = decode(data)
    except DissectError:
        return
    if protocol_of(found) is not None:
        assert is_candidate(data)


def cheap_look(data: bytes) -> None:
    """Look at a frame before it is dissected: what matters must not be turned away."""
    try:
        found = decode(data)
        protocol = protocol_of(found)
        message = dissect(protocol, found) if protocol else None
    except DissectError:
        return
    if protocol and not matters(protocol, found, ()):
        assert protocol == "mdns"
        assert not getattr(message, "proxies", ())
        assert getattr(message, "owner", None) is None


def arp_columns(data: bytes) -> None:
    """Read a row as ARP, and compare with the slow reader."""
    untagged, faults = untag(batch([data]))
    packets, reasons = arp.decode(untagged)
    expected = reference.decode(data)
    assert len(packets) == isinstance(expected, reference.Packet)
    if isinstance(expected, reference.Fault):
        assert {**faults, **reasons} == {expected.reason: 1}
    else:
        assert not faults
        assert not reasons


def ndp_columns(data: bytes) -> None:
    """Read a row as neighbour discovery, its checksum put right too; as the slow reader does."""
    for row in (data, repaired(data)):
        packets, reasons = ndp.decode(untag(batch([row]))[0])
        expected = ndp_reference.decode(row)
        assert len(packets) == isinstance(expected, ndp_reference.Message)
        assert reasons == ({expected: 1} if isinstance(expected, str) else {})


def capture_file(data: bytes) -> None:
    """Read a capture file; it lies in memory."""
    number = os.memfd_create("capture")
    try:
        os.write(number, data)
        files.outcome(Path(f"/proc/self/fd/{number}"))
    finally:
        os.close(number)


_ARP = [
    frames.request(_MAC, _IP, "192.0.2.2"),
    frames.probe(_MAC, _IP),
    frames.tagged(frames.announcement(_MAC, _IP), 7, 8),
]
_NDP = [
    neighbors.solicitation(_MAC, "fe80::1", "fe80::2"),
    neighbors.detection(_MAC, "fe80::1"),
    neighbors.announcement(_MAC, "fe80::1"),
    neighbors.answer(_MAC, "fe80::1", "fe80::2"),
    neighbors.router_solicitation(_MAC, "fe80::1"),
    neighbors.redirect(_MAC, "fe80::1", "fe80::2", target="fe80::3", destination="2001:db8::3"),
    *(sample[:SNAPLEN] for sample in SAMPLES["router_advertisement"]),
]
_FRAMES = [sample for _, sample in EVERY]

TARGETS: dict[str, Target] = {
    "arp": Target(arp_columns, _ARP),
    "ndp": Target(ndp_columns, _NDP),
    "capture_file": Target(
        capture_file,
        [path.read_bytes()[:2048] for path in sorted(CAPTURES.glob("*.pcap*"))],
    ),
    "frame": Target(frame, _FRAMES),
    "cheap_look": Target(cheap_look, [*SAMPLES["mdns"], *SAMPLES["dns_update"]]),
    **{name: Target(partial(payload, name), _payloads(name)) for name in PROTOCOLS},
}

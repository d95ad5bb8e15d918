"""Dissecting one packet of each protocol of the slow lane, beside scapy on the same bytes."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress

import numpy as np
from scapy.layers.dns import DNS
from scapy.layers.inet import UDP
from scapy.layers.l2 import Ether

from benchmarks import multicast, traffic
from benchmarks.report import Row, Section, spread
from l2exporter.dissect import datagrams, slow
from l2exporter.dissect.reader import DissectError
from tests.dissect import dns_messages
from tests.dissect.samples import SAMPLES

PASSES = 7
PACKETS = 200
MOST_RATIO = 0.5


def sections() -> list[Section]:
    logging.getLogger("scapy").setLevel(logging.ERROR)
    section = Section(
        "Dissection",
        f"CPU time of a packet, its headers included, {PASSES} passes of at least {PACKETS}"
        " packets each, by turns; median (lowest to highest). The peer is scapy's `Ether(frame)`,"
        " which builds every layer; where it does not know a DNS message by its port, its `DNS` is"
        " applied to the payload. The hostile packets are those of the slow lane's section.",
    )
    for what, frames in _packets():
        section.rows.append(_compared(what, frames))
    return [section]


def _packets() -> Iterator[tuple[str, Sequence[bytes]]]:
    for protocol, frames in SAMPLES.items():
        if protocol in slow.PROTOCOLS:
            yield protocol, frames
    one = np.array([0x02_00_00_00_00_01], dtype=np.uint64)
    ordinary = multicast.ordinary()
    yield f"mdns, {multicast.RECORDS} records", [_frame(ordinary, one)]
    yield "mdns, hostile", [_frame(payload, one) for payload in multicast.hostile()]


def _frame(payload: bytes, macs: traffic.Numbers) -> bytes:
    return bytes(multicast.frames([payload], macs)[0])


def _compared(what: str, frames: Sequence[bytes]) -> Row:
    ours, peer = [], []
    for _ in range(PASSES):
        ours.append(_micros(_ours, frames))
        peer.append(_micros(_scapy, frames))
    ratio = float(np.median(ours) / np.median(peer))
    return Row(
        what,
        spread(ours, "{:.1f}") + " us",
        spread(peer, "{:.0f}") + " us",
        f"{ratio:.3f}",
        f"<= {MOST_RATIO}",
        ratio <= MOST_RATIO,
    )


def _micros(dissect: Callable[[bytes], object], frames: Sequence[bytes]) -> float:
    times = -(-PACKETS // len(frames))
    began = time.thread_time()
    for _ in range(times):
        for frame in frames:
            dissect(frame)
    return (time.thread_time() - began) / (times * len(frames)) * 1e6


def _ours(frame: bytes) -> None:
    datagram = datagrams.decode(frame)
    protocol = slow.protocol_of(datagram)
    if protocol is not None:
        with suppress(DissectError):
            slow.dissect(protocol, datagram)


def _scapy(frame: bytes) -> None:
    packet = Ether(frame)
    if UDP in packet and dns_messages.PROXY_PORT in (packet[UDP].sport, packet[UDP].dport):
        DNS(bytes(packet[UDP].payload))

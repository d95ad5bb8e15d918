"""What scapy writes, and what scapy reads of it, is what we read."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

import pytest
from scapy.utils import PcapNgReader, PcapNgWriter, PcapWriter

from l2exporter.dissect.frames import SNAPLEN

from .files import ETHERNET, Frame, outcome

if TYPE_CHECKING:
    from pathlib import Path

RANDOM = Random(7)
SIZES = (1, 14, 42, 60, SNAPLEN - 1, SNAPLEN, SNAPLEN + 1, 1514)
PACKETS = [(RANDOM.randbytes(SIZES[n % 8]), 1_700_000_000 + n, 7 * n) for n in range(300)]


def scapy_reads(path: Path) -> list[Frame]:
    with PcapNgReader(str(path)) as reader:  # falls back to pcap by itself
        return [
            Frame(packet.original[:SNAPLEN], float(packet.time), packet.direction == 2)
            for packet in reader
        ]


def assert_equal(ours: list[Frame], theirs: list[Frame]) -> None:
    assert [(f.data, f.sent) for f in ours] == [(f.data, f.sent) for f in theirs]
    # An ulp of a double is 0.24 us today; scapy's times are decimals.
    assert [f.time for f in ours] == pytest.approx([f.time for f in theirs], rel=0, abs=3e-7)


@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize(("nano", "unit"), [(False, 1e6), (True, 1e9)])
@pytest.mark.parametrize("compressed", [False, True])
def test_pcap(tmp_path: Path, order: str, nano: bool, unit: float, compressed: bool) -> None:
    path = tmp_path / "capture"
    with PcapWriter(str(path), ETHERNET, compressed, order, nano=nano) as writer:
        writer.write_header(None)
        for data, seconds, fraction in PACKETS:
            writer.write_packet(data, sec=seconds, usec=fraction)
    frames, fault = outcome(path)
    assert fault is None
    assert_equal(frames, scapy_reads(path))
    assert_equal(frames, [Frame(data[:SNAPLEN], at + part / unit) for data, at, part in PACKETS])


def test_pcapng(tmp_path: Path) -> None:
    path = tmp_path / "capture"
    with PcapNgWriter(str(path)) as writer:
        writer.linktype = ETHERNET
        writer.sync = False
        writer.write_header(None)
        for number, (data, seconds, fraction) in enumerate(PACKETS):
            writer._write_packet(
                data,
                linktype=ETHERNET,
                sec=seconds + fraction / 1e6,
                ifname=b"eth%d" % (number % 3),
                direction=number % 3,
                comments=[b"number %d" % number] if number % 2 else None,
            )
    frames, fault = outcome(path)
    assert fault is None
    assert_equal(frames, scapy_reads(path))
    assert [frame.data for frame in frames] == [data[:SNAPLEN] for data, _, _ in PACKETS]
    assert [frame.sent for frame in frames] == [number % 3 == 2 for number in range(300)]

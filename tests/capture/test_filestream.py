from __future__ import annotations

import gzip
import tracemalloc
import zlib
from typing import TYPE_CHECKING

import pytest

from l2exporter.capture.pcap import read_frames

from .files import Frame, block, enhanced, interface, outcome, pcap, record, section

if TYPE_CHECKING:
    from pathlib import Path

ARP = bytes(range(42))
COUNT = 10_000
PLAIN = pcap(*(record(ARP, n // 1000, n) for n in range(COUNT)))
FRAMES = [Frame(ARP, n // 1000 + n / 1e6) for n in range(COUNT)]
CUT = 200_001


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "plain-by-its-name.pcap"


def whole_frames(uncompressed: int) -> int:
    return max(0, uncompressed - 24) // 58


@pytest.mark.parametrize("level", [0, 1, 9])
def test_gzip_is_known_by_its_magic(file: Path, level: int) -> None:
    file.write_bytes(gzip.compress(PLAIN, level))
    assert outcome(file) == (FRAMES, None)


def test_gzip_of_pcapng(file: Path) -> None:
    file.write_bytes(gzip.compress(section() + interface() + enhanced(ARP, 1_000_000)))
    assert outcome(file) == ([Frame(ARP, 1.0)], None)


def test_members_and_zero_padding_run_on(file: Path) -> None:
    parts = PLAIN[:1], b"", PLAIN[1:30], PLAIN[30:CUT], b"", PLAIN[CUT:]
    file.write_bytes(bytes(1000).join(gzip.compress(part) for part in parts) + bytes(200_000))
    assert outcome(file) == (FRAMES, None)


def test_gzip_of_nothing_is_an_empty_file(file: Path) -> None:
    file.write_bytes(gzip.compress(b""))
    frames, fault = outcome(file)
    assert not frames
    assert fault is not None
    assert fault.problem == "the file is empty (offset of the uncompressed data)"


def test_fault_in_gzipped_data_has_the_offset_of_the_uncompressed_data(file: Path) -> None:
    file.write_bytes(gzip.compress(PLAIN[:CUT]))
    frames, fault = outcome(file)
    whole = whole_frames(CUT)
    assert frames == FRAMES[:whole]
    assert fault is not None
    assert fault.offset == 24 + 58 * whole
    assert fault.problem.endswith("(offset of the uncompressed data)")


@pytest.mark.parametrize("level", [0, 9])
def test_cut_gzip_gives_all_that_can_be_uncompressed(file: Path, level: int) -> None:
    packed = gzip.compress(PLAIN, level)
    for size in (3, 11, 100, len(packed) // 2, len(packed) - 9, len(packed) - 8, len(packed) - 1):
        file.write_bytes(packed[:size])
        frames, fault = outcome(file)
        known = zlib.decompressobj(31).decompress(packed[:size])
        assert frames == FRAMES[: whole_frames(len(known))]
        assert fault is not None
        assert fault.problem.startswith("the gzip stream is damaged: it is cut off")
        assert fault.offset == (24 + 58 * len(frames) if len(known) >= 24 else 0)


def test_damage_costs_no_frame_before_it(file: Path) -> None:
    packer = zlib.compressobj(wbits=31)
    before = packer.compress(PLAIN[:CUT]) + packer.flush(zlib.Z_FULL_FLUSH)
    # A deflate block of the reserved type 3 (RFC 1951, 3.2.3).
    file.write_bytes(before + b"\xff" * 1000)
    frames, fault = outcome(file)
    assert frames == FRAMES[: whole_frames(CUT)]
    assert fault is not None
    assert "invalid block type" in fault.problem


def test_wrong_checksum_is_told_after_all_frames(file: Path) -> None:
    packed = bytearray(gzip.compress(PLAIN))
    packed[-5] ^= 1
    file.write_bytes(packed)
    frames, fault = outcome(file)
    assert frames == FRAMES
    assert fault is not None
    assert "incorrect data check" in fault.problem
    assert fault.offset == len(PLAIN)


def test_garbage_after_a_member_is_a_fault(file: Path) -> None:
    file.write_bytes(gzip.compress(PLAIN) + b"garbage")
    frames, fault = outcome(file)
    assert frames == FRAMES
    assert fault is not None
    assert "incorrect header check" in fault.problem


def test_progress_of_gzip_is_in_bytes_on_disk(file: Path) -> None:
    file.write_bytes(gzip.compress(PLAIN, 0))
    total = file.stat().st_size
    calls: list[tuple[int, int]] = []
    for _ in read_frames(str(file), progress=lambda *call: calls.append(call)):
        pass
    assert calls[-1] == (total, total)
    assert calls == sorted(calls)
    assert calls[0][0] < total


def test_memory_stays_flat_where_gzip_grows_without_bound(file: Path) -> None:
    bomb = gzip.compress(block(0x0BAD, bytes(8 << 20)) * 4)
    file.write_bytes(gzip.compress(section()) + bomb * 4)
    tracemalloc.start()
    try:
        assert outcome(file) == ([], None)
        assert tracemalloc.get_traced_memory()[1] < 40 << 20
    finally:
        tracemalloc.stop()

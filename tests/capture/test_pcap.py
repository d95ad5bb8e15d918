from __future__ import annotations

import os
from struct import pack
from typing import TYPE_CHECKING

import numpy as np
import pytest

from l2exporter.capture.pcap import read_frames
from l2exporter.dissect.frames import SNAPLEN
from l2exporter.errors import CaptureFileError

from .files import MICRO, NANO, SLL, Frame, outcome, pcap, record

if TYPE_CHECKING:
    from pathlib import Path

ARP = bytes(range(42))


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "capture"


def batches(file: Path, *seconds: float) -> list[tuple[list[float], float]]:
    """(times, clock) of each batch of a file with a frame at each of `seconds`."""
    file.write_bytes(pcap(*(record(ARP, int(at), int(at % 1 * 1e6)) for at in seconds)))
    return [(batch.time.tolist(), batch.now) for batch in read_frames(str(file))]


@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize(("magic", "unit"), [(MICRO, 1e6), (NANO, 1e9)])
def test_reads_either_byte_order_and_unit(file: Path, order: str, magic: int, unit: float) -> None:
    records = [record(ARP, 1700000000 + n, 500 * n, order=order) for n in range(3)]
    file.write_bytes(pcap(*records, order=order, magic=magic))
    expected = [Frame(ARP, 1700000000 + n + 500 * n / unit) for n in range(3)]
    assert outcome(file) == (expected, None)


def test_batch_has_the_columns_of_frames(file: Path) -> None:
    file.write_bytes(pcap(record(ARP, 1), record(b"", 1, 9), record(bytes([7]) * 1500, 1, 500_000)))
    (batch,) = read_frames(str(file))
    assert batch.data.shape == (3, SNAPLEN)
    assert batch.data.dtype == np.uint8
    assert batch.data.flags.c_contiguous
    assert batch.data.flags.writeable
    assert batch.captured.tolist() == [42, 0, SNAPLEN]
    assert batch.data[2].tolist() == [7] * SNAPLEN
    kinds = [column.dtype for column in (batch.captured, batch.tci, batch.sent, batch.time)]
    assert kinds == [np.int32, np.int32, np.bool_, np.float64]
    assert batch.now == 1.5


def test_no_records_is_no_fault(file: Path) -> None:
    file.write_bytes(pcap())
    assert outcome(file) == ([], None)


def test_fraction_above_a_second_is_carried(file: Path) -> None:
    file.write_bytes(pcap(record(ARP, 10, 2_500_000)))
    assert outcome(file).frames == [Frame(ARP, 12.5)]


def test_frame_check_sequence_bits_of_the_linktype_are_ignored(file: Path) -> None:
    file.write_bytes(pcap(record(ARP), linktype=0x44000001))
    assert outcome(file) == ([Frame(ARP, 0.0)], None)


def test_cooked_linktype_is_rewritten(file: Path) -> None:
    cooked = pack(">HHH8sH", 4, 1, 6, bytes([2, 0, 0, 0, 0, 5, 0, 0]), 0x0806) + b"arp"
    file.write_bytes(pcap(record(cooked, 1), linktype=SLL))
    expected = bytes(6) + bytes([2, 0, 0, 0, 0, 5]) + b"\x08\x06arp"
    assert outcome(file) == ([Frame(expected, 1.0, sent=True)], None)


def test_batches_hold_at_most_4096_frames(file: Path) -> None:
    assert [len(times) for times, _ in batches(file, *[5] * 10_000)] == [4096, 4096, 1808]


def test_batches_hold_at_most_one_second(file: Path) -> None:
    assert batches(file, 100, 100.5, 101, 101.125, 102.125, 103.25) == [
        ([100, 100.5, 101], 101.0),
        ([101.125, 102.125], 102.125),
        ([103.25], 103.25),
    ]


def test_time_that_goes_back_leaves_the_clock_where_it_was(file: Path) -> None:
    assert batches(file, 100, 50, 100.5, 101.125) == [
        ([100, 50, 100.5], 100.5),
        ([101.125], 101.125),
    ]


def test_the_second_is_of_the_clock_even_where_a_batch_begins_with_old_frames(file: Path) -> None:
    _, *rest = batches(file, *[100] * 4096, 50, 51, 101, 101.125)
    assert rest == [([50, 51, 101], 101.0), ([101.125], 101.125)]


def test_progress_counts_bytes_on_disk_up_to_the_whole(file: Path) -> None:
    file.write_bytes(pcap(*[record(ARP)] * 10_000))
    total = file.stat().st_size
    calls: list[tuple[int, int]] = []
    for _ in read_frames(str(file), progress=lambda *call: calls.append(call)):
        pass
    assert [size for _, size in calls] == [total] * 3
    assert [done for done, _ in calls] == [24 + 58 * 4096, 24 + 58 * 8192, total]


def test_what_progress_raises_is_not_taken_for_the_files_fault(file: Path) -> None:
    def progress(done: int, total: int) -> None:
        raise BrokenPipeError

    file.write_bytes(pcap(record(ARP)))
    with pytest.raises(BrokenPipeError):
        list(read_frames(str(file), progress=progress))


def test_abandoned_reading_closes_the_file(file: Path) -> None:
    file.write_bytes(pcap(*[record(ARP)] * 5000))
    before = os.listdir("/proc/self/fd")
    frames = read_frames(str(file))
    next(frames)
    assert len(os.listdir("/proc/self/fd")) == len(before) + 1
    del frames
    assert os.listdir("/proc/self/fd") == before


WHOLE = pcap(record(ARP, 1))
FAULTS = {
    "empty": (b"", 0, "the file is empty"),
    "foreign": (b"\x7fELF" + bytes(60), 0, "not a pcap or pcapng file: starts with 7f454c46"),
    "shorter than a magic": (b"\xd4\xc3", 0, "not a pcap or pcapng file: starts with d4c3"),
    "modified pcap": (pack("<I", 0xA1B2CD34) + WHOLE[4:], 0, "modified pcap"),
    "header cut": (WHOLE[:23], 0, "truncated file header: 19 of 20 bytes"),
    "old version": (pcap(version=(2, 3)), 0, "pcap version 2.3 is not supported, only 2.4"),
    "linktype": (pcap(linktype=105), 0, "linktype 105 is not Ethernet"),
    "record header cut": (WHOLE + record(ARP)[:15], 82, "truncated record header: 15 of 16 bytes"),
    "record cut": (WHOLE + record(ARP)[:-1], 82, "truncated record: 41 of 42 bytes"),
    "captured length": (
        WHOLE + pack("<IIII", 0, 0, 262145, 60) + bytes(262145),
        82,
        "captured length 262145 is above 262144",
    ),
}


@pytest.mark.parametrize(("data", "offset", "problem"), FAULTS.values(), ids=FAULTS.keys())
def test_fault_names_the_record_and_comes_after_the_frames_before_it(
    file: Path, data: bytes, offset: int, problem: str
) -> None:
    file.write_bytes(data)
    frames, fault = outcome(file)
    assert frames == [Frame(ARP, 1.0)][: offset // 82]
    assert fault is not None
    assert (fault.offset, fault.problem[: len(problem)]) == (offset, problem)


def test_largest_captured_length_is_read(file: Path) -> None:
    file.write_bytes(pcap(record(bytes(262144), 1), record(ARP, 2)))
    assert outcome(file) == ([Frame(bytes(SNAPLEN), 1.0), Frame(ARP, 2.0)], None)


def test_full_batches_before_a_fault_are_all_there(file: Path) -> None:
    file.write_bytes(pcap(*[record(ARP)] * 5000) + b"\0")
    frames, fault = outcome(file)
    assert len(frames) == 5000
    assert fault is not None
    assert fault.offset == 24 + 58 * 5000


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("/", "Is a directory"),
        ("/nonexistent/capture.pcap", "No such file or directory"),
        # Opens, but its first page cannot be read.
        ("/proc/self/mem", "Input/output error"),
    ],
)
def test_what_cannot_be_read_says_why(path: str, reason: str) -> None:
    with pytest.raises(CaptureFileError) as caught:
        next(read_frames(path))
    assert str(caught.value) == f"{path}: offset 0: {reason}"
    assert isinstance(caught.value.__cause__, OSError)


def test_a_pipe_is_read_too(file: Path) -> None:
    ours, theirs = os.pipe()
    try:
        os.write(theirs, pcap(record(ARP, 1), record(ARP, 2)))
        os.close(theirs)
        calls: list[tuple[int, int]] = []
        (batch,) = read_frames(f"/dev/fd/{ours}", progress=lambda *call: calls.append(call))
        assert batch.time.tolist() == [1.0, 2.0]
        assert calls == [(140, 0)]
    finally:
        os.close(ours)

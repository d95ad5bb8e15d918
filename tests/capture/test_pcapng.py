from __future__ import annotations

from struct import pack
from typing import TYPE_CHECKING

import pytest

from .files import (
    ETHERNET,
    SLL,
    SLL2,
    Frame,
    block,
    enhanced,
    interface,
    obsolete,
    option,
    outcome,
    section,
    simple,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

ARP = bytes(range(42))
START = section() + interface()
NOW = 1_700_000_000_000_000
RAW_IP = 101

COOKED = pack(">HHH8sH", 0, 1, 6, bytes([2, 0, 0, 0, 0, 5, 0, 0]), 0x0806) + b"arp"
COOKED2 = pack(">HHIHBB8s", 0x0806, 0, 3, 1, 4, 6, bytes([2, 0, 0, 0, 0, 5, 0, 0])) + b"arp"
UNCOOKED = bytes(6) + bytes([2, 0, 0, 0, 0, 5]) + b"\x08\x06arp"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "capture"


def frames_of(file: Path, data: bytes) -> list[Frame]:
    file.write_bytes(data)
    frames, fault = outcome(file)
    assert fault is None
    return frames


def times_of(file: Path, options: bytes, *stamps: int) -> list[float]:
    packets = b"".join(enhanced(ARP, stamp) for stamp in stamps)
    return [frame.time for frame in frames_of(file, section() + interface(options) + packets)]


@pytest.mark.parametrize("order", "<>")
def test_reads_either_byte_order(file: Path, order: str) -> None:
    data = (
        section(order=order)
        + interface(option(9, b"\x09", order=order), order=order)
        + enhanced(ARP, NOW * 1000, order=order)
        + obsolete(ARP, NOW * 1000 + 1_000_000, order=order)
        + simple(ARP, order=order)
    )
    late = (NOW * 1000 + 1_000_000) / 1e9
    assert frames_of(file, data) == [Frame(ARP, NOW / 1e6), Frame(ARP, late), Frame(ARP, late)]


def test_sections_begin_their_own_interfaces_and_byte_order(file: Path) -> None:
    data = (
        section(order="<")
        + interface(linktype=ETHERNET, order="<")
        + enhanced(ARP, 1_000_000, order="<")
        + section(order=">")
        + interface(option(9, b"\x03", order=">"), linktype=SLL, order=">")
        + enhanced(COOKED, 2_000, order=">")
        + section(order="<")
        + interface(linktype=SLL2, order="<")
        + enhanced(COOKED2, 3_000_000, order="<")
    )
    assert frames_of(file, data) == [
        Frame(ARP, 1.0),
        Frame(UNCOOKED, 2.0),
        Frame(UNCOOKED, 3.0, sent=True),
    ]


def test_interfaces_have_their_own_linktype_and_resolution(file: Path) -> None:
    data = (
        section()
        + interface(linktype=RAW_IP)
        + interface(option(9, b"\x09"))
        + interface(option(9, b"\x83"), linktype=SLL)
        + enhanced(COOKED, 12, number=2)
        + enhanced(ARP, 2_500_000_000, number=1)
    )
    assert frames_of(file, data) == [Frame(UNCOOKED, 1.5), Frame(ARP, 2.5)]


@pytest.mark.parametrize(
    ("resolution", "stamp", "seconds"),
    [
        (0x00, 1_700_000_000, 1_700_000_000.0),
        (0x06, 1_700_000_000_250_000, 1_700_000_000.25),
        (0x09, 1_700_000_000_250_000_000, 1_700_000_000.25),
        (0x14, 1 << 63, 2**63 / 10**20),
        (0x7F, 1 << 63, 2**63 / 10**127),
        (0x80, 1_700_000_000, 1_700_000_000.0),
        (0xA0, (1_700_000_000 << 32) | 1 << 30, 1_700_000_000.25),
        (0xFF, 1 << 63, 2.0**-64),
    ],
)
def test_timestamp_resolution(file: Path, resolution: int, stamp: int, seconds: float) -> None:
    assert times_of(file, option(9, bytes([resolution])), stamp) == [seconds]


@pytest.mark.parametrize(
    ("offset", "expected"), [(1_700_000_000, 1_700_000_001.5), (-1, 0.5), (-3, -1.5)]
)
def test_timestamp_offset_is_added(file: Path, offset: int, expected: float) -> None:
    options = option(14, pack("<q", offset)) + option(9, b"\x03")
    assert times_of(file, options, 1500) == [expected]


@pytest.mark.parametrize("resolution", [0x00, 0x7F, 0xFF])
@pytest.mark.parametrize("offset", [-(1 << 63), (1 << 63) - 1])
def test_extreme_times_are_numbers(file: Path, resolution: int, offset: int) -> None:
    options = option(9, bytes([resolution])) + option(14, pack("<q", offset))
    stamps = (0, (1 << 64) - 1)
    whole = 10**127 if resolution == 0x7F else 2 ** (resolution & 0x7F)
    assert times_of(file, options, *stamps) == [(s + offset * whole) / whole for s in stamps]


@pytest.mark.parametrize("make", [enhanced, obsolete])
@pytest.mark.parametrize(("flags", "sent"), [(0, False), (1, False), (2, True), (0x1E6, True)])
def test_direction_flag(file: Path, make: Callable[..., bytes], flags: int, sent: bool) -> None:
    options = option(1, b"a comment") + option(2, pack("<I", flags)) + option(0, b"")
    assert frames_of(file, START + make(ARP, options=options)) == [Frame(ARP, 0.0, sent)]


def test_direction_of_either_source_is_enough(file: Path) -> None:
    data = section() + interface(linktype=SLL2) + enhanced(COOKED2, options=option(1, b"x"))
    assert frames_of(file, data) == [Frame(UNCOOKED, 0.0, sent=True)]


def test_options_after_the_end_of_options_are_not_read(file: Path) -> None:
    options = option(0, b"") + option(2, pack("<I", 2))
    assert frames_of(file, START + enhanced(ARP, options=options)) == [Frame(ARP, 0.0)]


def test_simple_packet_before_any_other_has_time_zero(file: Path) -> None:
    assert frames_of(file, START + simple(ARP)) == [Frame(ARP, 0.0)]


def test_simple_packet_is_as_long_as_the_snapshot_length_allows(file: Path) -> None:
    data = section() + interface(snaplen=41) + simple(ARP[:41], original=1500)
    assert frames_of(file, data) == [Frame(ARP[:41], 0.0)]


def test_unknown_blocks_are_skipped(file: Path) -> None:
    unknown = block(0x0BAD, b"whatever") + block(4, b"") + block(0x80000001, bytes(4000))
    data = section() + unknown + interface() + unknown + enhanced(ARP) + unknown
    assert frames_of(file, data) == [Frame(ARP, 0.0)]


def test_section_without_packets_is_no_fault(file: Path) -> None:
    assert frames_of(file, section()) == []


def broken(data: bytes, at: int, value: int) -> bytes:
    """`data` with the 32-bit word at `at` (from the end, if negative) replaced."""
    at %= len(data)
    return data[:at] + pack("<I", value) + data[at + 4 :]


FAULTS = {
    "block header cut": (enhanced(ARP)[:11], "truncated block header: 11 of 12 bytes"),
    "block cut": (enhanced(ARP)[:-1], "truncated block: 63 of 64 bytes"),
    "length too short": (broken(enhanced(ARP), 4, 8), "block length 8 is impossible"),
    "length not in words": (broken(enhanced(ARP), 4, 75), "block length 75 is impossible"),
    "length too long": (
        broken(enhanced(ARP), 4, 16_777_220),
        "block length 16777220 is impossible or above 16777216",
    ),
    "lengths differ": (broken(enhanced(ARP), -4, 80), "block length 76 is repeated as 80"),
    "captured length": (
        broken(enhanced(ARP), 20, 45),
        "captured length 45 is more than its block holds",
    ),
    "obsolete captured length": (
        broken(obsolete(ARP), 20, 45),
        "captured length 45 is more than its block holds",
    ),
    "simple length": (simple(ARP, original=60), "captured length 60 is more than its block holds"),
    "interface": (
        enhanced(ARP, number=1),
        "packet of interface 1, which is not described",
    ),
    "interface of the section before": (
        section() + simple(ARP),
        "packet of interface 0, which is not described",
    ),
    "linktype": (
        interface(linktype=RAW_IP) + enhanced(ARP, number=1),
        "linktype 101 is not Ethernet",
    ),
    "short packet block": (block(6, bytes(16)), "packet block of 16 bytes, not 20"),
    "short simple block": (block(3, b""), "simple packet block of 0 bytes, not 4"),
    "short interface block": (block(1, bytes(4)), "interface description of 4 bytes, not 8"),
    "short section": (block(0x0A0D0D0A, pack("<I", 0x1A2B3C4D)), "section header of 4 bytes"),
    "byte order": (block(0x0A0D0D0A, bytes(16)), "byte-order magic 00000000 of a section"),
    "version": (section(major=2), "pcapng version 2.0 is not supported, only 1.x"),
    "empty resolution": (interface(option(9, b"")), "if_tsresol of 0 bytes, not 1"),
    "short offset": (interface(option(14, b"1234")), "if_tsoffset of 4 bytes, not 8"),
    "short flags": (enhanced(ARP, options=option(2, b"12")), "flags option of 2 bytes, not 4"),
    "long option": (
        enhanced(ARP, options=pack("<HH", 1, 5) + bytes(4)),
        "option 1 reaches beyond its block",
    ),
    "interfaces": (interface() * 65_536, "more than 65536 interfaces in a section"),
}


@pytest.mark.parametrize(("last", "problem"), FAULTS.values(), ids=FAULTS.keys())
def test_fault_names_the_block_and_comes_after_the_frames_before_it(
    file: Path, last: bytes, problem: str
) -> None:
    before = START + enhanced(ARP, 1_000_000)
    file.write_bytes(before + last)
    frames, fault = outcome(file)
    assert frames == [Frame(ARP, 1.0)]
    assert fault is not None
    assert fault.problem[: len(problem)] == problem
    assert fault.offset == len(before) + faulty_block(last)


def faulty_block(blocks: bytes) -> int:
    """Where the last whole or cut block of `blocks` starts: that is the one at fault."""
    starts, at = [0], 0
    while at + 12 <= len(blocks):
        starts.append(at)
        size = int.from_bytes(blocks[at + 4 : at + 8], "little")
        at += size if size >= 12 and size % 4 == 0 else len(blocks)
    return starts[-1]


def test_first_section_cut_short_is_a_fault_at_the_start(file: Path) -> None:
    for size in range(5, 28):
        file.write_bytes(section()[:size])
        frames, fault = outcome(file)
        assert not frames
        assert fault is not None
        assert fault.offset == 0
        assert fault.problem.startswith("truncated")

"""Messages of neighbour tables that other kernels send, made by hand after linux/neighbour.h."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest

from l2exporter.kernel.messages import Message
from l2exporter.kernel.neighbor_tables import NeighborTable, Parameters, read_neighbor_tables
from l2exporter.kernel.tally import Tally
from tests.kernel.answers import Answering
from tests.kernel.build import attr, u32

CONFIG = attr(5, struct.pack("=HHI6I", 4, 400, 14, 0, 0, 0, 0, 0, 0))
THRESHOLDS = b"".join(attr(kind, u32(value)) for kind, value in ((2, 128), (3, 512), (4, 1024)))
STATS = attr(7, struct.pack("=11Q", *range(100, 111)))


def parms(index: int | None = None, *, without: int = 0) -> bytes:
    """NDTA_PARMS with the four times that are read, as they are by default."""
    times = {3: 21_000, 4: 30_000, 6: 60_000, 7: 5_000}
    found = b"" if index is None else attr(1, u32(index))
    for kind, value in times.items():
        found += attr(kind, struct.pack("=Q", value)) if kind != without else b""
    return attr(6, found)


def table_message(*attributes: bytes, name: str = "arp_cache") -> Message:
    body = struct.pack("=Bxxx", 2) + attr(1, name.encode() + b"\0") + b"".join(attributes)
    return Message(64, 0, 0, body)


def told(*messages: Message, proc: Path = Path("/nowhere")) -> tuple[list[NeighborTable], Tally]:
    tally = Tally()
    return read_neighbor_tables(Answering(messages), tally, proc), tally


def test_a_table_and_its_devices_made_by_hand() -> None:
    head = table_message(THRESHOLDS, CONFIG, parms(), STATS)
    rows, tally = told(head, table_message(parms(3)), table_message(parms(9)))
    devices = {index: Parameters(index, 30.0, 21.0, 60.0, 5.0) for index in (3, 9)}
    defaults = Parameters(None, 30.0, 21.0, 60.0, 5.0)
    thresholds = (128, 512, 1024)
    assert rows == [
        NeighborTable("ipv4", 14, thresholds, defaults, devices, 103, 109, 110, None),
    ]
    assert tally == Tally(dumps=1)


@pytest.mark.parametrize(
    ("stats", "expected"),
    [
        (b"", (None, None, None)),
        (attr(7, bytes(7)), (None, None, None)),
        (attr(7, struct.pack("=10Q", *range(10))), (3, 9, None)),
        (attr(7, struct.pack("=12Q", *range(12))), (3, 9, 10)),
    ],
    ids=["none", "less than one", "without overflows", "with more"],
)
def test_counters_that_a_kernel_does_not_give_are_absent(
    stats: bytes, expected: tuple[int | None, ...]
) -> None:
    (table,), _ = told(table_message(THRESHOLDS, CONFIG, parms(), stats))
    assert (table.failed_resolutions, table.forced_gc_runs, table.overflows) == expected


def test_other_protocols_and_a_kernel_without_ipv6_have_no_tables() -> None:
    other = table_message(THRESHOLDS, CONFIG, parms(), name="clip_arp_cache")
    rows, tally = told(other, table_message(THRESHOLDS, CONFIG, parms()))
    assert [row.family for row in rows] == ["ipv4"]
    assert tally == Tally(dumps=1)


@pytest.mark.parametrize(
    "message",
    [
        table_message(THRESHOLDS, parms()),
        table_message(THRESHOLDS, CONFIG, parms(3)),
        table_message(CONFIG, parms()),
        table_message(THRESHOLDS, attr(5, bytes(7)), parms()),
        table_message(parms(3, without=6)),
        Message(64, 0, 0, struct.pack("=Bxxx", 2) + parms(3)),
        Message(64, 0, 0, b"\2\0"),
    ],
    ids=["neither", "both", "no thresholds", "short", "no stale time", "no name", "no header"],
)
def test_a_message_that_cannot_be_believed_is_counted(message: Message) -> None:
    head = table_message(THRESHOLDS, CONFIG, parms())
    (table,), tally = told(head, message, table_message(parms(4)))
    assert list(table.devices) == [4]
    assert tally == Tally(dumps=1, malformed=1)


@pytest.mark.parametrize(
    ("content", "discards", "malformed"),
    [
        ("entries unresolved_discards\n0000000e 0000000a\n0000000e 00000006\n", 16, 0),
        ("entries\n0000000e\n", None, 0),
        ("entries unresolved_discards\n0000000e\n", None, 1),
        ("entries unresolved_discards\n0000000e many\n", None, 1),
        ("", None, 1),
        ("entr\u00efes\n", None, 1),
    ],
    ids=["sum", "older", "short", "odd", "empty", "not ASCII"],
)
def test_discards_of_all_processors(
    tmp_path: Path, content: str, discards: int | None, malformed: int
) -> None:
    (tmp_path / "arp_cache").write_text(content)
    (table,), tally = told(table_message(THRESHOLDS, CONFIG, parms()), proc=tmp_path)
    assert (table.unresolved_discards, tally.malformed) == (discards, malformed)

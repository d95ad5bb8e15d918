"""Wrong or odd answers of the kernel, from their bytes to the metrics that tell of them."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field

import pytest

from l2exporter.errors import KernelError
from l2exporter.kernel.fdb_feed import FdbFeed
from l2exporter.kernel.reader import FRESH_SECONDS, TABLES, KernelReader
from l2exporter.kernel.rtnetlink import DUMP_ATTEMPTS
from tests.collectors.kernel_scene import KernelScene
from tests.kernel.build import NESTED, attr, info, link, name, packet, u32
from tests.kernel.entries import LLADDR, entry, fdb_entry, mac
from tests.kernel.played import DONE, INTERRUPTED, Played

Reading = Callable[[], int]
"""Reads a table and returns its rows."""


def linked(*attributes: bytes, family: int = 0, index: int = 7) -> bytes:
    return packet(16, link(*attributes, family=family, index=index).body)


def bridge(*more: bytes) -> bytes:
    settings = (attr(kind, u32(1)) for kind in (1, 4, 5))
    flags = (attr(kind, b"\0") for kind in (7, 14, 15))
    return linked(name("br0"), info("bridge", attr(2, b"".join([*settings, *flags, *more]))))


def port(*more: bytes) -> bytes:
    state = attr(12 | NESTED, attr(1, b"\3") + b"".join(more))
    return linked(name("p1"), attr(10, u32(7)), state, family=7, index=8)


def vxlan(*more: bytes) -> bytes:
    settings = attr(1, u32(5)), attr(7, b"\1"), attr(8, u32(9))
    return linked(name("vx0"), info("vxlan", attr(2, b"".join([*settings, *more]))))


def tunnelled(*more: bytes) -> bytes:
    return entry(mac(1), *more, index=5, flags=0x02)


def neighbor(*more: bytes) -> bytes:
    return entry(attr(1, bytes(4)), mac(1), *more, family=2)


def neighbor_table(*more: bytes) -> bytes:
    times = b"".join(attr(kind, struct.pack("=Q", 9)) for kind in (3, 4, 6, 7))
    config = attr(5, struct.pack("=HHI6I", 4, 400, 14, 0, 0, 0, 0, 0, 0))
    limits = b"".join(attr(kind, u32(9)) for kind in (2, 3, 4))
    body = struct.pack("=Bxxx", 2) + attr(1, b"arp_cache\0") + limits + config + attr(6, times)
    return packet(64, body + b"".join(more))


MESSAGES: dict[str, Callable[..., bytes]] = {
    "fdb": lambda *more: fdb_entry(1, *more),
    "bridges": bridge,
    "bridge_ports": port,
    "vxlans": vxlan,
    "vxlan_fdb": tunnelled,
    "neighbors": neighbor,
    "neighbor_tables": neighbor_table,
}
UNKNOWN = attr(0x3FF0, b"from the future")


@dataclass(slots=True)
class Host:
    """One table, the kernel that answers for it, and a scrape of what reading it has met."""

    table: str
    played: Played
    scene: KernelScene
    readings: dict[str, Reading] = field(default_factory=dict)
    now: float = 0.0

    def read(self) -> int:
        """Read it, and return how many rows it has."""
        return self.readings[self.table]()

    def answers(self, *answers: list[bytes]) -> None:
        """What one reading meets, however often it asks."""
        if self.table == "fdb":  # the feed reads the links before
            self.played.answers.append([DONE])
        self.played.answers += answers

    def told(self, name: str) -> float:
        """The table's figure, when no other table has any."""
        found = self.scene.samples(f"l2_netlink_{name}_total")
        assert not any(value for labels, value in found.items() if labels != (self.table,))
        return found[self.table,]


@pytest.fixture(params=MESSAGES)
def host(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Host]:
    made = Host(request.param, Played(monkeypatch), KernelScene("netlink"))
    feed, reader = FdbFeed(), KernelReader(lambda: made.now)
    made.scene.tallies = {"fdb": feed.tally, **reader.tallies}
    made.readings = {
        "fdb": lambda: feed.dump(lambda rows: sum(len(each.mac) for each in rows)),
        "bridges": lambda: len(reader.bridges()),
        "bridge_ports": lambda: len(reader.ports()),
        "vxlans": lambda: len(reader.vxlans()),
        "vxlan_fdb": lambda: len(reader.vxlan_fdb(5).kind),
        "neighbors": lambda: len(reader.neighbors("ipv4").mac),
        "neighbor_tables": lambda: len(reader.neighbor_tables()),
    }
    yield made
    feed.close()
    reader.close()


def test_every_table_is_among_them() -> None:
    assert MESSAGES.keys() == {"fdb", *TABLES}


def test_attributes_of_later_kernels_are_passed_over(host: Host) -> None:
    host.answers([MESSAGES[host.table](UNKNOWN) + DONE])
    assert host.read() == 1
    assert (host.told("dumps"), host.told("malformed_messages")) == (1, 0)


def test_a_message_that_is_cut_off_or_lies_costs_its_own_row(host: Host) -> None:
    whole = MESSAGES[host.table]()
    kind = struct.unpack_from("=H", whole, 4)[0]
    short = packet(kind, whole[16:20])
    lie = struct.pack("=HH", 0x7FFF, LLADDR)
    host.answers([short + MESSAGES[host.table](lie), whole + DONE])
    assert host.read() == 1
    assert (host.told("dumps"), host.told("malformed_messages")) == (1, 2)


def test_a_message_longer_than_its_datagram_is_seen_and_the_next_reading_is_well(
    host: Host,
) -> None:
    whole = MESSAGES[host.table]()
    host.answers([u32(1 << 20) + whole[4:], DONE])
    # Large tables are read without it; where each row matters, there is no reading.
    with suppress(KernelError):
        assert host.read() == 0
    assert host.told("malformed_messages") + host.told("dump_failures") == 1
    host.now += FRESH_SECONDS
    host.answers([whole + DONE])
    assert host.read() == 1


def test_a_reading_that_a_change_interrupts_is_begun_anew(host: Host) -> None:
    message = MESSAGES[host.table]()
    host.answers([message + INTERRUPTED], [message + DONE])
    assert host.read() == 1
    assert (host.told("dumps"), host.told("dump_interruptions")) == (1, 1)
    assert host.told("dump_failures") == 0


def test_a_table_that_never_rests_is_given_up(host: Host) -> None:
    host.answers(*[[INTERRUPTED]] * (DUMP_ATTEMPTS + 1))
    with pytest.raises(KernelError, match="changed during each"):
        host.read()
    assert len(host.played.answers) == 1, "it was not read as often as is allowed"
    assert (host.told("dumps"), host.told("dump_failures")) == (0, 1)
    assert host.told("dump_interruptions") == DUMP_ATTEMPTS

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

import pytest

from l2exporter.errors import KernelError
from l2exporter.kernel import reader as module
from l2exporter.kernel.reader import FRESH_SECONDS, TABLES, KernelReader
from l2exporter.kernel.rtnetlink import Netlink
from l2exporter.kernel.tally import Tally
from tests.lab.namespace import Namespace

pytestmark = pytest.mark.root

READINGS: dict[str, Callable[[KernelReader], object]] = {
    "bridges": KernelReader.bridges,
    "bridge_ports": KernelReader.ports,
    "vxlans": KernelReader.vxlans,
    "neighbors": lambda reader: reader.neighbors("ipv4"),
    "neighbor_tables": KernelReader.neighbor_tables,
}


class Clock:
    """Monotonic seconds that pass when told to."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def reader(wired: Namespace, clock: Clock) -> Iterator[KernelReader]:
    """At its first reading it was in a namespace with a bridge, a vxlan device, a neighbour."""
    wired.bridge("br0", "v0")
    wired.ip("link", "add", "vx0", "type", "vxlan", "id", "5", "dstport", "4789")
    wired.run("bridge", "fdb", "add", "02:00:00:00:00:05", "dev", "vx0", "dst", "192.0.2.5")
    wired.ip("neigh", "add", "192.0.2.9", "lladdr", "02:00:00:00:00:09", "dev", "v1")
    wired.ip("neigh", "add", "2001:db8::9", "lladdr", "02:00:00:00:00:09", "dev", "v1")
    made = KernelReader(clock)
    with wired.entered():
        assert [bridge.name for bridge in made.bridges()] == ["br0"]
    clock.now += FRESH_SECONDS
    yield made
    made.close()


def test_every_table_is_that_of_the_namespace(reader: KernelReader) -> None:
    assert [port.name for port in reader.ports()] == ["v0"]
    (vxlan,) = reader.vxlans()
    assert vxlan.name == "vx0"
    assert len(reader.vxlan_fdb(vxlan.index).kind) == 1
    assert 0x02_00_00_00_00_09 in reader.neighbors("ipv4").mac
    assert 0x02_00_00_00_00_09 in reader.neighbors("ipv6").mac
    assert [table.family for table in reader.neighbor_tables()] == ["ipv4", "ipv6"]
    assert reader.netfilter() is reader.netfilter()


@pytest.mark.parametrize("table", READINGS)
def test_one_reading_serves_all_for_a_while(reader: KernelReader, clock: Clock, table: str) -> None:
    read, tally = READINGS[table], reader.tallies[table]
    before = tally.dumps
    first = read(reader)
    clock.now += FRESH_SECONDS * 0.9
    assert read(reader) is first
    assert tally.dumps == before + 1
    clock.now += FRESH_SECONDS * 0.1
    assert read(reader) is not first
    assert tally.dumps == before + 2


def test_what_is_new_is_seen_when_the_while_is_over(
    wired: Namespace, reader: KernelReader, clock: Clock
) -> None:
    assert len(reader.bridges()) == 1
    wired.ip("link", "add", "br1", "type", "bridge")
    assert len(reader.bridges()) == 1
    clock.now += FRESH_SECONDS
    assert len(reader.bridges()) == 2


def test_the_families_are_remembered_apart(reader: KernelReader) -> None:
    assert reader.neighbors("ipv4").family == "ipv4"
    assert reader.neighbors("ipv6").family == "ipv6"
    assert reader.neighbors("ipv4") is reader.neighbors("ipv4")
    assert reader.tallies["neighbors"].dumps == 2


def test_the_database_of_a_vxlan_device_is_read_each_time(
    wired: Namespace, reader: KernelReader
) -> None:
    (vxlan,) = reader.vxlans()
    assert len(reader.vxlan_fdb(vxlan.index).kind) == 1
    wired.run("bridge", "fdb", "add", "02:00:00:00:00:06", "dev", "vx0", "dst", "192.0.2.6")
    assert len(reader.vxlan_fdb(vxlan.index).kind) == 2
    assert reader.tallies["vxlan_fdb"].dumps == 2


def test_an_error_is_counted_and_not_remembered(
    reader: KernelReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise KernelError("netlink: cannot send a request")

    with monkeypatch.context() as broken:
        broken.setattr("l2exporter.kernel.rtnetlink.send", refuse)
        for _ in range(2):
            with pytest.raises(KernelError, match="cannot send"):
                reader.ports()
    assert reader.tallies["bridge_ports"] == Tally(failures=2)
    assert [port.name for port in reader.ports()] == ["v0"]


def test_a_socket_that_cannot_be_opened_is_tried_again(
    clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse() -> Netlink:
        raise KernelError("netlink: cannot open a socket")

    reader = KernelReader(clock)
    with monkeypatch.context() as broken:
        broken.setattr(module, "Netlink", refuse)
        for _ in range(2):
            with pytest.raises(KernelError, match="cannot open"):
                reader.vxlans()
    assert reader.tallies["vxlans"] == Tally(failures=2)
    reader.vxlans()
    assert reader.tallies["vxlans"] == Tally(dumps=1, failures=2)
    reader.close()


def test_every_table_has_its_counts_from_the_start(clock: Clock) -> None:
    assert KernelReader(clock).tallies == {table: Tally() for table in TABLES}


def test_many_threads_at_once_share_one_reading(reader: KernelReader) -> None:
    together = threading.Barrier(8)
    found: list[object] = []

    def ask() -> None:
        together.wait()
        found.append(reader.ports())
        found.extend(port.name for port in reader.ports())

    threads = [threading.Thread(target=ask) for _ in range(together.parties)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found.count("v0") == together.parties
    assert reader.tallies["bridge_ports"] == Tally(dumps=1)


def test_threads_that_read_different_tables_do_not_mix_their_answers(
    reader: KernelReader, clock: Clock
) -> None:
    problems: list[BaseException] = []

    def ask(read: Callable[[KernelReader], object]) -> None:
        try:
            for _ in range(30):
                clock.now += FRESH_SECONDS
                read(reader)
        except BaseException as problem:
            problems.append(problem)

    threads = [threading.Thread(target=ask, args=(read,)) for read in READINGS.values()]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not problems
    assert [port.name for port in reader.ports()] == ["v0"]
    assert all(tally.malformed == tally.failures == 0 for tally in reader.tallies.values())


def test_closed_means_an_error_of_ours(reader: KernelReader) -> None:
    reader.close()
    for read in READINGS.values():
        with pytest.raises(KernelError):
            read(reader)


def test_one_that_never_read_can_be_closed(clock: Clock) -> None:
    KernelReader(clock).close()

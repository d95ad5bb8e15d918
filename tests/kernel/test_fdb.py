from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import TypeVar

import pytest
from pyroute2 import IPRoute  # type: ignore[import-untyped]

from l2exporter.errors import KernelError
from l2exporter.kernel.columns import Batch
from l2exporter.kernel.fdb import KINDS, NEVER, FdbRows
from l2exporter.kernel.links import read_links
from l2exporter.kernel.rtnetlink import Netlink
from l2exporter.kernel.tally import Tally
from tests.kernel.build import attr, packet, u32
from tests.kernel.entries import (
    DEL,
    FLAGS_EXT,
    entry,
    fdb_entry,
    mac,
    master,
    recorded,
    times,
    vlan,
)
from tests.kernel.forwarding import (
    BRIDGE,
    GUEST,
    Entry,
    bridged,
    entries,
    speak,
    text,
    whole_fdb,
)
from tests.lab.namespace import Namespace
from tests.lab.netlink import authenticate_by_mac
from tests.lab.wait import wait_until

DONE = packet(3, bytes(4))
MANY = 3_000

Result = TypeVar("Result")


class Disturbed(Netlink):
    """Does something when the first datagram of a dump has come."""

    def __init__(self, disturb: Callable[[], object]) -> None:
        super().__init__()
        self._disturb = disturb
        self.batches = 0

    def read(
        self,
        message_type: int,
        body: bytes,
        gather: Callable[[Iterator[Batch]], Result],
        tally: Tally,
    ) -> Result:
        def disturbed(batches: Iterator[Batch]) -> Iterator[Batch]:
            for batch in batches:
                self.batches += 1
                if self.batches == 1:
                    self._disturb()
                yield batch

        return super().read(message_type, body, lambda batches: gather(disturbed(batches)), tally)


@pytest.fixture
def bridge() -> Iterator[Namespace]:
    with bridged() as namespace:
        yield namespace


def names_of(netlink: Netlink) -> dict[int, str]:
    return {index: link.name for index, link in read_links(netlink).items()}


def read(namespace: Namespace) -> list[Entry]:
    with namespace.entered(), Netlink() as netlink:
        return entries(whole_fdb(netlink, Tally()), names_of(netlink))


def iproute(namespace: Namespace) -> list[Entry]:
    told = json.loads(namespace.run("bridge", "-j", "fdb", "show"))
    return [(t["master"], t["ifname"], t["mac"], kind_of(t)) for t in told if "master" in t]


def kind_of(told: dict[str, object]) -> str:
    """Ours for what `bridge` calls by its flags and state; it does not know locked ones."""
    states = {"permanent": "local", "static": "static", "": "learned"}
    flags = {"sticky": "sticky", "extern_learn": "extern_learned"}
    found = [flags[flag] for flag in told["flags"]]  # type: ignore[attr-defined]
    return found[0] if found else states[str(told["state"])]


def many_entries(namespace: Namespace, port: str = "p0") -> None:
    """More than fit into the first datagrams of a dump (32 KiB each)."""
    lines = (f"fdb add {text(0x0600_0000_0000 + n)} dev {port} master static" for n in range(MANY))
    namespace.batch("bridge", lines)


@pytest.mark.root
def test_entries_of_every_kind_that_can_be_made_here_equal_those_of_iproute2(
    bridge: Namespace,
) -> None:
    speak(bridge, "e0")
    for number, how in enumerate(["local", "static", "dynamic", "static sticky", "extern_learn"]):
        command = f"fdb add 02:00:00:00:02:0{number} dev p1 master {how}"
        bridge.run("bridge", *command.split())
    bridge.run("bridge", "fdb", "add", "02:00:00:00:03:00", "dev", BRIDGE, "self", "local")
    found = read(bridge)
    assert sorted(found) == sorted(iproute(bridge))
    assert (BRIDGE, "p0", GUEST, "learned") in found
    assert (BRIDGE, BRIDGE, "02:00:00:00:03:00", "local") in found
    assert {kind for *_, kind in found} == {*KINDS} - {"offloaded", "locked"}


@pytest.mark.root
def test_a_mac_that_a_locked_port_kept_out_is_locked(bridge: Namespace) -> None:
    authenticate_by_mac(bridge, "p0", on=True)
    speak(bridge, "e0")
    wait_until(lambda: (BRIDGE, "p0", GUEST, "locked") in read(bridge), "it is noted")


@pytest.mark.root
def test_numbers_equal_those_of_pyroute2(bridge: Namespace) -> None:
    speak(bridge, "e0")
    with bridge.entered(), IPRoute() as reference, Netlink() as netlink:
        told = [message for message in reference.fdb("dump") if message.get("NDA_MASTER")]
        ours = whole_fdb(netlink, Tally())
    columns = (ours.port, ours.bridge, ours.mac, ours.state)
    assert set(zip(*(column.tolist() for column in columns), strict=True)) == {
        (m["ifindex"], m.get("master"), int(m.get("lladdr").replace(":", ""), 16), m["state"])
        for m in told
    }
    assert len(told) == len(ours.mac)


@pytest.mark.root
def test_times_are_those_of_iproute2_in_hundredths_of_a_second(bridge: Namespace) -> None:
    speak(bridge, "e0")

    def theirs() -> dict[str, int]:
        told = json.loads(bridge.run("bridge", "-s", "-j", "fdb", "show"))
        return {t["mac"]: t["updated"] for t in told if "updated" in t}

    wait_until(lambda: theirs()[GUEST] >= 1, "a second has passed")
    before = theirs()[GUEST]
    with bridge.entered(), Netlink() as netlink:
        rows = whole_fdb(netlink, Tally())
    (updated,) = rows.updated[rows.mac == int(GUEST.replace(":", ""), 16)].tolist()
    assert before <= updated // 100 <= theirs()[GUEST]
    assert (rows.used != NEVER).all()


@pytest.mark.root
def test_a_dump_of_many_datagrams_is_complete_and_counted(bridge: Namespace) -> None:
    many_entries(bridge)
    tally = Tally()
    with bridge.entered(), Disturbed(lambda: None) as netlink:
        rows = whole_fdb(netlink, tally)
    assert netlink.batches >= 2
    assert {0x0600_0000_0000 + n for n in range(MANY)} <= set(rows.mac.tolist())
    assert tally == Tally(dumps=1)


@pytest.mark.root
@pytest.mark.parametrize("device", [BRIDGE, "p0", "e0"])
def test_what_goes_in_the_middle_of_a_dump_is_no_error(
    bridge: Namespace, one_by_one: None, device: str
) -> None:
    many_entries(bridge)
    with bridge.entered(), Disturbed(lambda: bridge.ip("link", "del", device)) as netlink:
        first = whole_fdb(netlink, Tally())
        second = whole_fdb(netlink, Tally())
    assert 0 < len(first.mac) < MANY, "the kernel had sent everything by then"
    assert not set(second.mac.tolist()) & {0x0600_0000_0000 + n for n in range(MANY)}


@pytest.mark.root
def test_without_a_bridge_there_are_no_entries(wired: Namespace) -> None:
    assert "self" in wired.run("bridge", "fdb", "show"), "the device has a filter list"
    assert read(wired) == []


def by_hand(*messages: bytes) -> FdbRows:
    tally = Tally()
    rows = whole_fdb(recorded(b"".join(messages), DONE), tally)
    assert tally == Tally()
    return rows


@pytest.mark.parametrize(
    ("state", "flags", "extended", "kind"),
    [
        (0x02, 0, 0, "learned"),
        (0x04, 0, 0, "learned"),
        (0x40, 0, 0, "static"),
        (0x40, 0x20, 0, "offloaded"),
        (0x40, 0x30, 0, "extern_learned"),
        (0x40, 0x70, 0, "sticky"),
        (0x40, 0x70, 2, "locked"),
        (0x80, 0x70, 2, "local"),
        (0x02, 0x04, 1, "learned"),
    ],
)
def test_an_entry_is_of_the_first_kind_that_holds(
    state: int, flags: int, extended: int, kind: str
) -> None:
    flags_ext = attr(FLAGS_EXT, u32(extended))
    rows = by_hand(entry(mac(1), master(2), flags_ext, state=state, flags=flags))
    assert [KINDS[number] for number in rows.kind.tolist()] == [kind]


def test_vlans_and_what_an_older_kernel_does_not_send() -> None:
    old = entry(mac(0x0200_0000_0001), master(2), index=3, state=0x40)
    tagged = [fdb_entry(n, vlan(vid), port=4) for n, vid in ((8, 1), (9, 4094))]
    rows = by_hand(tagged[0] + old + tagged[1])
    assert sorted(zip(rows.mac.tolist(), rows.vlan.tolist(), strict=True)) == [
        (8, 1),
        (9, 4094),
        (0x0200_0000_0001, 0),
    ]
    assert sorted(zip(rows.used.tolist(), rows.updated.tolist(), strict=True)) == [
        *((7, 8), (7, 8)),
        (NEVER, NEVER),
    ]
    assert sorted(rows.port.tolist()) == [3, 4, 4]
    assert set(rows.bridge.tolist()) == {2}


def test_what_is_no_entry_of_a_bridge_is_left_out_in_silence() -> None:
    strangers = [
        entry(mac(1), flags=0x02, state=0x80),
        entry(master(2), times(1, 2)),
        entry(attr(2, bytes(20)), master(2)),
        entry(mac(1), master(2), family=2),
        entry(mac(1), master(2), kind=DEL),
    ]
    assert len(by_hand(*strangers).mac) == 0
    assert by_hand(*strangers, fdb_entry(9)).mac.tolist() == [9]


def test_malformed_messages_are_counted() -> None:
    tally = Tally()
    lie = fdb_entry(1)[:-20] + attr(77, b"")[:2] + bytes(18)
    rows = whole_fdb(recorded(fdb_entry(2) + lie + fdb_entry(3), fdb_entry(4)[:-1]), tally)
    assert rows.mac.tolist() == [2, 3]
    assert tally == Tally(malformed=2)


def test_a_table_that_cannot_be_read_is_an_error_and_a_failure() -> None:
    netlink, tally = Netlink(), Tally()
    netlink.close()
    with pytest.raises(KernelError):
        whole_fdb(netlink, tally)
    assert tally == Tally(failures=1)

"""A bridge that filters VLANs, from the kernel's bytes to the series and the verdict.

The messages are made by hand after linux/neighbour.h: not every kernel can filter VLANs.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from l2exporter.kernel.fdb_feed import FdbFeed
from l2exporter.kernel.rtnetlink import Netlink
from l2exporter.switching import Switching
from tests.collectors.kernel_scene import KernelScene
from tests.kernel.build import attr, info, link, name, packet, u32
from tests.kernel.entries import DEL, fdb_entry, vlan
from tests.kernel.played import DONE, Played
from tests.tables.neighborhood import neighbors, table

BRIDGE, P1, P2, TAGGED = 10, 11, 12, 13
FIRST, SECOND, OWN = 0x020000000001, 0x020000000002, 0x0200000000FE
NOARP, PERMANENT, EXPIRED = 0x40, 0x80, 0x04

ENTRIES, EVENTS = "l2_bridge_fdb_entries", "l2_bridge_fdb_events_total"
MOVES, MAC_MOVES = "l2_bridge_fdb_moves_total", "l2_bridge_fdb_mac_moves_total"
MISSING = "l2_neighbor_missing_from_fdb"


def device(index: int, text: str, kind: str, *more: bytes) -> bytes:
    return packet(16, link(name(text), info(kind, *more), index=index).body)


def port(index: int, text: str) -> bytes:
    message = link(
        name(text), info("veth", attr(4, b"bridge\0")), attr(10, u32(BRIDGE)), index=index
    )
    return packet(16, message.body)


def entry(mac: int, vid: int, port: int = P1, kind: int = 28, state: int = 0x02) -> bytes:
    """With NDA_VLAN unless `vid` is 0, as a filtering bridge has both."""
    tag = (vlan(vid),) if vid else ()
    return fdb_entry(mac, *tag, bridge=BRIDGE, port=port, kind=kind, state=state)


LINKS = b"".join(
    [
        device(BRIDGE, "br0", "bridge"),
        port(P1, "p1"),
        port(P2, "p2"),
        device(TAGGED, "br0.20", "vlan"),
    ]
)
DUMP = b"".join(
    [
        entry(FIRST, 10),
        entry(SECOND, 10, P2),
        entry(FIRST, 20),
        entry(FIRST, 4094, P2, state=NOARP),
        entry(OWN, 1, BRIDGE, state=PERMANENT),
        entry(OWN, 0, BRIDGE, state=PERMANENT),
    ]
)


class Filtering(KernelScene):
    """A host with br0, its ports p1 and p2, and br0.20 on top; `say` has the kernel tell news."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        super().__init__("fdb", "fdb_events", "neighbor_fdb")
        Played(monkeypatch, [LINKS + DONE], [DUMP + DONE])
        self._news: list[bytes] = []
        monkeypatch.setattr(Netlink, "event_datagrams", lambda _, most: self._heard())
        self.source = FdbFeed()
        self.switching = Switching(self.source, self.forwarding, None)
        self.bridge(BRIDGE, vlan_filtering=True, pvid=10)
        self.port(P1, "p1", BRIDGE)
        self.port(P2, "p2", BRIDGE)
        self.device(TAGGED, "br0.20", kind="vlan", lower=BRIDGE, vlan_id=20)
        self.reader.tables.append(table())

    def _heard(self) -> list[bytes]:
        heard, self._news = self._news, []
        return heard

    def say(self, *datagrams: bytes) -> None:
        self._news += datagrams
        assert self.switching.catch_up()

    def events(self, event: str) -> float:
        return self.samples(EVENTS)["br0", event]


@pytest.fixture
def host(monkeypatch: pytest.MonkeyPatch) -> Iterator[Filtering]:
    made = Filtering(monkeypatch)
    made.switching.start()
    yield made
    made.switching.stop()
    made.source.close()


def test_entries_are_told_by_vlan(host: Filtering) -> None:
    assert {link.name for link in host.switching.links().values()} == {"br0", "p1", "p2", "br0.20"}
    assert host.nonzero(ENTRIES) == {
        ("br0", "p1", "10", "learned"): 1,
        ("br0", "p2", "10", "learned"): 1,
        ("br0", "p1", "20", "learned"): 1,
        ("br0", "p2", "4094", "static"): 1,
        ("br0", "br0", "1", "local"): 1,
        ("br0", "br0", "", "local"): 1,
    }


def test_a_mac_moves_in_its_own_vlan_alone(host: Filtering) -> None:
    assert host.samples(MOVES)["br0", "10"] == host.samples(MOVES)["br0", "20"] == 0
    host.say(entry(FIRST, 10, P2), entry(FIRST, 10, P1), entry(FIRST, 10, P2))
    assert host.nonzero(MOVES) == {("br0", "10"): 3}
    assert host.samples(MAC_MOVES) == {("br0", "10", "02:00:00:00:00:01"): 3}
    assert host.events("moved") == 3
    entries = host.samples(ENTRIES)
    assert entries["br0", "p2", "10", "learned"] == 2
    assert entries["br0", "p1", "20", "learned"] == 1


def test_what_is_learned_and_aged_out_is_so_in_one_vlan(host: Filtering) -> None:
    host.say(entry(SECOND, 30), entry(FIRST, 20, kind=DEL, state=EXPIRED))
    entries = host.nonzero(ENTRIES)
    assert entries["br0", "p1", "30", "learned"] == entries["br0", "p1", "10", "learned"] == 1
    assert ("br0", "p1", "20", "learned") not in entries
    assert (host.events("learned"), host.events("moved")) == (1, 0)
    assert host.events("aged_out") + host.events("aged_out_in_demand") == 1


def test_a_neighbour_is_sought_in_the_vlan_that_its_frames_take(host: Filtering) -> None:
    host.reader.neighbor_rows["ipv4"] = neighbors(
        (BRIDGE, "192.0.2.2", SECOND, "stale"), (TAGGED, "198.51.100.1", FIRST, "stale")
    )
    shown = {
        "192.0.2.2": ("br0", "br0", "ipv4", "192.0.2.2", "02:00:00:00:00:02"),
        "198.51.100.1": ("br0", "br0.20", "ipv4", "198.51.100.1", "02:00:00:00:00:01"),
    }
    assert host.samples(MISSING) == {("br0", "ipv4"): 0}
    host.say(entry(FIRST, 20, kind=DEL, state=EXPIRED))
    assert host.samples(MISSING) == {("br0", "ipv4"): 1}
    assert list(host.samples(f"{MISSING}_info")) == [shown["198.51.100.1"]]
    host.say(entry(SECOND, 10, P2, kind=DEL, state=EXPIRED), entry(SECOND, 20, P2))
    assert set(host.samples(f"{MISSING}_info")) == set(shown.values())
    host.say(entry(SECOND, 10), entry(FIRST, 20, P2))
    assert host.samples(MISSING) == {("br0", "ipv4"): 0}

"""What a pipeline makes of frames and of what surrounds it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from ipaddress import IPv4Address, ip_address, ip_interface

import numpy as np
import pytest

from l2exporter.collectors.base import Malformed
from l2exporter.collectors.suite import Suite
from l2exporter.dissect.arp import ArpPackets
from l2exporter.dissect.frames import UNTAGGED, Whole
from l2exporter.dissect.wake_on_lan import MagicPacket
from l2exporter.evidence.ledger import Ledger
from l2exporter.evidence.seen import Seen
from l2exporter.kernel.addresses import Address
from l2exporter.kernel.links import Link
from l2exporter.kernel.routes import Gateway
from l2exporter.limits import Limits
from l2exporter.pipeline import Pipeline
from l2exporter.slow_lane import SlowLane
from l2exporter.tables.addresses import Subnet
from l2exporter.tables.bindings import Moves, Sightings
from l2exporter.tables.state import Tables
from tests.dissect.batch import batch
from tests.kernel.rows import link
from tests.lab import frames
from tests.lab.sleep_proxy import magic_packet

A, B = "02:00:00:00:0a:01", "02:00:00:00:0a:02"


class Witness:
    """A collector that keeps every event."""

    observes = object

    def __init__(self) -> None:
        self.events: list[object] = []

    def observe(self, event: object) -> Iterable[object]:
        self.events.append(event)
        return ()

    def collect(self) -> Iterable[object]:
        return ()


@dataclass
class Surroundings:
    """What `Pipeline.surroundings` reads of a host."""

    links: dict[int, Link] = field(default_factory=dict)
    addresses: frozenset[Address] = frozenset()
    gateways: frozenset[Gateway] = frozenset()


@dataclass
class Scene:
    tables: Tables
    pipeline: Pipeline
    witness: Witness
    suite: Suite
    ledger: Ledger
    lane: SlowLane

    def feed(self, *sent: bytes, device: str = "eth0") -> list[object]:
        """What the collectors saw of one batch."""
        number = self.pipeline.device(device)
        assert number is not None
        self.witness.events.clear()
        self.pipeline.frames(number, batch(sent, now=1.0))
        return list(self.witness.events)

    def errors(self) -> dict[str, float]:
        """How often each part has failed, of those that have."""
        (family,) = [one for one in self.suite.collect() if one.name == "l2_collector_errors"]
        return {one.labels["collector"]: one.value for one in family.samples if one.value}

    def tracked(self) -> set[str]:
        _, ips = self.tables.addresses.keys(self.tables.addresses.rows())
        return {str(IPv4Address(int(ip))) for ip in ips}


def make(limits: Limits | None = None) -> Scene:
    tables = Tables(limits or Limits())
    witness = Witness()
    suite = Suite({"witness": witness})  # type: ignore[dict-item]
    ledger, lane = Ledger(tables), SlowLane(None)
    return Scene(tables, Pipeline(tables, suite, ledger, lane), witness, suite, ledger, lane)


def links(*made: Link) -> dict[int, Link]:
    return {each.index: each for each in made}


def own(*pairs: tuple[int, str]) -> frozenset[Address]:
    return frozenset(Address(index, ip_interface(text)) for index, text in pairs)


def test_a_batch_becomes_sightings_then_moves_then_faults() -> None:
    ip = "192.0.2.1"
    events = make().feed(
        frames.announcement(A, ip),
        frames.announcement(B, ip),
        frames.announcement(A, ip)[:41],
        frames.tagged(frames.announcement(A, ip), 1, 2, 3, 4),
    )
    assert [type(event) for event in events] == [Sightings, Moves, Malformed, Malformed]
    sightings, moves, *faults = events
    assert isinstance(sightings, Sightings)
    assert isinstance(sightings.packets, ArpPackets)
    assert len(sightings.packets) == 2
    assert isinstance(moves, Moves)
    assert len(moves) == 1
    assert faults == [
        Malformed(0, "ethernet", {"too_many_tags": 1}),
        Malformed(0, "arp", {"truncated": 1}),
    ]


def test_what_says_nothing_is_no_event() -> None:
    scene = make()
    assert not scene.feed(frames.announcement(A, "192.0.2.1").replace(b"\x08\x06", b"\x08\x00", 1))
    assert [type(event) for event in scene.feed(frames.probe(A, "192.0.2.1"))] == [Sightings]


def fail(*_: object, **__: object) -> None:
    raise RuntimeError


@pytest.mark.parametrize("act", ["observe", "settle"])
def test_evidence_that_fails_is_counted_and_costs_no_packet(
    monkeypatch: pytest.MonkeyPatch, act: str
) -> None:
    scene = make()
    with monkeypatch.context() as broken:
        broken.setattr(scene.ledger, act, fail)
        events = scene.feed(frames.probe(A, "192.0.2.1"))
        assert [type(event) for event in events] == [Sightings]
        assert scene.errors() == {"evidence": 1}
    scene.feed(frames.announcement(A, "192.0.2.1"), frames.announcement(B, "192.0.2.1"))
    assert len(scene.ledger.pending) == 1
    assert scene.errors() == {"evidence": 1}


def test_time_that_fails_to_pass_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    scene = make()
    monkeypatch.setattr(scene.ledger, "settle", fail)
    monkeypatch.setattr(scene.ledger, "finish", fail)
    scene.pipeline.tick(1.0, 1.0)
    scene.pipeline.finish(1.0, 1.0)
    assert scene.errors() == {"evidence": 2}


def test_a_slow_lane_that_fails_is_counted_and_costs_no_packet(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    scene = make()
    monkeypatch.setattr(scene.lane, "take", fail)
    whole = Whole(b"", 0, UNTAGGED, sent=False, time=1.0)
    number = scene.pipeline.device("eth0")
    assert number is not None
    mixed = replace(batch([frames.probe(A, "192.0.2.1")], now=1.0), whole=(whole,))
    scene.pipeline.frames(number, mixed)
    assert [type(event) for event in scene.witness.events] == [Sightings]
    assert scene.errors() == {"slow_lane": 1}


@pytest.mark.parametrize("sent", [False, True])
def test_a_whole_frame_is_seen_where_and_when_it_was(sent: bool) -> None:
    scene = make()
    number = scene.pipeline.device("eth0")
    assert number is not None
    frame = frames.tagged(magic_packet(A, B), 7)
    whole = Whole(frame, len(frame), UNTAGGED, sent=sent, time=99.5)
    mixed = batch([frames.probe(A, "192.0.2.1")], now=1.0)
    scene.pipeline.frames(number, replace(mixed, time=np.array([100.0]), whole=(whole,)))
    (seen,) = [event for event in scene.witness.events if isinstance(event, Seen)]
    assert (seen.device, seen.sent, seen.time, seen.at) == (number, sent, 99.5, 0.5)
    assert scene.tables.segments.labels()[seen.segment] == ("eth0", "7")
    assert seen.message == MagicPacket(int(B.replace(":", ""), 16))


def test_devices_keep_their_addresses_apart() -> None:
    scene = make()
    scene.feed(frames.announcement(A, "192.0.2.1"), device="eth0")
    events = scene.feed(frames.announcement(B, "192.0.2.1"), device="eth1")
    assert [type(event) for event in events] == [Sightings]


def test_own_addresses_and_gateways_enter_a_full_table_and_stay() -> None:
    scene = make(Limits(addresses=16, address_burst=1, address_rate=0))
    here = Surroundings(
        links=links(link(2)),
        addresses=own((2, "192.0.2.9/24"), (1, "127.0.0.1/8"), (2, "fe80::1/64")),
        gateways=frozenset(
            {Gateway(2, ip_address("192.0.2.1")), Gateway(2, ip_address("fe80::2"))}
        ),
    )
    scene.pipeline.surroundings(here, {2: 0})  # type: ignore[arg-type]
    seen = ["192.0.2.50", "192.0.2.9", "192.0.2.1", "192.0.2.51", "127.0.0.1"]
    scene.feed(*(frames.announcement(A, ip) for ip in seen))
    assert scene.tracked() == {"192.0.2.50", "192.0.2.9", "192.0.2.1"}


def test_configured_and_surrounding_addresses_do_not_displace_each_other() -> None:
    scene = make(Limits(addresses=16, address_burst=1, address_rate=0))
    scene.feed(frames.announcement(A, "192.0.2.50"))
    here = Surroundings(links=links(link(2)), addresses=own((2, "192.0.2.9/24")))
    scene.pipeline.configure([(IPv4Address("192.0.2.7"), None, "protected")])
    scene.pipeline.surroundings(here, {2: 0})  # type: ignore[arg-type]
    scene.pipeline.configure([(IPv4Address("192.0.2.8"), None, "protected")])
    scene.feed(*(frames.announcement(A, f"192.0.2.{n}") for n in (7, 8, 9)))
    assert scene.tracked() == {"192.0.2.50", "192.0.2.8", "192.0.2.9"}


SUBNET = Subnet(0xC0000200, 0xFFFFFF00)
OTHER = Subnet(0xC6336400, 0xFFFFFF00)

WIRES = {
    "its own": (links(link(2)), own((2, "192.0.2.9/24")), [SUBNET]),
    "none": (links(link(2)), own(), []),
    "of another device": (links(link(2), link(3)), own((3, "192.0.2.9/24")), []),
    "of the bridge that it is a port of": (
        links(link(2, master=3), link(3, kind="bridge")),
        own((3, "192.0.2.9/24")),
        [SUBNET],
    ),
    "of a VLAN device on it": (
        links(link(2), link(3, kind="vlan", lower=2)),
        own((2, "192.0.2.9/24"), (3, "198.51.100.9/24")),
        [SUBNET, OTHER],
    ),
    "of a VLAN device on its bridge": (
        links(link(2, master=3), link(3, kind="bridge"), link(4, kind="vlan", lower=3)),
        own((4, "198.51.100.9/24")),
        [OTHER],
    ),
    "of the other end of its wire": (
        links(link(2, kind="veth", lower=3), link(3, kind="veth", lower=2)),
        own((3, "192.0.2.9/24")),
        [],
    ),
    "in a loop of masters": (
        links(link(2, master=3), link(3, master=2)),
        own((3, "192.0.2.9/24")),
        [SUBNET],
    ),
}


@pytest.mark.parametrize(("around", "addresses", "subnets"), WIRES.values(), ids=WIRES)
def test_the_subnets_of_a_device_are_those_on_its_wire(
    around: dict[int, Link], addresses: frozenset[Address], subnets: list[Subnet]
) -> None:
    scene = make()
    scene.pipeline.surroundings(Surroundings(around, addresses), {2: 5})  # type: ignore[arg-type]
    assert set(scene.tables.subnets[5]) == set(subnets)


def test_the_subnets_of_each_family_are_kept_apart() -> None:
    scene = make()
    addresses = own((2, "192.0.2.9/24"), (2, "2001:db8::9/64"))
    here = Surroundings(links(link(2)), addresses)
    scene.pipeline.surroundings(here, {2: 5})  # type: ignore[arg-type]
    network, mask = 0x20010DB8 << 96, (2**64 - 1) << 64
    assert list(scene.tables.subnets[5]) == [SUBNET]
    assert list(scene.tables.subnets6[5]) == [Subnet(network, mask)]


def test_a_foreign_address_gets_less_than_one_of_the_subnet() -> None:
    scene = make(Limits(addresses=64, address_burst=8, address_rate=0))
    here = Surroundings(links=links(link(2)), addresses=own((2, "192.0.2.9/24")))
    number = scene.pipeline.device("eth0")
    assert number is not None
    scene.pipeline.surroundings(here, {2: number})  # type: ignore[arg-type]
    foreign = [frames.announcement(A, f"203.0.113.{n}") for n in range(1, 9)]
    near = [frames.announcement(A, f"192.0.2.{n}") for n in range(1, 9)]
    scene.feed(*foreign)
    assert len(scene.tracked()) == 2
    scene.feed(*near)
    assert len(scene.tracked()) == 8

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from l2exporter.collectors.base import Context, ReloadStatus
from l2exporter.collectors.move_causes import FAMILIES, MoveCausesCollector
from l2exporter.collectors.suite import Suite
from l2exporter.evidence.ledger import Ledger
from l2exporter.evidence.moves import windows
from l2exporter.evidence.moves.causes import CAUSES
from l2exporter.limits import VLAN_IDLE_SECONDS, Limits
from tests.evidence.wire import WALL, Said, Wire, times

A, B, C = 0x02_00_00_00_00_0A, 0x02_00_00_00_00_0B, 0x02_00_00_00_00_0C
ONE, SIX = "192.0.2.1", "2001:db8::1"
NDP = "neighbor_advertisement_unsolicited"
MOVES, PENDING = "l2_moves_by_cause_total", "l2_moves_pending"

Samples = dict[tuple[str, ...], float]


@dataclass
class Scene:
    """Packets in, through tables, ledger and the collector, samples out."""

    wire: Wire = field(default_factory=Wire)
    moves: int = 0

    def __post_init__(self) -> None:
        tables = self.wire.tables
        self.ledger = Ledger(tables)
        context = Context(
            tables=tables,
            ledger=self.ledger,
            lanes=lambda: (),
            reload=lambda: ReloadStatus(successful=True, last_success=0.0),
            monotonic=lambda: 0.0,
        )
        self.suite = Suite({"move_causes": MoveCausesCollector(context)})

    def say(self, *said: Said) -> None:
        now = said[-1].at
        said4 = [one for one in said if ":" not in one.ip]
        said6 = [one for one in said if ":" in one.ip]
        sightings, moves = self.wire.arp(said4, now)
        sightings6, moves6 = self.wire.ndp(said6, now)
        self.moves += sum(len(each) for each in (moves, moves6) if each is not None)
        at = times(said4), times(said6)
        self.suite.observe(
            self.ledger.observe(sightings, moves, sightings6, moves6, *at, (), now, WALL + now)
        )

    def settle(self, now: float) -> None:
        self.suite.observe(self.ledger.settle(now, WALL + now))

    def samples(self, name: str) -> Samples:
        return {
            tuple(sample.labels.values()): sample.value
            for family in self.suite.families()
            for sample in family.samples
            if sample.name == name
        }

    def nonzero(self, name: str) -> Samples:
        return {labels: value for labels, value in self.samples(name).items() if value}

    def total(self) -> float:
        return sum(self.samples(MOVES).values()) + sum(self.samples(PENDING).values())


def test_every_cause_is_there_with_zero_once_an_address_is_tracked() -> None:
    scene = Scene()
    assert scene.samples(MOVES) == scene.samples(PENDING) == {}
    scene.say(Said(ONE, A))
    assert scene.samples(MOVES) == {("eth0", "", "ipv4", cause): 0 for cause in CAUSES}
    assert scene.samples(PENDING) == {("eth0", "", "ipv4"): 0}
    scene.say(Said(SIX, A, NDP, vlan=7))
    assert len(scene.samples(MOVES)) == 2 * len(CAUSES)
    assert scene.samples(PENDING) == {("eth0", "", "ipv4"): 0, ("eth0", "7", "ipv6"): 0}


def test_moves_are_pending_and_then_have_a_cause() -> None:
    scene = Scene()
    scene.say(Said(ONE, A), Said(ONE, B), Said(SIX, A, NDP), Said(SIX, B, NDP), Said(SIX, C, NDP))
    assert scene.nonzero(PENDING) == {("eth0", "", "ipv4"): 1, ("eth0", "", "ipv6"): 2}
    assert scene.nonzero(MOVES) == {}
    scene.settle(30.0)
    assert scene.nonzero(PENDING) == {}
    assert scene.nonzero(MOVES) == {
        ("eth0", "", "ipv4", "unknown"): 1,
        ("eth0", "", "ipv6", "unknown"): 2,
    }


def test_causes_are_told_apart() -> None:
    scene = Scene()
    vrrp = 0x00_00_5E_00_01_05
    scene.say(Said(ONE, A), Said(ONE, vrrp))
    scene.settle(40.0)
    scene.say(*(Said("192.0.2.9", mac, at=50.0 + n) for n, mac in enumerate((A, B) * 4)))
    scene.settle(90.0)
    assert scene.nonzero(MOVES) == {
        ("eth0", "", "ipv4", "failover"): 1,
        ("eth0", "", "ipv4", "duplicate_address"): 7,
    }


def test_moves_that_found_no_place_are_unknown_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(windows, "PENDING_WINDOWS", 1)
    monkeypatch.setattr(windows, "PENDING_RESERVE", 0)
    scene = Scene()
    ips = [f"192.0.2.{n}" for n in range(1, 6)]
    scene.say(*(Said(ip, mac, vlan=n % 2 * 7) for n, ip in enumerate(ips) for mac in (A, B)))
    assert scene.nonzero(PENDING) == {("eth0", "", "ipv4"): 1}
    assert scene.nonzero(MOVES) == {
        ("eth0", "", "ipv4", "unknown"): 2,
        ("eth0", "7", "ipv4", "unknown"): 2,
    }


def test_totals_outlive_the_address() -> None:
    scene = Scene(Wire(Limits(addresses=1, address_burst=16, address_rate=10.0)))
    scene.say(Said(ONE, A), Said(ONE, B))
    scene.say(Said("192.0.2.2", A, at=1.0))
    assert scene.total() == 1
    scene.settle(31.0)
    assert scene.nonzero(MOVES) == {("eth0", "", "ipv4", "unknown"): 1}


def test_totals_follow_a_device_that_is_back_under_another_number() -> None:
    scene = Scene()
    tables, old = scene.wire.tables, scene.wire.device
    scene.say(Said(ONE, A), Said(ONE, B))
    scene.settle(30.0)
    scene.say(Said(ONE, A, at=31.0))
    tables.retire(old)
    scene.wire.device = scene.wire.number("tmp0")
    scene.say(Said(ONE, A, at=32.0), Said(ONE, C, at=32.0))
    tables.rename({scene.wire.device: "eth0"})
    scene.settle(33.0)
    assert scene.nonzero(MOVES) == {("eth0", "", "ipv4", "unknown"): 1}
    assert scene.nonzero(PENDING) == {("eth0", "", "ipv4"): 2}
    scene.settle(70.0)
    assert scene.total() == scene.moves == 3


def test_a_vlan_that_takes_over_a_place_begins_with_nothing() -> None:
    scene = Scene(Wire(Limits(vlans=1)))
    scene.say(Said(ONE, A, vlan=7), Said(ONE, B, vlan=7))
    scene.settle(30.0)
    scene.say(Said(ONE, A, at=31.0, vlan=7))
    later = 31.0 + VLAN_IDLE_SECONDS + 1
    scene.say(Said(ONE, A, at=later, vlan=8))
    assert scene.nonzero(MOVES) == scene.nonzero(PENDING) == {}
    assert {labels[1] for labels in scene.samples(PENDING)} == {"8"}


steps = st.lists(
    st.tuples(
        st.floats(0.0, 20.0),
        st.lists(
            st.tuples(
                st.sampled_from([ONE, "192.0.2.2", SIX]),
                st.sampled_from([A, B, C]),
                st.sampled_from([0, 7]),
            ),
            min_size=1,
            max_size=8,
        ),
    ),
    max_size=10,
)


@given(steps, st.integers(1, 4), st.sampled_from([1, 9000]))
def test_causes_and_pending_add_up_to_all_moves(
    wire: list[tuple[float, list[tuple[str, int, int]]]], rows: int, places: int
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(windows, "PENDING_WINDOWS", places)
        scene = Scene(Wire(Limits(addresses=rows, address_burst=8, address_rate=1.0)))
        at = 0.0
        for passed, batch in wire:
            at += passed
            scene.say(
                *(
                    Said(ip, mac, NDP if ":" in ip else "reply", at, vlan=vlan)
                    for ip, mac, vlan in batch
                )
            )
            assert scene.total() == scene.moves
        for now in np.arange(at, at + 60.0, 1.0).tolist():
            scene.settle(now)
        assert scene.nonzero(PENDING) == {}
        assert scene.total() == scene.moves
        assert {labels[2] for labels in scene.samples(PENDING)} <= set(FAMILIES)

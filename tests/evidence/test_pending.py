from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from ipaddress import ip_address

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from l2exporter import limits
from l2exporter.evidence.moves import pending as module
from l2exporter.evidence.moves import windows
from l2exporter.evidence.moves.behavior import Behavior
from l2exporter.evidence.moves.pending import Pending, Settled, Unjudged
from l2exporter.evidence.seen import Claim, Question
from l2exporter.tables.bindings import AnyMoves
from tests.evidence.wire import WALL, Said, Wire, times

A, B, C = 0x02_00_00_00_00_0A, 0x02_00_00_00_00_0B, 0x02_00_00_00_00_0C
ONE, TWO = "192.0.2.1", "192.0.2.2"


@dataclass
class Scene:
    """Moves that wait, judged by `verdicts` (`failover` unless they tell); keeps what was asked."""

    wire: Wire = field(default_factory=Wire)
    verdicts: dict[tuple[int, int], str] = field(default_factory=dict)
    protected: set[str] = field(default_factory=set)
    judged: list[Behavior] = field(default_factory=list)
    moves: int = 0
    unjudged: list[Unjudged] = field(default_factory=list)
    settled: list[Settled] = field(default_factory=list)

    def __post_init__(self) -> None:
        tables = self.wire.tables
        self.pending = Pending(
            {"ipv4": tables.addresses, "ipv6": tables.addresses6},
            self._judge,
            lambda key: str(key[1]) in self.protected,
        )

    def _judge(self, behavior: Behavior, now: float) -> dict[tuple[int, int], str]:
        self.judged.append(behavior)
        return {pair: self.verdicts.get(pair, "failover") for pair in behavior.pairs}

    def follow(self) -> None:
        for change in self.wire.tables.take_changes():
            self.pending.change_segment(*change)

    def say(self, *said: Said, detailed: bool = True) -> None:
        """Place a batch; look at its moves one by one, if that is wanted."""
        now = said[-1].at
        sightings, moves = self.wire.arp(list(said), now)
        self.follow()
        if moves is None:
            return
        guarded = np.array([said[place].ip in self.protected for place in moves.position])
        self.moves += len(moves)
        self.unjudged += self.pending.observe(
            "ipv4", moves, times(list(said))[moves.position], guarded
        )
        for row, claim in _claims(said, moves, sightings.segment.tolist()) if detailed else ():
            self.pending.claim("ipv4", row, claim)

    def settle(self, now: float) -> list[Settled]:
        self.follow()
        settled = self.pending.settle(now)
        self.settled += settled
        return settled

    def waiting(self) -> int:
        segments = self.wire.tables.segments.columns.rows
        return int(self.pending.waiting("ipv4", segments).sum())

    def total(self) -> int:
        """All moves that are accounted for."""
        counted = sum(one.count for one in self.settled)
        return counted + sum(len(one.row) for one in self.unjudged) + self.waiting()


def _claims(
    said: tuple[Said, ...], moves: AnyMoves, segments: list[int]
) -> list[tuple[int, Claim]]:
    columns = (moves.row.tolist(), moves.from_mac.tolist(), moves.position.tolist())
    return [
        (row, claim(said[place], known=known, segment=segments[place]))
        for row, known, place in zip(*columns, strict=True)
    ]


def claim(said: Said, known: int | None, segment: int = 0) -> Claim:
    ip, at = ip_address(said.ip), said.at
    return Claim(segment, ip, said.mac, known, said.kind, False, WALL + at, at)


def test_a_move_waits_until_its_window_has_passed_and_is_told_once() -> None:
    scene = Scene()
    scene.say(Said(ONE, A, at=1.0), Said(ONE, B, at=2.0))
    assert scene.waiting() == 1
    assert scene.settle(31.9) == []
    settled = scene.settle(32.0)
    segment = scene.judged[0].key[0]
    assert settled == [Settled(segment, ip_address(ONE), "ipv4", A, B, "failover", 1, WALL + 2.0)]
    assert scene.waiting() == 0
    assert scene.settle(100.0) == []


def test_all_moves_of_a_window_are_judged_with_the_first_and_later_ones_wait_anew() -> None:
    scene = Scene(verdicts={(A, B): "sleep_proxy_hold", (B, A): "sleep_proxy_release"})
    scene.say(*(Said(ONE, mac, at=at) for at, mac in ((0, A), (1, B), (5, A), (6, B))))
    told = {(one.from_mac, one.to_mac): (one.cause, one.count) for one in scene.settle(31)}
    assert told == {(A, B): ("sleep_proxy_hold", 2), (B, A): ("sleep_proxy_release", 1)}
    scene.say(Said(ONE, A, at=32))
    assert scene.settle(61.9) == []
    assert [one.count for one in scene.settle(62)] == [1]


def test_behaviour_has_the_times_of_pairs_and_claims() -> None:
    scene = Scene()
    scene.say(Said(ONE, A, at=0.0), Said(ONE, B, "reply", at=1.0), Said(ONE, A, at=2.5))
    scene.settle(40)
    (behavior,) = scene.judged
    assert (behavior.began, behavior.until, behavior.others) == (1.0, 31.0, 0)
    assert [(p.count, p.first, p.last, p.time) for p in behavior.pairs.values()] == [
        (1, 1.0, 1.0, WALL + 1.0),
        (1, 2.5, 2.5, WALL + 2.5),
    ]
    b, a = behavior.claims[B], behavior.claims[A]
    assert (b.count, b.replies, b.announcements, b.seconds) == (1, 1, 0, 1)
    assert (a.count, a.replies, a.announcements, a.first, a.last) == (1, 0, 1, 2.5, 2.5)


def test_replies_long_after_any_question_are_unsolicited() -> None:
    scene = Scene()
    scene.say(Said(ONE, A), Said(ONE, B, "reply"))
    row = scene.wire.tables.addresses.find(_segment(scene), ip_address(ONE))
    place = int(scene.pending.windows["ipv4"].place[row])
    for at in (2.0, 10.0, 11.0, 12.0, 20.0):
        if at == 11.0:
            question = Question(_segment(scene), ip_address(ONE), C, probe=False, at=10.9)
            scene.pending.question("ipv4", place, question)
        reply = claim(Said(ONE, B, "reply", at), known=B)
        scene.pending.claim("ipv4", row, reply)
    scene.settle(40)
    claims = scene.judged[0].claims[B]
    assert (claims.replies, claims.unsolicited, claims.seconds) == (6, 2, 6)


def _segment(scene: Scene) -> int:
    tables = scene.wire.tables
    return int(tables.addresses.keys(tables.addresses.rows())[0][0])


def test_moves_that_nobody_looked_at_have_the_first_pair_and_the_latest() -> None:
    scene = Scene(verdicts={(A, B): "duplicate_address"})
    scene.say(*(Said(ONE, mac, at=at) for at, mac in enumerate((A, B, C))), detailed=False)
    first, rest = scene.settle(31)
    assert (first.from_mac, first.to_mac, first.count, first.time) == (A, B, 1, WALL + 1)
    assert (rest.from_mac, rest.to_mac, rest.count, rest.time) == (B, C, 1, WALL + 2)
    assert rest.cause == "duplicate_address"
    assert scene.judged[0].others == 1


def test_pairs_beyond_the_cap_have_the_most_serious_cause_of_those_kept() -> None:
    scene = Scene(verdicts={(2, 3): "suspected_spoofing", (3, 4): "unknown"})
    scene.say(*(Said(ONE, mac, at=0.1) for mac in range(1, 21)))
    settled = scene.settle(31)
    assert len(settled) == limits.PENDING_PAIRS + 1
    assert settled[-1].cause == "suspected_spoofing"
    assert (settled[-1].count, settled[-1].to_mac) == (19 - limits.PENDING_PAIRS, 20)
    assert sum(one.count for one in settled) == 19


def test_where_nothing_is_serious_the_rest_has_the_cause_of_the_most_moves() -> None:
    scene = Scene(verdicts={(1, 2): "dhcp_reassignment"})
    macs = [1, 2, 1, 2, 1, *range(2, 21)]
    scene.say(*(Said(ONE, mac, at=0.1) for mac in macs))
    assert scene.settle(31)[-1].cause == "dhcp_reassignment"


def test_macs_of_the_first_move_are_told_apart_however_many_claim() -> None:
    scene = Scene()
    scene.say(Said(ONE, A), Said(ONE, B))
    row = scene.wire.tables.addresses.find(_segment(scene), ip_address(ONE))
    for mac in range(1, 100):
        scene.pending.claim("ipv4", row, claim(Said(ONE, mac, at=1.0), known=mac))
    scene.pending.claim("ipv4", row, claim(Said(ONE, A, at=2.0), known=A))
    scene.settle(31)
    claims = scene.judged[0].claims
    assert claims[A].count == claims[B].count == 1
    assert len(claims) == limits.PENDING_MACS + 1


def test_a_protected_address_is_judged_as_one() -> None:
    scene = Scene(protected={ONE})
    scene.say(Said(ONE, A), Said(ONE, B), Said(TWO, A), Said(TWO, B))
    scene.settle(31)
    assert {str(one.key[1]): one.protected for one in scene.judged} == {ONE: True, TWO: False}


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(windows, "PENDING_WINDOWS", 2)
    monkeypatch.setattr(windows, "PENDING_RESERVE", 1)


def addresses(count: int) -> list[str]:
    return [f"198.51.100.{n}" for n in range(count)]


def test_without_a_place_moves_are_unknown_at_once_and_a_protected_one_has_its_place(
    few: None,
) -> None:
    scene = Scene(protected={ONE})
    ips = addresses(5)
    scene.say(*(Said(ip, mac) for ip in (*ips, ONE) for mac in (A, B, A)))
    (unjudged,) = scene.unjudged
    assert len(unjudged.row) == len(unjudged.segment) == 8
    assert set(unjudged.segment.tolist()) == {_segment(scene)}
    settled = scene.settle(31)
    assert {str(one.ip) for one in settled} == {ips[0], ONE}
    assert scene.total() == scene.moves == 12


def test_a_place_is_free_again_once_its_moves_are_judged(few: None) -> None:
    scene = Scene()
    for at, ip in enumerate(addresses(9)):
        scene.say(Said(ip, A, at=40 * at), Said(ip, B, at=40 * at))
        scene.settle(40 * at + 30)
    assert len(scene.settled) == 9
    assert scene.unjudged == []


def test_an_evicted_address_is_judged_and_begins_anew_when_it_returns() -> None:
    wire = Wire(limits.Limits(addresses=1, address_burst=16, address_rate=10))
    scene = Scene(wire)
    scene.say(Said(ONE, A, at=1), Said(ONE, B, at=1))
    scene.say(Said(TWO, A, at=2), Said(TWO, B, at=2))
    scene.say(Said(ONE, C, at=3), Said(ONE, A, at=3), Said(ONE, B, at=3))
    assert scene.total() == scene.moves == 4
    told = [(str(one.ip), one.from_mac, one.to_mac) for one in scene.settle(33)]
    assert told == [(ONE, A, B), (TWO, A, B), (ONE, C, A), (ONE, A, B)]
    assert scene.waiting() == 0


def test_what_waits_on_a_segment_follows_it_and_goes_with_it() -> None:
    scene = Scene()
    tables = scene.wire.tables
    old, new = scene.wire.device, scene.wire.number("eth1")
    scene.say(Said(ONE, A), Said(ONE, B))
    scene.wire.device = new
    scene.say(Said(ONE, A, at=1), Said(ONE, C, at=1))
    tables.retire(old)
    tables.rename({new: "eth0"})
    target = tables.segment_of(new, 0, 1.0)
    settled = scene.settle(31)
    assert [(one.segment, one.to_mac) for one in settled] == [(target, B), (target, C)]
    scene.say(Said(ONE, A, at=40))
    tables.retire(new)
    for name in itertools.count():
        if tables.segments.name(new) != "eth0":
            break
        tables.device(f"new{name}")
    assert scene.settle(100) == []
    assert scene.waiting() == 0
    assert len(scene.pending) == 0


def test_few_are_judged_at_once_the_oldest_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PENDING_JUDGED_AT_ONCE", 3)
    scene = Scene()
    for at, ip in enumerate(addresses(5)):
        scene.say(Said(ip, A, at=at), Said(ip, B, at=at))
    assert [str(one.ip) for one in scene.settle(60)] == addresses(5)[:3]
    assert [str(one.ip) for one in scene.settle(60)] == addresses(5)[3:]


def test_at_the_end_all_are_judged() -> None:
    scene = Scene()
    scene.say(*(Said(ip, mac) for ip in addresses(9) for mac in (A, B)))
    assert len(scene.pending.finish(1.0)) == 9
    assert scene.waiting() == 0


def test_ipv6_addresses_wait_like_others() -> None:
    scene = Scene()
    said = [
        Said(f"2001:db8::{n}", mac, "neighbor_advertisement_unsolicited")
        for n in (1, 2)
        for mac in (A, B)
    ]
    _, moves = scene.wire.ndp(said, 0.0)
    assert moves is not None
    scene.pending.observe("ipv6", moves, np.zeros(2), np.zeros(2, np.bool_))
    told = [(str(one.ip), one.family, one.to_mac) for one in scene.settle(30)]
    assert told == [("2001:db8::1", "ipv6", B), ("2001:db8::2", "ipv6", B)]


seen = st.tuples(st.integers(0, 5), st.integers(1, 4), st.sampled_from([0, 0, 7]), st.booleans())
turns = st.lists(
    st.tuples(
        st.floats(0.0, 40.0),
        st.lists(seen, max_size=12),
        st.booleans(),
        st.booleans(),
    ),
    max_size=12,
)


@given(turns, st.integers(2, 16), st.integers(0, 3), st.integers(0, 2), st.integers(1, 4))
def test_every_move_is_in_exactly_one_place(
    wire: list[tuple[float, list[tuple[int, int, int, bool]], bool, bool]],
    rows: int,
    places: int,
    reserve: int,
    judged: int,
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(windows, "PENDING_WINDOWS", places)
        patch.setattr(windows, "PENDING_RESERVE", reserve)
        patch.setattr(module, "PENDING_JUDGED_AT_ONCE", judged)
        few_rows = limits.Limits(addresses=rows, address_burst=16, address_rate=4.0, vlans=4)
        scene, now = Scene(Wire(few_rows), protected={"198.51.100.3"}), 0.0
        for passed, batch, detailed, settle in wire:
            now += passed
            if batch:
                said = [
                    Said(f"198.51.100.{n}", mac, at=now, vlan=vlan) for n, mac, vlan, _ in batch
                ]
                scene.say(*said, detailed=detailed)
            if settle:
                scene.settle(now)
            assert scene.total() == scene.moves
            assert len(scene.pending) <= 2 * (places + reserve)
        scene.settled += scene.pending.finish(now)
        assert scene.waiting() == 0
        assert scene.total() == scene.moves

from __future__ import annotations

from dataclasses import dataclass, field
from ipaddress import ip_address

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from l2exporter.evidence.moves import claims as module
from l2exporter.evidence.moves.claims import Batch, Budget, PickedClaim, PickedQuestion, Picker
from l2exporter.evidence.moves.packets import IPV4, IPV6, AnySightings
from l2exporter.evidence.moves.windows import Windows
from l2exporter.limits import (
    EVIDENCE_ADDRESS_RATE,
    EVIDENCE_BATCH,
    EVIDENCE_BURST,
    EVIDENCE_RATE,
)
from l2exporter.tables.bindings import AnyMoves
from tests.evidence.wire import WALL, Said, Wire, times

A, B, PROXY = 0x02_00_00_00_00_0A, 0x02_00_00_00_00_0B, 0x02_00_00_00_00_0F
ONE, TWO = "192.0.2.1", "192.0.2.2"
SIX = "2001:db8::1"


@dataclass
class Scene:
    """A picker of each family over real tables; `guarded` addresses should have MAC `A`."""

    wire: Wire = field(default_factory=Wire)
    guarded: set[str] = field(default_factory=set)
    proxies: set[int] = field(default_factory=set)
    budget: Budget = field(default_factory=Budget)

    def __post_init__(self) -> None:
        tables = self.wire.tables
        self.windows = {IPV4: Windows(tables.addresses), IPV6: Windows(tables.addresses6)}
        self.pickers = {
            IPV4: Picker(IPV4, tables.addresses, self.windows[IPV4], self.budget),
            IPV6: Picker(IPV6, tables.addresses6, self.windows[IPV6], self.budget),
        }

    def say(self, *said: Said) -> tuple[list[PickedClaim], list[PickedQuestion]]:
        """Place a batch of one family; pick from it."""
        told, now = list(said), said[-1].at
        sightings: AnySightings
        moves: AnyMoves | None
        if ":" in said[0].ip:
            family = IPV6
            sightings, moves = self.wire.ndp(told, now)
        else:
            family = IPV4
            sightings, moves = self.wire.arp(told, now)
        guarded = np.array([one.ip in self.guarded for one in said])
        unexpected = guarded & np.array([one.mac != A for one in said])
        proxies = np.array(sorted(self.proxies), np.uint64)
        batch = Batch(sightings, moves, times(told), guarded, unexpected, proxies, now)
        if moves is not None:
            places = moves.position
            self.windows[family].observe(moves, batch.at[places], guarded[places])
        return self.pickers[family].claims(batch), self.pickers[family].questions(batch)

    def claims(self, *said: Said) -> list[tuple[str, int]]:
        return [(str(one.claim.ip), one.claim.mac) for one in self.say(*said)[0]]

    def watch(self, ip: str) -> None:
        table = self.wire.tables.addresses
        row = table.find(self.wire.tables.segment_of(self.wire.device, 0, 0.0), ip_address(ip))
        table.watched[row] = True


def test_ordinary_traffic_is_nobodys_business() -> None:
    scene = Scene()
    said = [Said(f"192.0.2.{n}", n, "request", target=TWO) for n in range(1, 200)]
    assert scene.say(*said, *said) == ([], [])
    assert scene.budget.refusals == 0


def test_every_packet_of_an_address_that_moves_is_a_claim_with_what_was_bound_before() -> None:
    scene = Scene()
    said = (
        Said(ONE, A, at=1.0),
        Said(TWO, A, at=1.1),
        Said(ONE, B, "reply", at=1.2),
        Said(ONE, B, "request", at=1.3, target=TWO),
        Said(ONE, A, "gratuitous_reply", at=1.4),
    )
    claims = [one.claim for one in scene.say(*said)[0]]
    assert [(c.mac, c.known, c.kind, c.announces, c.at, c.time) for c in claims] == [
        (A, None, "announcement", True, 1.0, WALL + 1.0),
        (B, A, "reply", False, 1.2, WALL + 1.2),
        (B, B, "request", False, 1.3, WALL + 1.3),
        (A, B, "gratuitous_reply", True, 1.4, WALL + 1.4),
    ]
    assert {str(c.ip) for c in claims} == {ONE}


def test_claims_carry_the_row_and_the_segment_of_their_address() -> None:
    scene = Scene()
    tables = scene.wire.tables
    picked, _ = scene.say(*(Said(ONE, mac, vlan=vlan) for vlan in (0, 7) for mac in (A, B)))
    assert len({one.row for one in picked}) == 2
    for one in picked:
        assert tables.addresses.find(*one.claim.key) == one.row


def test_packets_of_watched_addresses_are_claims() -> None:
    scene = Scene()
    scene.say(Said(ONE, A), Said(TWO, B))
    scene.watch(ONE)
    assert scene.claims(Said(TWO, B), Said(ONE, A)) == [(ONE, A)]


def test_announcements_by_sleep_proxies_are_claims_and_their_questions_are_not() -> None:
    scene = Scene(proxies={PROXY, 1})
    said = (Said(ONE, PROXY), Said(TWO, PROXY, "request", target=ONE), Said("192.0.2.3", B))
    picked, _ = scene.say(*said)
    assert [(str(one.claim.ip), one.claim.known) for one in picked] == [(ONE, None)]


def test_unexpected_claims_of_protected_addresses_are_claims_and_expected_ones_are_not() -> None:
    scene = Scene(guarded={ONE, TWO})
    assert scene.claims(Said(ONE, A), Said(TWO, B)) == [(TWO, B)]


def test_what_is_not_tracked_is_no_claim() -> None:
    scene = Scene(proxies={PROXY})
    assert scene.claims(Said("0.0.0.0", PROXY)) == []


@pytest.mark.parametrize(
    ("kind", "claimed"),
    [
        ("neighbor_advertisement_unsolicited", "unsolicited"),
        ("neighbor_advertisement_solicited", "solicited"),
        ("neighbor_solicitation", "solicitation"),
        ("router_advertisement", "solicitation"),
    ],
)
def test_kinds_of_neighbour_discovery(kind: str, claimed: str) -> None:
    scene = Scene()
    picked, _ = scene.say(Said(SIX, A, kind), Said(SIX, B, kind))
    assert [(str(one.claim.ip), one.claim.kind) for one in picked] == [(SIX, claimed)] * 2
    assert picked[0].claim.announces == (claimed == "unsolicited")


def test_questions_for_an_address_whose_moves_wait() -> None:
    scene = Scene()
    asks = Said(TWO, B, "request", at=0.5, target=ONE)
    assert scene.say(asks)[1] == []
    scene.say(Said(ONE, A, at=1.0), Said(ONE, B, at=1.0))
    other = Said(TWO, B, "request", at=1.5, target="192.0.2.9")
    _, (question,) = scene.say(other, asks._replace(at=2.0), asks._replace(at=2.5))
    assert str(question.question.ip) == ONE
    assert (question.question.mac, question.question.probe, question.at) == (B, False, 2.0)
    _, (question,) = scene.say(Said("0.0.0.0", B, "probe", at=3.0, target=ONE))
    assert question.question.probe
    assert scene.say(asks._replace(vlan=7))[1] == []


def test_questions_of_neighbour_discovery() -> None:
    scene = Scene()
    asks = Said("2001:db8::9", B, "neighbor_solicitation", target=SIX)
    said = [Said(SIX, mac, "neighbor_advertisement_unsolicited") for mac in (A, B)]
    _, (question,) = scene.say(*said, asks, asks._replace(target="2001:db8:1::1"))
    assert str(question.question.ip) == SIX
    dad = Said("::", B, "duplicate_address_detection", target=SIX)
    _, (question,) = scene.say(dad)
    assert question.question.probe


def test_a_flood_on_one_address_leaves_room_for_others() -> None:
    scene = Scene()
    scene.say(Said(ONE, A), Said(TWO, B))
    flood = [Said(ONE, mac) for _ in range(1000) for mac in (A, B)]
    claims = scene.claims(*flood, Said(TWO, A), *flood)
    assert claims.count((TWO, A)) == 1
    assert len(claims) == 1 + EVIDENCE_ADDRESS_RATE
    assert scene.budget.refusals == 4001 - len(claims)
    assert scene.claims(*flood) == []
    later = [one._replace(at=1.0) for one in flood]
    assert len(scene.claims(*later)) == EVIDENCE_ADDRESS_RATE


def test_a_flood_on_many_addresses_leaves_protected_ones_and_then_watched_ones_first() -> None:
    scene = Scene(guarded={ONE})
    ips = [f"10.0.{n >> 8}.{n & 255}" for n in range(2000)]
    scene.say(*(Said(ip, A) for ip in (*ips, ONE, TWO)))
    scene.watch(TWO)
    claims = scene.claims(*(Said(ip, B) for ip in (*ips, ONE, TWO)))
    assert (ONE, B) in claims
    assert (TWO, B) in claims
    assert len(claims) == EVIDENCE_BATCH + 1
    assert scene.budget.refusals == 2002 - len(claims)


def test_whoever_was_looked_at_least_comes_first() -> None:
    scene = Scene()
    ips = [f"10.0.{n >> 8}.{n & 255}" for n in range(EVIDENCE_BATCH + 50)]
    scene.say(*(Said(ip, A) for ip in ips))
    first = {ip for ip, _ in scene.claims(*(Said(ip, B) for ip in ips))}
    second = {ip for ip, _ in scene.claims(*(Said(ip, A) for ip in ips))}
    assert len(first) == EVIDENCE_BATCH
    assert set(ips) - first <= second


def test_packets_looked_at_in_a_second_are_bounded() -> None:
    scene = Scene()
    ips = [f"10.{n >> 16}.{n >> 8 & 255}.{n & 255}" for n in range(4000)]
    scene.say(*(Said(ip, A) for ip in ips))
    picked, batches = 0, 400
    for batch in range(batches):
        mac, at = (B, A)[batch % 2], batch / batches
        picked += len(scene.claims(*(Said(ip, mac, at=at) for ip in ips[:: batch % 7 + 1])))
    bound = EVIDENCE_BURST + EVIDENCE_RATE
    assert bound * 0.9 <= picked <= bound


def test_of_a_capture_file_a_batch_may_be_looked_at_whole() -> None:
    live, of_file = Scene(), Scene(budget=Budget(of_file=True))
    ips = [f"10.0.{n >> 8}.{n & 255}" for n in range(2 * EVIDENCE_BATCH)]
    for scene, expected in ((live, EVIDENCE_BATCH), (of_file, len(ips))):
        scene.say(*(Said(ip, A) for ip in ips))
        assert len(scene.claims(*(Said(ip, B) for ip in ips))) == expected


packets = st.lists(st.tuples(st.integers(1, 6), st.integers(1, 3)), min_size=1, max_size=60)


@given(st.lists(packets, max_size=6), st.integers(1, 8), st.integers(1, 40))
def test_claims_are_in_the_order_of_the_wire_and_the_rest_is_counted(
    wire: list[list[tuple[int, int]]], per_address: int, at_once: int
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "EVIDENCE_ADDRESS_RATE", per_address)
        patch.setattr(module, "EVIDENCE_BATCH", at_once)
        scene, at = Scene(guarded={"10.0.0.1"}), 0.0
        moving: set[str] = set()
        bound: dict[str, int] = {}
        for batch in wire:
            said = [Said(f"10.0.0.{n}", mac, at=(at := at + 0.001)) for n, mac in batch]
            known: dict[float, int | None] = {}
            for one in said:
                known[one.at] = bound.get(one.ip)
                if bound.setdefault(one.ip, one.mac) != one.mac:
                    moving.add(one.ip)
                    bound[one.ip] = one.mac
            guarded = {one.at for one in said if one.ip == "10.0.0.1" and one.mac != A}
            matter = {one.at for one in said if one.ip in moving} | guarded
            before = scene.budget.refusals
            claims = [one.claim for one in scene.say(*said)[0]]
            assert [c.at for c in claims] == sorted(c.at for c in claims)
            assert all(c.known == known[c.at] for c in claims)
            assert {c.at for c in claims} <= matter
            assert len(claims) + scene.budget.refusals - before == len(matter)
            shared = [c for c in claims if str(c.ip) != "10.0.0.1"]
            assert len(shared) <= at_once
            for n in range(1, 7):
                assert sum(str(c.ip) == f"10.0.0.{n}" for c in claims) <= per_address

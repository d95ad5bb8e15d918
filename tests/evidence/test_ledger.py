from __future__ import annotations

import tracemalloc
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from ipaddress import ip_address

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from l2exporter.dissect.dns import Owner
from l2exporter.dissect.mdns import HostAddress, Mdns, ProxyName, ProxyOffer
from l2exporter.dissect.wake_on_lan import MagicPacket
from l2exporter.evidence.ledger import Ledger
from l2exporter.evidence.moves import windows
from l2exporter.evidence.moves.pending import Settled, Unjudged
from l2exporter.evidence.protection.protected import ProtectedClaim
from l2exporter.evidence.seen import Claim, Message, Seen
from l2exporter.evidence.sleep.transitions import Transition
from l2exporter.limits import EVIDENCE_BURST, EVIDENCE_RATE, Limits
from tests.evidence.wire import WALL, Said, Wire, times

OWNER, PROXY, THIEF = 0x02_00_00_00_00_0A, 0x02_00_00_00_00_0B, 0x02_00_00_00_00_0C
HELD, PROXY_IP, HELD6 = "192.0.2.117", "192.0.2.76", "2001:db8::117"
NAME = ProxyName(50, 37, 71, 72, None, "MBP XYZ")
OFFER = Mdns(True, proxies=(ProxyOffer("50-37-71-72 MBP XYZ", NAME, 61000, 4500),))
ANNOUNCED = Mdns(True, addresses=(HostAddress("laptop.local", ip_address(HELD), 4500, True),))
NDP = "neighbor_advertisement_unsolicited"


@dataclass(frozen=True)
class Spoke:
    """A dissected packet."""

    mac: int
    message: Message
    at: float


@dataclass
class Scene:
    """A segment's frames in, as batches; what the ledger derives out."""

    wire: Wire = field(default_factory=Wire)
    told: list[object] = field(default_factory=list)
    moves: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.ledger = Ledger(self.wire.tables)

    def batch(self, *items: Said | Spoke) -> None:
        """Take in one batch, whose packets are in the order of their times."""
        now = max(item.at for item in items)
        said = [item for item in items if isinstance(item, Said)]
        said4 = [one for one in said if ":" not in one.ip]
        said6 = [one for one in said if ":" in one.ip]
        sightings, moves = self.wire.arp(said4, now)
        sightings6, moves6 = self.wire.ndp(said6, now)
        self.moves["ipv4"] += 0 if moves is None else len(moves)
        self.moves["ipv6"] += 0 if moves6 is None else len(moves6)
        self.told += self.ledger.observe(
            sightings,
            moves,
            sightings6,
            moves6,
            times(said4),
            times(said6),
            [self._seen(item) for item in items if isinstance(item, Spoke)],
            now,
            WALL + now,
        )

    def _seen(self, spoke: Spoke) -> Seen:
        return Seen(
            device=self.wire.device,
            segment=self.segment,
            source_mac=spoke.mac,
            destination_mac=0x01_00_5E_00_00_FB,
            source=ip_address(PROXY_IP if spoke.mac == PROXY else HELD),
            destination=None,
            source_port=5353,
            destination_port=5353,
            sent=False,
            time=WALL + spoke.at,
            at=spoke.at,
            message=spoke.message,
        )

    @property
    def segment(self) -> int:
        segment: int = self.wire.tables.segment_of(self.wire.device, 0, 0.0)
        return segment

    def one_by_one(self, *items: Said | Spoke) -> None:
        for item in items:
            self.batch(item)

    def settle(self, now: float) -> None:
        self.told += self.ledger.settle(now, WALL + now)

    def finish(self, now: float) -> None:
        self.told += self.ledger.finish(now, WALL + now)

    def of(self, kind: type) -> list:  # type: ignore[type-arg]
        return [event for event in self.told if isinstance(event, kind)]

    @property
    def causes(self) -> list[tuple[str, int]]:
        return [(one.cause, one.count) for one in self.of(Settled)]

    def accounted(self, family: str) -> int:
        """Moves with a verdict, and those that wait."""
        segments = self.wire.tables.segments.columns.rows
        settled = sum(one.count for one in self.of(Settled) if one.family == family)
        unjudged = sum(len(one.row) for one in self.of(Unjudged) if one.family == family)
        waiting = int(self.ledger.pending.waiting(family, segments).sum())
        return int(settled) + int(unjudged) + waiting


def ladder(at: float) -> list[Said]:
    return [Said(HELD, PROXY, at=at + step) for step in (0.0, 1.0, 3.0)]


def falls_asleep(at: float) -> list[Said | Spoke]:
    return [
        Said(HELD, OWNER, at=at - 20),
        Spoke(PROXY, OFFER, at - 10),
        Spoke(PROXY, ANNOUNCED, at - 2),
        *ladder(at),
    ]


def test_a_sleep_proxys_hold_and_its_end_are_told_and_both_moves_have_their_cause() -> None:
    scene = Scene()
    scene.one_by_one(*falls_asleep(100.0))
    (hold,) = scene.of(Transition)
    assert (hold.kind, hold.owner_mac, hold.proxy_mac) == ("hold", OWNER, PROXY)
    assert hold.time == WALL + 100
    scene.settle(129.9)
    assert scene.causes == []
    scene.settle(130.0)
    assert scene.causes == [("sleep_proxy_hold", 1)]
    scene.one_by_one(
        Spoke(PROXY, MagicPacket(OWNER), 500.0),
        Said(HELD, OWNER, at=501.5),
    )
    scene.settle(531.5)
    assert scene.of(Transition)[1].kind == "release"
    assert scene.of(Transition)[1].time == WALL + 501.5
    assert scene.causes[1:] == [("sleep_proxy_release", 1)]


def test_it_is_the_same_in_one_batch() -> None:
    singly, together = Scene(), Scene()
    packets = falls_asleep(100.0)
    singly.one_by_one(*packets)
    together.batch(Said(PROXY_IP, PROXY, at=79.0))
    together.batch(packets[0], packets[1])
    together.batch(*packets[2:])
    assert together.of(Transition) == singly.of(Transition)
    assert len(together.of(Transition)) == 1


@pytest.mark.parametrize(("magic", "back"), [(500.0, 500.5), (500.5, 500.0)])
def test_a_magic_packet_and_the_return_in_one_batch_are_taken_in_the_order_of_time(
    magic: float, back: float
) -> None:
    together, singly = Scene(), Scene()
    packets: list[Said | Spoke] = [
        Said(HELD, OWNER, at=back),
        Spoke(PROXY, MagicPacket(OWNER), magic),
    ]
    for scene in (together, singly):
        scene.one_by_one(*falls_asleep(100.0))
        scene.settle(140.0)
    together.batch(*packets)
    singly.one_by_one(*sorted(packets, key=lambda packet: packet.at))
    for scene in (together, singly):
        scene.settle(540.0)
        assert [event.kind for event in scene.of(Transition)] == ["hold", "release"]
        assert scene.of(Transition)[1].time == WALL + back
        assert scene.causes[1:] == [("sleep_proxy_release", 1)]
    assert together.told == singly.told


def test_what_was_dissected_has_its_place_among_the_claims_of_its_batch() -> None:
    scene = Scene()
    scene.one_by_one(*falls_asleep(100.0))
    scene.batch(
        Spoke(PROXY, MagicPacket(OWNER), 500.0),
        Said(HELD, OWNER, at=500.1),
        Spoke(OWNER, Mdns(True, owner=Owner(2, OWNER, OWNER)), 500.2),
    )
    assert scene.of(Transition)[1].time == WALL + 500.1


def test_where_time_leaps_a_hold_ends_before_the_move_is_judged_by_it() -> None:
    scene = Scene()
    scene.one_by_one(*falls_asleep(100.0))
    scene.settle(140.0)
    scene.batch(Said(HELD, OWNER, at=500.0))
    scene.batch(Said(PROXY_IP, PROXY, at=10_000.0))
    assert [event.kind for event in scene.of(Transition)] == ["hold", "release"]
    assert scene.causes[1:] == [("sleep_proxy_release", 1)]


def test_every_packet_of_a_held_address_is_looked_at_though_it_moves_nothing() -> None:
    scene = Scene()
    scene.one_by_one(*falls_asleep(100.0))
    table = scene.wire.tables.addresses
    row = table.find(scene.segment, ip_address(HELD))
    assert table.watched[row]
    scene.settle(200.0)
    assert table.watched[row]
    scene.one_by_one(Spoke(OWNER, Mdns(True, owner=Owner(2, OWNER, OWNER)), 400.0))
    assert [event.kind for event in scene.of(Transition)] == ["hold", "release"]
    for now in np.arange(400.0, 700.0, 5.0).tolist():
        scene.settle(now)
    assert not table.watched[row]


def test_a_held_address_that_was_evicted_is_watched_again_once_it_is_back() -> None:
    scene = Scene(Wire(Limits(addresses=1, address_burst=16, address_rate=10.0)))
    scene.one_by_one(*falls_asleep(100.0))
    scene.one_by_one(Said(PROXY_IP, PROXY, at=110.0), Said(HELD, PROXY, at=120.0))
    scene.settle(140.0)
    table = scene.wire.tables.addresses
    assert table.watched[table.find(scene.segment, ip_address(HELD))]


def test_a_claim_on_a_protected_address_is_told_at_once_and_no_proxy_excuses_it() -> None:
    scene = Scene()
    scene.ledger.protected.configure([(ip_address(HELD), OWNER, "gateway")])
    scene.one_by_one(*falls_asleep(100.0))
    assert {(event.mac, event.role) for event in scene.of(ProtectedClaim)} == {(PROXY, "gateway")}
    scene.settle(140.0)
    assert scene.causes == [("suspected_spoofing", 1)]


def slowly(scene: Scene, *turns: tuple[float, int]) -> list[str]:
    """Each claims the address in turn; the cause of each move, in their order."""
    scene.batch(Said(HELD, OWNER, "reply", at=0.0))
    for at, mac in turns:
        for now in np.arange(at - 40, at, 20.0).tolist():
            scene.settle(now)
        scene.batch(Said(HELD, mac, "reply", at=at))
    scene.settle(turns[-1][0] + 40)
    return [cause for cause, _ in scene.causes]


@pytest.mark.parametrize("back", [10.0, 90.0])
@pytest.mark.parametrize("fixed", [OWNER, None])
def test_a_gateway_that_is_poisoned_slowly_is_so_from_the_second_time_on(
    back: float, fixed: int | None
) -> None:
    scene = Scene()
    scene.ledger.protected.configure([(ip_address(HELD), fixed, "gateway")])
    turns = [
        (at, mac) for t in (100.0, 300.0, 500.0) for at, mac in ((t, THIEF), (t + back, OWNER))
    ]
    assert slowly(scene, *turns) == ["unknown"] * 2 + ["suspected_spoofing"] * 4


def test_so_is_one_that_was_driven_off_an_hour_ago_no_more() -> None:
    scene = Scene()
    scene.ledger.protected.configure([(ip_address(HELD), OWNER, "gateway")])
    turns = ((100.0, THIEF), (110.0, OWNER), (3_800.0, THIEF), (3_810.0, OWNER))
    assert slowly(scene, *turns) == ["unknown"] * 4


def test_a_host_that_takes_turns_slowly_with_another_is_no_spoofer() -> None:
    scene = Scene()
    turns = ((100.0, THIEF), (110.0, OWNER), (300.0, THIEF), (310.0, OWNER))
    assert slowly(scene, *turns) == ["unknown"] * 4


def test_replies_that_nobody_asked_for_are_told_from_answers() -> None:
    causes = {}
    for asked in (True, False):
        scene = Scene()
        scene.batch(Said(HELD, OWNER, at=0.0))
        for n in range(12):
            at = 1.0 + 2 * n
            if asked:
                scene.batch(Said(PROXY_IP, PROXY, "request", at=at - 0.1, target=HELD))
            scene.batch(Said(HELD, THIEF, "reply", at=at))
            scene.batch(Said(HELD, OWNER, "request", at=at + 1, target=PROXY_IP))
        scene.settle(40.0)
        causes[asked] = {cause for cause, _ in scene.causes}
    assert causes[False] == {"suspected_spoofing"}
    assert "suspected_spoofing" not in causes[True]


def test_ipv6_moves_are_judged_too() -> None:
    scene = Scene()
    scene.one_by_one(
        Said(HELD6, OWNER, NDP, at=0.0),
        Spoke(PROXY, OFFER, 10.0),
        Said(HELD6, PROXY, NDP, at=20.0),
        Said(HELD6, PROXY, NDP, at=21.0),
    )
    scene.settle(60.0)
    assert [event.kind for event in scene.of(Transition)] == ["hold"]
    assert [(one.family, one.cause) for one in scene.of(Settled)] == [("ipv6", "sleep_proxy_hold")]


def test_at_the_end_of_a_capture_all_moves_have_a_cause() -> None:
    scene = Scene()
    scene.one_by_one(*falls_asleep(100.0))
    scene.finish(104.0)
    assert scene.causes == [("sleep_proxy_hold", 1)]
    assert scene.accounted("ipv4") == 1


def test_segments_that_are_gone_or_merged_are_so_for_everybody() -> None:
    scene = Scene()
    tables = scene.wire.tables
    scene.one_by_one(*falls_asleep(100.0))
    old, new = scene.wire.device, scene.wire.number("eth1")
    tables.retire(old)
    tables.rename({new: "eth0"})
    scene.wire.device = new
    scene.settle(140.0)
    (hold,) = scene.ledger.holds.current()
    assert hold.key[0] == scene.segment
    assert [one.segment for one in scene.of(Settled)] == [scene.segment]
    assert [proxy.segment for proxy in scene.ledger.proxies.entries()] == [scene.segment]


def test_packets_that_waited_longer_than_anothers_do_not_turn_time_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    scene, passed = Scene(), []

    def settle(now: float, wall: float) -> list[object]:
        passed.append((now, wall))
        return []

    monkeypatch.setattr(scene.ledger.holds, "settle", settle)
    for at in (10.0, 9.9, 10.1):
        scene.batch(Said(HELD, OWNER, at=at))
    assert passed == [(at, WALL + at) for at in (10.0, 10.0, 10.1)]


def test_every_table_tells_how_full_it_is() -> None:
    scene = Scene()
    scene.one_by_one(*falls_asleep(100.0))
    usage = {each.table: each for each in scene.ledger.usage()}
    assert len(usage) == len(scene.ledger.usage())
    assert usage["evidence"].entries == 1
    assert usage["sleep_proxies"].entries == 1
    assert all(each.entries <= each.limit for each in usage.values())


def test_a_storm_is_counted_whole_and_looked_at_in_part(monkeypatch: pytest.MonkeyPatch) -> None:
    scene, looked_at = Scene(), 0
    claim = scene.ledger.holds.claim

    def counted(one: Claim) -> list[object]:
        nonlocal looked_at
        looked_at += 1
        return claim(one)

    monkeypatch.setattr(scene.ledger.holds, "claim", counted)
    ips = [f"10.0.{n >> 8}.{n & 255}" for n in range(3000)]
    for batch in range(60):
        at = batch / 60
        scene.batch(*(Said(ip, 2 + (batch + n) % 3, at=at) for n, ip in enumerate(ips)))
        assert scene.accounted("ipv4") == scene.moves["ipv4"]
    assert scene.moves["ipv4"] == 59 * 3000
    assert EVIDENCE_BURST <= looked_at <= EVIDENCE_BURST + EVIDENCE_RATE
    usage = {each.table: each for each in scene.ledger.usage()}
    assert usage["evidence"].refusals == 59 * 3000 - looked_at
    for now in range(30, 60):
        scene.settle(now)
    assert sum(count for _, count in scene.causes) == 59 * 3000


packets = st.lists(
    st.tuples(
        st.sampled_from(["192.0.2.1", "192.0.2.2", "192.0.2.3", "2001:db8::1", "2001:db8::2"]),
        st.sampled_from([OWNER, PROXY, THIEF]),
        st.floats(0.0, 20.0),
        st.sampled_from([0, 0, 7]),
        st.booleans(),
    ),
    min_size=1,
    max_size=40,
)


@given(packets, st.sampled_from([1, 2, 9000]), st.integers(1, 64))
def test_every_move_has_one_cause_wherever_batches_are_cut(
    wire: Sequence[tuple[str, int, float, int, bool]], places: int, rows: int
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(windows, "PENDING_WINDOWS", places)
        patch.setattr(windows, "PENDING_RESERVE", 1)
        few = Limits(addresses=rows, address_burst=16, address_rate=1.0)
        scene, at = Scene(Wire(few)), 0.0
        scene.ledger.protected.configure([(ip_address("192.0.2.1"), OWNER, "gateway")])
        batch: list[Said | Spoke] = []
        for ip, mac, passed, vlan, cut in wire:
            at += passed
            kind = NDP if ":" in ip else "reply"
            batch.append(Said(ip, mac, kind, at, vlan=vlan))
            if cut:
                scene.batch(*batch)
                batch = []
                for family in ("ipv4", "ipv6"):
                    assert scene.accounted(family) == scene.moves[family]
        scene.finish(at)
        for family in ("ipv4", "ipv6"):
            assert scene.accounted(family) == scene.moves[family]
        assert len(scene.ledger.pending) == 0


def test_decades_without_a_frame_are_passed_in_a_bounded_number_of_steps() -> None:
    scene = Scene()
    scene.batch(Said(HELD, OWNER), Said(HELD, THIEF, at=1.0))
    scene.ledger.settle(1.0, WALL)
    tracemalloc.start()
    try:
        settled = scene.ledger.settle(1e8, WALL + 1e8)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert len(settled) == 1
    assert peak < 1_000_000

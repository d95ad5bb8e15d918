from __future__ import annotations

from ipaddress import IPv4Address

import numpy as np
import pytest

from l2exporter import limits
from l2exporter.collectors import moves
from l2exporter.evidence.moves.pending import Settled, Unjudged
from tests.collectors.scene import Scene
from tests.lab.frames import announcement, probe, request, tagged

A, B, C = "02:00:00:00:00:0a", "02:00:00:00:00:0b", "02:00:00:00:00:0c"
ONE, TWO = "192.0.2.1", "192.0.2.2"
MOVES, FLIPS = "l2_arp_moves_total", "l2_arp_flip_flops_total"
LAST, INFO = "l2_arp_last_move_timestamp_seconds", "l2_arp_last_move_info"
WITHHELD = "l2_arp_last_move_info_withheld"


def claims(ip: str, *macs: str) -> list[bytes]:
    return [announcement(mac, ip) for mac in macs]


def test_an_address_is_there_with_zero_moves_from_its_first_sight_and_nothing_else_is() -> None:
    scene = Scene("arp_moves")
    scene.feed(request(A, ONE, TWO))
    assert scene.samples(MOVES) == {("eth0", "", ONE): 0}
    assert scene.samples(FLIPS) == scene.samples(LAST) == scene.samples(INFO) == {}


def test_a_move_is_counted_with_its_time_and_macs() -> None:
    scene = Scene("arp_moves")
    scene.feed(*claims(ONE, A, A, B), time=[10.0, 11.0, 12.5])
    assert scene.samples(MOVES) == {("eth0", "", ONE): 1}
    assert scene.samples(FLIPS) == {("eth0", "", ONE): 0}
    assert scene.samples(LAST) == {("eth0", "", ONE): 12.5}
    assert scene.samples(INFO) == {("eth0", "", ONE, A, B, "pending"): 1}


def test_the_latest_of_several_moves_in_a_batch_is_the_last() -> None:
    scene = Scene("arp_moves")
    scene.feed(*claims(ONE, A, B, A, C), *claims(TWO, B, A), time=[1, 2, 3, 4, 5, 6])
    assert scene.samples(MOVES) == {("eth0", "", ONE): 3, ("eth0", "", TWO): 1}
    assert scene.samples(FLIPS) == {("eth0", "", ONE): 1, ("eth0", "", TWO): 0}
    assert scene.samples(LAST) == {("eth0", "", ONE): 4, ("eth0", "", TWO): 6}
    assert set(scene.samples(INFO)) == {
        ("eth0", "", ONE, A, C, "pending"),
        ("eth0", "", TWO, B, A, "pending"),
    }


def test_counts_add_up_over_batches() -> None:
    scene = Scene("arp_moves")
    for mac in (A, B, A, B, C):
        scene.feed(announcement(mac, ONE))
    assert scene.samples(MOVES) == {("eth0", "", ONE): 4}
    assert scene.samples(FLIPS) == {("eth0", "", ONE): 2}


def test_probes_move_nothing() -> None:
    scene = Scene("arp_moves")
    scene.feed(announcement(A, ONE), probe(B, ONE))
    assert scene.samples(MOVES) == {("eth0", "", ONE): 0}


def test_an_address_may_move_in_one_vlan_and_rest_in_another() -> None:
    scene = Scene("arp_moves")
    one, other = claims(ONE, A, B)
    scene.feed(one, tagged(one, 7), other)
    assert scene.samples(MOVES) == {("eth0", "", ONE): 1, ("eth0", "7", ONE): 0}


def test_what_this_host_sends_can_move_an_address() -> None:
    scene = Scene("arp_moves")
    scene.feed(*claims(ONE, A, B), sent=[False, True])
    assert scene.samples(MOVES) == {("eth0", "", ONE): 1}


def test_an_address_that_takes_over_a_row_begins_with_nothing() -> None:
    scene = Scene("arp_moves", limits=limits.Limits(addresses=1, address_burst=16, address_rate=1))
    scene.feed(*claims(ONE, A, B, A))
    scene.feed(announcement(C, TWO))
    assert scene.samples(MOVES) == {("eth0", "", TWO): 0}
    assert scene.samples(LAST) == {}
    scene.feed(announcement(A, TWO), time=7)
    assert scene.samples(INFO) == {("eth0", "", TWO, C, A, "pending"): 1}
    assert scene.samples(FLIPS) == {("eth0", "", TWO): 0}


TWO_ROWS = limits.Limits(addresses=2)


@pytest.fixture
def few_pairs(monkeypatch: pytest.MonkeyPatch) -> None:
    """As many pairs of MACs as rows at once, then one in ten seconds."""
    monkeypatch.setattr(moves, "MAC_PAIR_RATE", 0.1)


def test_macs_are_withheld_once_pairs_come_faster_than_series_may(few_pairs: None) -> None:
    scene = Scene("arp_moves", limits=TWO_ROWS)
    scene.feed(*claims(ONE, A, B), *claims(TWO, A, B))
    assert len(scene.samples(INFO)) == 2
    assert scene.total(WITHHELD) == 0
    scene.feed(announcement(C, ONE), announcement(C, TWO))
    assert len(scene.samples(INFO)) == 0
    assert scene.total(WITHHELD) == 2
    assert scene.total(MOVES) == 4
    assert len(scene.samples(LAST)) == 2
    scene.now = 10
    assert len(scene.samples(INFO)) == 1
    scene.now = 20
    assert set(scene.samples(INFO)) == {("eth0", "", ip, B, C, "pending") for ip in (ONE, TWO)}
    assert scene.total(WITHHELD) == 0


def test_a_flip_flop_shows_the_same_two_macs_without_a_token(few_pairs: None) -> None:
    scene = Scene("arp_moves", limits=TWO_ROWS)
    scene.feed(*claims(ONE, A, B))
    for mac, other in ((A, B), (B, A)) * 5:
        scene.feed(announcement(mac, ONE))
        assert set(scene.samples(INFO)) == {("eth0", "", ONE, other, mac, "pending")}
    scene.feed(announcement(C, ONE))
    assert set(scene.samples(INFO)) == {("eth0", "", ONE, B, C, "pending")}
    scene.feed(announcement(A, ONE))
    assert scene.samples(INFO) == {}
    assert scene.total(WITHHELD) == 1


def test_a_scrape_without_changes_takes_no_token(few_pairs: None) -> None:
    scene = Scene("arp_moves", limits=TWO_ROWS)
    scene.feed(*claims(ONE, A, B))
    for _ in range(10):
        assert len(scene.samples(INFO)) == 1
    scene.feed(*claims(TWO, A, B))
    assert len(scene.samples(INFO)) == 2


def settled(ip: str, from_mac: str, to_mac: str, cause: str, family: str = "ipv4") -> Settled:
    old, new = (int(mac.replace(":", ""), 16) for mac in (from_mac, to_mac))
    return Settled(SEGMENT, IPv4Address(ip), family, old, new, cause, count=1, time=0.0)


SEGMENT = limits.Limits().vlans
"""Of what is untagged on the first device."""


def causes(scene: Scene) -> dict[str, str]:
    """The cause of each address's last move."""
    return {labels[2]: labels[5] for labels in scene.samples(INFO)}


def test_the_cause_is_shown_once_the_move_has_settled() -> None:
    scene = Scene("arp_moves")
    scene.feed(*claims(ONE, A, B), *claims(TWO, A, B))
    assert causes(scene) == {ONE: "pending", TWO: "pending"}
    scene.suite.observe([settled(ONE, A, B, "failover")])
    assert causes(scene) == {ONE: "failover", TWO: "pending"}
    assert set(scene.samples(INFO)) >= {("eth0", "", ONE, A, B, "failover")}


def test_the_next_move_has_no_cause_yet() -> None:
    scene = Scene("arp_moves")
    scene.feed(*claims(ONE, A, B))
    scene.suite.observe([settled(ONE, A, B, "failover")])
    scene.feed(announcement(A, ONE))
    assert causes(scene) == {ONE: "pending"}


@pytest.mark.parametrize(
    "event",
    [
        settled(ONE, B, A, "failover"),
        settled(ONE, A, C, "failover"),
        settled(TWO, A, B, "failover"),
        settled("192.0.2.3", A, B, "failover"),
        settled(ONE, A, B, "failover", family="ipv6"),
    ],
)
def test_what_other_moves_were_says_nothing_of_the_last(event: Settled) -> None:
    scene = Scene("arp_moves")
    scene.feed(*claims(ONE, A, B), *claims(TWO, A))
    scene.suite.observe([event])
    assert causes(scene) == {ONE: "pending"}
    assert scene.total(MOVES) == 1


def test_who_takes_over_a_row_has_no_cause_of_the_one_before() -> None:
    scene = Scene("arp_moves", limits=limits.Limits(addresses=1, address_burst=9, address_rate=1))
    scene.feed(*claims(ONE, A, B))
    segment = int(scene.tables.addresses.keys(scene.tables.addresses.rows())[0][0])
    assert segment == SEGMENT
    scene.suite.observe([settled(ONE, A, B, "failover")])
    scene.feed(*claims(TWO, A, B))
    assert causes(scene) == {TWO: "pending"}


def test_a_verdict_on_earlier_moves_says_nothing_of_a_later_one() -> None:
    scene = Scene("arp_moves")
    scene.feed(*claims(ONE, A, B), time=0.0)
    scene.feed(*claims(ONE, A, B), time=1.0)
    scene.suite.observe([settled(ONE, A, B, "failover")])
    assert causes(scene) == {ONE: "pending"}


def test_moves_that_will_not_be_judged_are_unknown_at_once() -> None:
    scene = Scene("arp_moves")
    scene.feed(*claims(ONE, A, B), *claims(TWO, A, B))
    row = scene.tables.addresses.find(SEGMENT, IPv4Address(TWO))
    places = (np.array([SEGMENT]), np.array([row]))
    scene.suite.observe([Unjudged("ipv6", *places)])
    assert causes(scene) == {ONE: "pending", TWO: "pending"}
    scene.suite.observe([Unjudged("ipv4", *places)])
    assert causes(scene) == {ONE: "pending", TWO: "unknown"}

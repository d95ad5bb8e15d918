"""What `ndp_moves` counts; what it shares with `arp_moves` is tested more closely there."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address

import pytest

from l2exporter.collectors import moves
from l2exporter.evidence.moves.pending import Settled
from l2exporter.limits import Limits
from tests.collectors.scene import Scene
from tests.lab import ndp
from tests.lab.frames import tagged

A, B, C = "02:00:00:00:00:0a", "02:00:00:00:00:0b", "02:00:00:00:00:0c"
ONE, TWO = "2001:db8::1", "fe80::2"
MOVES, FLIPS, OVERRIDES = "l2_ndp_moves_total", "l2_ndp_flip_flops_total", "l2_ndp_overrides_total"
LAST, INFO = "l2_ndp_last_move_timestamp_seconds", "l2_ndp_last_move_info"
WITHHELD = "l2_ndp_last_move_info_withheld"


def claims(ip: str, *macs: str) -> list[bytes]:
    return [ndp.announcement(mac, ip) for mac in macs]


def number(mac: str) -> int:
    return int(mac.replace(":", ""), 16)


def test_an_address_is_there_with_zeros_from_its_first_sight() -> None:
    scene = Scene("ndp_moves")
    scene.feed(ndp.solicitation(A, TWO, ONE))
    assert scene.samples(MOVES) == scene.samples(OVERRIDES) == {("eth0", "", TWO): 0}
    assert scene.samples(FLIPS) == scene.samples(LAST) == scene.samples(INFO) == {}


def test_a_move_is_counted_with_its_time_and_macs() -> None:
    scene = Scene("ndp_moves")
    scene.feed(*claims(ONE, A, A, B), time=[10.0, 11.0, 12.5])
    assert scene.samples(MOVES) == {("eth0", "", ONE): 1}
    assert scene.samples(FLIPS) == {("eth0", "", ONE): 0}
    assert scene.samples(LAST) == {("eth0", "", ONE): 12.5}
    assert scene.samples(INFO) == {("eth0", "", ONE, A, B, "pending"): 1}


def test_solicitations_and_answers_move_an_address_as_announcements_do() -> None:
    scene = Scene("ndp_moves")
    scene.feed(ndp.announcement(A, TWO), ndp.solicitation(B, TWO, ONE), ndp.answer(A, TWO, ONE))
    assert scene.samples(MOVES) == {("eth0", "", TWO): 2}
    assert scene.samples(FLIPS) == {("eth0", "", TWO): 1}


def test_what_binds_nothing_moves_nothing() -> None:
    scene = Scene("ndp_moves")
    scene.feed(ndp.announcement(A, TWO), ndp.detection(B, TWO))
    scene.feed(ndp.router_advertisement(B, TWO), ndp.router_solicitation(B, TWO))
    assert scene.samples(MOVES) == {("eth0", "", TWO): 0}


def test_a_forged_checksum_moves_nothing() -> None:
    scene = Scene("ndp_moves")
    forged = ndp.announcement(A, TWO)[:-1] + b"\x0b"
    scene.feed(ndp.announcement(A, TWO), forged)
    assert scene.samples(MOVES) == {("eth0", "", TWO): 0}


def test_an_address_may_move_in_one_vlan_and_rest_in_another() -> None:
    scene = Scene("ndp_moves")
    one, other = claims(ONE, A, B)
    scene.feed(one, tagged(one, 7), other)
    assert scene.samples(MOVES) == {("eth0", "", ONE): 1, ("eth0", "7", ONE): 0}


def test_overrides_are_unsolicited_advertisements_with_the_flag() -> None:
    scene = Scene("ndp_moves")
    scene.feed(*claims(ONE, A, B, B), ndp.announcement(B, ONE, override=False))
    scene.feed(ndp.answer(B, ONE, TWO), ndp.solicitation(B, ONE, TWO))
    assert scene.samples(OVERRIDES) == {("eth0", "", ONE): 3}


def test_this_hosts_own_overrides_are_left_out_and_its_moves_are_not() -> None:
    scene = Scene("ndp_moves")
    scene.feed(*claims(ONE, A, B), sent=[False, True])
    assert scene.samples(OVERRIDES) == {("eth0", "", ONE): 1}
    assert scene.samples(MOVES) == {("eth0", "", ONE): 1}


def test_an_address_without_a_place_is_not_shown() -> None:
    scene = Scene("ndp_moves", limits=Limits(addresses=4, address_burst=1, address_rate=0))
    scene.feed(*claims(ONE, A), *claims(TWO, A, B))
    assert scene.samples(OVERRIDES) == {("eth0", "", ONE): 1}
    assert scene.samples(MOVES) == {("eth0", "", ONE): 0}


def test_an_address_that_takes_over_a_row_begins_with_nothing() -> None:
    scene = Scene("ndp_moves", limits=Limits(addresses=1, address_burst=16, address_rate=1))
    scene.feed(*claims(ONE, A, B, A))
    scene.feed(ndp.solicitation(C, TWO, ONE))
    assert scene.samples(MOVES) == scene.samples(OVERRIDES) == {("eth0", "", TWO): 0}
    assert scene.samples(LAST) == scene.samples(INFO) == {}


def test_macs_are_withheld_once_pairs_come_faster_than_series_may(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(moves, "MAC_PAIR_RATE", 0.1)
    scene = Scene("ndp_moves", limits=Limits(addresses=1, address_burst=4))
    scene.feed(*claims(ONE, A, B))
    assert len(scene.samples(INFO)) == 1
    scene.feed(*claims(ONE, C))
    assert (scene.samples(INFO), scene.total(WITHHELD)) == ({}, 1)
    scene.now = 10
    assert set(scene.samples(INFO)) == {("eth0", "", ONE, B, C, "pending")}


@pytest.mark.parametrize(
    ("family", "ip", "expected"),
    [
        ("ipv6", IPv6Address(ONE), "failover"),
        ("ipv6", IPv6Address(TWO), "pending"),
        ("ipv4", IPv4Address("192.0.2.1"), "pending"),
    ],
)
def test_the_cause_is_shown_once_the_move_has_settled(
    family: str, ip: IPv4Address | IPv6Address, expected: str
) -> None:
    scene = Scene("ndp_moves")
    scene.feed(*claims(ONE, A, B))
    segment = scene.tables.segment_of(0, 0, scene.now)
    settled = Settled(segment, ip, family, number(A), number(B), "failover", count=1, time=0.0)
    scene.suite.observe([settled])
    assert scene.samples(INFO) == {("eth0", "", ONE, A, B, expected): 1}
    scene.feed(*claims(ONE, A))
    assert scene.samples(INFO) == {("eth0", "", ONE, B, A, "pending"): 1}


def test_families_have_moves_of_their_own() -> None:
    scene = Scene("arp_moves", "ndp_moves")
    scene.feed(*claims(ONE, A, B))
    assert scene.samples("l2_arp_moves_total") == {}
    assert scene.total(MOVES) == 1

from __future__ import annotations

from l2exporter.limits import Limits
from tests.collectors.scene import Scene
from tests.lab.frames import announcement, arp, gratuitous_reply, probe, reply, request, tagged

A, B = "02:00:00:00:00:0a", "02:00:00:00:00:0b"
ONE, TWO = "192.0.2.1", "192.0.2.2"
METRIC = "l2_gratuitous_arp_total"


def test_announcements_and_gratuitous_replies_are_counted_by_address() -> None:
    scene = Scene("gratuitous_arp")
    scene.feed(announcement(A, ONE), gratuitous_reply(A, ONE), announcement(B, TWO))
    scene.feed(announcement(B, ONE))
    assert scene.samples(METRIC) == {("eth0", "", ONE): 3, ("eth0", "", TWO): 1}


def test_an_address_is_there_with_zero_from_its_first_sight() -> None:
    scene = Scene("gratuitous_arp")
    scene.feed(request(A, ONE, TWO))
    assert scene.samples(METRIC) == {("eth0", "", ONE): 0}


def test_nothing_else_is_gratuitous() -> None:
    scene = Scene("gratuitous_arp")
    other = arp(A, ONE, operation=9, target=ONE)
    nobody = gratuitous_reply(A, "0.0.0.0")
    scene.feed(request(A, ONE, TWO), reply(A, ONE, B, TWO), probe(A, ONE), other, nobody)
    assert scene.nonzero(METRIC) == {}


def test_this_hosts_own_are_not_counted() -> None:
    scene = Scene("gratuitous_arp")
    scene.feed(
        announcement(A, ONE), announcement(A, TWO), announcement(B, ONE), sent=[True, True, False]
    )
    assert scene.samples(METRIC) == {("eth0", "", ONE): 1, ("eth0", "", TWO): 0}


def test_vlans_are_counted_apart() -> None:
    scene = Scene("gratuitous_arp")
    scene.feed(announcement(A, ONE), tagged(announcement(A, ONE), 7))
    assert scene.samples(METRIC) == {("eth0", "", ONE): 1, ("eth0", "7", ONE): 1}


def test_an_address_without_a_place_has_no_count() -> None:
    scene = Scene("gratuitous_arp", limits=Limits(addresses=16, address_burst=1, address_rate=0))
    scene.feed(announcement(A, ONE), announcement(A, TWO), announcement(A, ONE))
    assert scene.samples(METRIC) == {("eth0", "", ONE): 2}


def test_a_row_begins_anew_with_its_next_address() -> None:
    scene = Scene("gratuitous_arp", limits=Limits(addresses=1, address_rate=1))
    scene.feed(announcement(A, ONE), announcement(A, ONE))
    scene.feed(request(A, TWO, ONE))
    assert scene.samples(METRIC) == {("eth0", "", TWO): 0}

"""Holds that are recognised afterwards, and claims that never are."""

from __future__ import annotations

from ipaddress import ip_address
from itertools import permutations

import pytest

from l2exporter.evidence.sleep import sleep_windows as windows
from tests.evidence.story import CLIENT, HELD, OWNER, PROXY, THIRD, WALL, Story

SEED = 10 * 3600 + 13 * 60


def clock(text: str) -> float:
    hours, minutes, seconds = (int(part) for part in text.split(":"))
    return hours * 3600 + minutes * 60 + seconds


@pytest.fixture
def story() -> Story:
    story = Story()
    story.claims(0, OWNER)
    return story


def test_a_ladder_alone_is_no_hold(story: Story) -> None:
    story.ladder(100)
    story.claims(500, OWNER)
    story.passes(9000)
    assert (story.told, story.holds.current()) == ([], [])


def test_a_magic_packet_to_the_owner_shows_what_it_was(story: Story) -> None:
    story.ladder(100)
    story.wakes(300)
    assert story.steps == [("hold", 100)]
    assert story.transitions()[0].confidence == "low"
    assert story.confidence() == "medium"
    story.claims(303, OWNER)
    assert story.steps[1:] == [("release", 303)]
    assert story.woken == [("demand", 303)]


def test_so_does_the_owners_next_sequence(story: Story) -> None:
    story.greets(50, 7)
    story.ladder(100)
    story.claims(500, OWNER)
    assert story.told == []
    story.greets(501, 8)
    assert story.steps == [("hold", 100), ("release", 500)]
    assert story.transitions("release")[0].confidence == "medium"


@pytest.mark.parametrize("sequence", [7, 6])
def test_the_same_sequence_does_not(story: Story, sequence: int) -> None:
    story.greets(50, 7)
    story.ladder(100)
    story.claims(500, OWNER)
    story.greets(501, sequence)
    assert story.told == []


def test_nor_does_one_when_none_was_known_before(story: Story) -> None:
    story.ladder(100)
    story.claims(500, OWNER)
    story.greets(501, 8)
    assert story.told == []


def test_nor_a_magic_packet_of_another_or_without_a_ladder(story: Story) -> None:
    story.ladder(100)
    story.wakes(300, mac=CLIENT)
    story.claims(400, PROXY, "192.0.2.8")
    story.wakes(410)
    assert [t.ip.exploded for t in story.transitions()] == [HELD]


def test_one_that_offers_afterwards_was_a_proxy(story: Story) -> None:
    story.ladder(100)
    story.offers(110)
    assert story.steps == [("hold", 100)]
    assert story.confidence() == "medium"


def test_a_host_that_took_anothers_old_address_and_offers_is_none(story: Story) -> None:
    story.addresses[PROXY] = HELD
    story.claims(100, PROXY)
    story.claims(102, PROXY)
    story.offers(103)
    story.passes(1000)
    assert story.told == []


def test_a_suspicion_does_not_last_for_ever(story: Story) -> None:
    story.ladder(100)
    story.wakes(103 + windows.LEASE_USUAL + 1)
    assert story.told == []


def test_an_observer_that_started_in_the_middle_sees_the_release(story: Story) -> None:
    story.claims(5, PROXY, "192.0.2.8", "reply")
    story.offers(10)
    story.wakes(300, target=CLIENT)
    story.claims(303, CLIENT, "192.0.2.8")
    assert story.steps == [("hold", 300), ("release", 303)]
    assert story.transitions("release")[0].held_seconds is None
    assert story.woken == [("demand", 303)]


def test_the_trace_by_its_arp_and_its_magic_packet_alone() -> None:
    """Nothing in the published frames but these tells of a proxy."""
    story = Story()
    story.claims(clock("10:13:00"), OWNER, kind="request")
    story.ladder(clock("10:13:13"))
    story.claims(clock("10:16:31"), PROXY, kind="reply")
    story.wakes(clock("10:16:31"))
    for kind in ("announcement", "request", "request", "reply"):
        story.claims(clock("10:16:34"), OWNER, kind=kind)
    story.ladder(clock("13:17:50"))
    story.claims(clock("13:41:15"), OWNER)
    story.told += story.holds.finish(clock("13:41:15"), WALL + clock("13:41:15"))
    assert story.steps == [
        ("hold", clock("10:13:13")),
        ("release", clock("10:16:34")),
        ("hold", clock("13:17:50")),
        ("release", clock("13:41:15")),
    ]
    assert [reason for reason, _ in story.woken] == ["demand", "maintenance"]


WAKE = ("reply", "magic", "again")


@pytest.mark.parametrize("order", list(permutations(WAKE)))
@pytest.mark.parametrize("greeting", [False, True])
def test_the_trace_with_its_mdns_whatever_the_order_within_a_second(
    order: tuple[str, ...], greeting: bool
) -> None:
    story = Story()
    story.claims(clock("10:13:00"), OWNER, kind="request")
    story.offers(clock("10:13:00"))
    story.announces(clock("10:13:11"))
    story.ladder(clock("10:13:13"))
    for place, what in enumerate(order):
        at = clock("10:16:31") + place / 10
        if what == "reply":
            story.claims(at, PROXY, kind="reply")
        else:
            story.wakes(at)
    if greeting:
        story.greets(clock("10:16:34"), 4)
    story.claims(clock("10:16:34"), OWNER)
    story.claims(clock("10:16:34") + 0.1, OWNER, kind="request")
    if not greeting:
        story.greets(clock("10:16:34") + 0.2, 4)
    story.passes(clock("13:00:00"))
    assert story.steps == [("hold", clock("10:13:13")), ("release", clock("10:16:34"))]
    assert {t.confidence for t in story.transitions()} == {"high"}
    assert story.woken == [("demand", clock("10:16:34"))]


@pytest.mark.parametrize("kind", ["reply", "announcement"])
def test_a_hold_of_before_is_told_by_the_wake_at_its_end(kind: str) -> None:
    """The exporter started while the owner slept, and the proxy has not offered since."""
    story = Story()
    story.bound[0, ip_address(HELD)] = PROXY
    story.wakes(300)
    story.claims(303, OWNER, kind=kind)
    assert story.steps == [("hold", 300), ("release", 303)]
    release = story.transitions("release")[0]
    assert (release.confidence, release.held_seconds) == ("medium", None)
    story.claims(4000, PROXY)
    assert story.confidence() == "medium"


@pytest.mark.parametrize("takers", [(THIRD,), (CLIENT, THIRD)])
def test_who_was_seen_taking_the_address_is_no_proxy_for_a_magic_packet(
    takers: tuple[int, ...],
) -> None:
    story = Story()
    story.claims(0, OWNER)
    for at, taker in enumerate(takers, 100):
        story.claims(at, taker, kind="reply")
    story.wakes(150, mac=THIRD)
    story.claims(151, OWNER)
    story.passes(9000)
    assert story.told == []
    assert not story.proxies.is_proxy(0, THIRD, 9000)


def test_without_a_magic_packet_there_was_none() -> None:
    story = Story()
    story.bound[0, ip_address(HELD)] = PROXY
    story.claims(303, OWNER)
    story.wakes(310, target=CLIENT)
    story.passes(9000)
    assert story.told == []

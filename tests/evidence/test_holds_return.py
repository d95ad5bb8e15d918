"""How owners return, as a plain host sees it."""

from __future__ import annotations

import pytest

from l2exporter.evidence.sleep import sleep_windows as windows
from tests.evidence.story import (
    CLIENT,
    HELD,
    HELD6,
    OWNER,
    PROXY,
    WALL,
    Story,
)


@pytest.fixture
def story() -> Story:
    """The owner has its address."""
    story = Story()
    story.claims(0, OWNER)
    return story


def test_a_later_sequence_is_a_release_at_once(story: Story) -> None:
    story.greets(50, 7)
    story.sleeps(100)
    story.greets(500, 8)
    assert story.steps == [("hold", 100), ("release", 500)]
    assert story.woken == [("maintenance", 500)]
    assert story.transitions("release")[0].held_seconds == 400


def test_the_first_sequence_seen_is_a_release_too(story: Story) -> None:
    story.sleeps(100)
    story.greets(500, 8)
    assert story.steps[1:] == [("release", 500)]


@pytest.mark.parametrize(("before", "after", "back"), [(255, 0, True), (7, 7, False)])
def test_sequences_count_from_0_to_255(story: Story, before: int, after: int, back: bool) -> None:
    story.greets(50, before)
    story.sleeps(100)
    story.greets(500, after)
    assert (len(story.steps) == 2) is back


def test_an_earlier_sequence_is_waited_upon_as_a_claim_is(story: Story) -> None:
    story.greets(50, 7)
    story.sleeps(100)
    story.greets(500, 1)
    assert len(story.steps) == 1
    story.passes(500 + windows.SETTLED)
    assert story.steps[1:] == [("release", 500)]


def test_the_owner_may_be_named_by_its_host_mac(story: Story) -> None:
    story.registers(90, sequence=7)
    story.claims(94, PROXY)
    story.greets(500, 8, mac=CLIENT, host_mac=OWNER)
    assert story.steps == [("hold", 94), ("release", 500)]


def test_after_a_magic_packet_the_owners_claim_is_a_release_at_once(story: Story) -> None:
    story.sleeps(100)
    for at in (300, 302, 304):
        story.wakes(at)
    story.claims(305, OWNER)
    assert story.steps[1:] == [("release", 305)]
    assert story.woken == [("demand", 305)]


def test_a_magic_packet_of_somebody_else_is_none_of_the_proxys(story: Story) -> None:
    story.sleeps(100)
    story.wakes(300, mac=CLIENT)
    story.claims(305, OWNER)
    story.passes(330)
    assert story.woken == [("maintenance", 305)]


def test_a_magic_packet_while_the_owner_returns_is_of_the_same_wake(story: Story) -> None:
    story.sleeps(100)
    story.claims(305, OWNER)
    story.wakes(305.4)
    assert story.steps[1:] == [("release", 305)]
    assert story.woken == [("demand", 305)]


def test_otherwise_the_owners_claim_counts_when_it_is_not_reclaimed(story: Story) -> None:
    story.sleeps(100)
    story.claims(500, OWNER)
    story.claims(510, OWNER, kind="request")
    story.passes(500 + windows.SETTLED - 0.01)
    assert len(story.steps) == 1
    story.passes(500 + windows.SETTLED)
    assert story.steps[1:] == [("release", 500)]
    assert story.woken == [("maintenance", 500)]


def test_a_window_that_nobody_settled_is_settled_by_the_next_claim(story: Story) -> None:
    story.sleeps(100)
    story.claims(500, OWNER)
    story.ladder(900)
    assert story.steps == [("hold", 100), ("release", 500), ("hold", 900)]


def test_the_end_of_a_capture_decides_by_what_was_seen(story: Story) -> None:
    story.sleeps(100)
    story.claims(500, OWNER)
    story.told += story.holds.finish(501, WALL + 501)
    assert story.steps[1:] == [("release", 500)]


def test_a_blip_of_the_owner_is_a_renewal(story: Story) -> None:
    story.sleeps(100)
    story.claims(200, OWNER)
    story.ladder(213)
    story.passes(400)
    assert story.steps[1:] == [("renew", 213)]
    hold = story.hold()
    assert hold is not None
    assert hold.since == WALL + 100


def test_both_may_answer_around_a_wake(story: Story) -> None:
    story.sleeps(100)
    story.wakes(300)
    story.claims(302, OWNER)
    story.claims(302.3, PROXY, kind="reply")
    story.claims(303, OWNER, kind="request")
    story.passes(400)
    assert story.steps[1:] == [("release", 302)]
    assert story.woken == [("demand", 302)]


def test_addresses_of_one_host_are_released_together_and_it_wakes_once(story: Story) -> None:
    story.claims(1, OWNER, HELD6, "unsolicited")
    story.offers(90)
    story.announces(98, HELD, HELD6)
    story.ladder(100)
    story.ladder(110, ip=HELD6)
    story.wakes(300)
    story.claims(302, OWNER)
    story.passes(302 + windows.SETTLED)
    assert story.steps[2:] == [("release", 302), ("release", 302)]
    assert {t.ip.version for t in story.transitions("release")} == {4, 6}
    assert story.woken == [("demand", 302)]


def test_of_an_unknown_owner_whoever_claims_is_taken_for_it(story: Story) -> None:
    story.offers(10)
    story.ladder(20, ip="192.0.2.9")
    story.claims(100, CLIENT, "192.0.2.9")
    story.passes(130)
    assert story.steps[1:] == [("release", 100)]
    assert story.transitions("release")[0].owner_mac == CLIENT

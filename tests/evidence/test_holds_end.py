"""How else holds end, and what goes on for days, as a plain host sees it."""

from __future__ import annotations

import pytest

from l2exporter.evidence.sleep import sleep_windows as windows
from tests.evidence.story import (
    OTHER_PROXY,
    OWNER,
    PROXY,
    THIRD,
    WALL,
    Story,
)

HOUR = 3600.0


@pytest.fixture
def story() -> Story:
    """The owner has its address."""
    story = Story()
    story.claims(0, OWNER)
    return story


def test_a_magic_packet_that_nobody_answers_loses_the_hold(story: Story) -> None:
    story.sleeps(100)
    story.wakes(300)
    story.wakes(302)
    story.passes(302 + windows.WAKING - 0.01)
    assert len(story.steps) == 1
    story.passes(302 + windows.WAKING)
    assert (story.steps[1:], story.woken) == ([("lost", 302)], [])


def test_a_proxy_that_goes_on_answering_has_not_given_up(story: Story) -> None:
    story.sleeps(100)
    story.wakes(300)
    story.claims(330, PROXY, kind="reply")
    story.passes(400)
    assert len(story.steps) == 1


def test_goodbyes_lose_it(story: Story) -> None:
    story.sleeps(100)
    story.announces(300, ttl=0)
    assert story.steps[1:] == [("lost", 300)]


def test_goodbyes_of_one_who_does_not_hold_it_say_nothing(story: Story) -> None:
    story.sleeps(100)
    story.announces(300, ttl=0, mac=OTHER_PROXY)
    assert len(story.steps) == 1


def test_an_owner_woken_before_goodbyes_may_return(story: Story) -> None:
    story.sleeps(100)
    story.wakes(300)
    story.announces(300.1, ttl=0)
    story.claims(304, OWNER)
    assert story.steps[1:] == [("release", 304)]


def test_or_may_not(story: Story) -> None:
    story.sleeps(100)
    story.wakes(300)
    story.announces(300.5, ttl=0)
    story.passes(350)
    assert story.steps[1:] == [("lost", 300.5)]


def test_a_third_that_takes_the_address_ends_the_hold(story: Story) -> None:
    story.sleeps(100)
    story.claims(300, THIRD)
    story.passes(300 + windows.WAKING)
    assert story.steps[1:] == [("lost", 300)]


def test_unless_the_owner_returns(story: Story) -> None:
    story.sleeps(100)
    story.claims(300, THIRD)
    story.wakes(300.5)
    story.claims(304, OWNER)
    story.passes(400)
    assert story.steps[1:] == [("release", 304)]


def test_or_the_proxy_keeps_it(story: Story) -> None:
    story.sleeps(100)
    story.claims(300, THIRD)
    story.claims(310, PROXY)
    story.passes(400)
    assert len(story.steps) == 1


def test_another_proxy_takes_over(story: Story) -> None:
    story.sleeps(100)
    story.offers(150, mac=OTHER_PROXY)
    story.announces(198, mac=OTHER_PROXY)
    story.ladder(200, mac=OTHER_PROXY)
    story.passes(300)
    assert story.steps[1:] == [("hand_off", 200)]
    hold = story.hold()
    assert hold is not None
    assert (hold.proxy_mac, hold.owner_mac, hold.since) == (OTHER_PROXY, OWNER, WALL + 100)
    story.greets(500, 3)
    assert story.transitions("release")[0].proxy_mac == OTHER_PROXY


def test_one_that_shows_to_be_a_proxy_later_took_over(story: Story) -> None:
    story.sleeps(100)
    story.claims(200, OTHER_PROXY)
    story.offers(210, mac=OTHER_PROXY)
    story.passes(200 + windows.WAKING)
    assert story.steps[1:] == [("hand_off", 200)]


def test_with_no_lease_known_it_grows_uncertain_and_ends_after_a_day(story: Story) -> None:
    story.sleeps(100)
    last = 103.0
    story.passes(last + windows.LEASE_USUAL - 1)
    assert story.confidence() == "high"
    story.passes(last + windows.LEASE_USUAL)
    assert story.confidence() == "low"
    story.passes(last + windows.LEASE_LONGEST - 1)
    assert len(story.steps) == 1
    story.passes(last + windows.LEASE_LONGEST + 500)
    assert story.steps[1:] == [("expire", last + windows.LEASE_LONGEST)]


def test_what_the_proxy_shows_meanwhile_makes_it_certain_again(story: Story) -> None:
    story.sleeps(100)
    story.passes(2.5 * HOUR)
    story.claims(2.6 * HOUR, PROXY, kind="reply")
    assert story.confidence() == "high"


def test_a_day_of_a_sleeping_mac(story: Story) -> None:
    """It wakes by itself each 108 minutes, for half a minute."""
    story.offers(90, ttl=4500)
    cycle, naps = 108 * 60, 13
    for nap in range(naps):
        start = 100.0 + nap * cycle
        story.offers(start - 5)
        story.announces(start - 1)
        story.ladder(start)
        story.claims(start + cycle - 40, OWNER)
        story.greets(start + cycle - 39, nap + 1)
        story.passes(start + cycle - 20)
    assert [kind for kind, _ in story.steps] == ["hold", "release"] * naps
    assert story.woken == [("maintenance", 100.0 + nap * cycle + cycle - 40) for nap in range(naps)]
    assert {t.confidence for t in story.transitions()} == {"high"}


@pytest.mark.parametrize("greets", [True, False])
def test_an_apple_tv_that_moves_4300_times_a_day(story: Story, greets: bool) -> None:
    """A proxy needs 4 s at least to take it: it is awake for longer than it takes to quarrel."""
    cycles = 2_150
    for cycle in range(cycles):
        start = 100 + cycle * 86_400 / cycles
        story.offers(start - 1)
        story.claims(start, PROXY)
        story.claims(start + 10, OWNER)
        if greets:
            story.greets(start + 10.5, cycle % 256)
        story.passes(start + 35)
    assert [kind for kind, _ in story.steps] == ["hold", "release"] * cycles
    assert (len(story.woken), story.dropped) == (cycles, [])
    assert len(story.holds.current()) == 0

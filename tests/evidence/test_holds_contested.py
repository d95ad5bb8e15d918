"""Owners that are awake: what both claim, nobody holds."""

from __future__ import annotations

from ipaddress import ip_address

import pytest

from l2exporter.evidence.sleep import sleep_windows as windows
from tests.evidence.story import (
    HELD,
    OWNER,
    PROXY,
    Story,
)


@pytest.fixture
def story() -> Story:
    """The owner has its address."""
    story = Story()
    story.claims(0, OWNER)
    return story


def test_owner_and_proxy_that_take_it_from_each_other_are_no_sleep_proxy_at_work(
    story: Story,
) -> None:
    story.sleeps(100)
    for turn in range(10):
        story.claims(110 + 6 * turn, OWNER)
        story.claims(113 + 6 * turn, PROXY)
    story.passes(200)
    assert story.dropped == ["contested"]
    assert {kind for kind, _ in story.steps} == {"hold", "renew"}
    around = story.holds.around((0, ip_address(HELD)), 250)
    assert [hold.contested for hold in around] == [True]


def test_an_owner_that_answers_each_claim_is_awake(story: Story) -> None:
    story.offers(90)
    for at in (100, 101, 103, 107):
        story.claims(at, PROXY)
        story.claims(at + 0.01, OWNER, kind="reply")
    assert story.dropped == ["contested"]


def test_magic_packets_of_an_impostor_do_not_hide_it(story: Story) -> None:
    story.offers(90)
    for at in range(100, 200, 5):
        story.wakes(at - 1)
        story.claims(at, PROXY)
        story.claims(at + 2, OWNER)
    assert "contested" in story.dropped
    assert len(story.transitions("hold")) < 5


def test_when_the_quarrel_is_over_a_hold_may_begin_again(story: Story) -> None:
    story.offers(90)
    for at in (100, 101, 103, 107):
        story.claims(at, PROXY)
        story.claims(at + 0.01, OWNER, kind="reply")
    story.claims(130, PROXY)
    assert len(story.transitions("hold")) == 1
    story.ladder(107 + windows.CONTEST + 1)
    assert len(story.transitions("hold")) == 2
    assert story.transitions("hold")[-1].owner_mac == OWNER


def test_the_same_packets_twice_are_no_quarrel(story: Story) -> None:
    story.offers(90)
    story.announces(98)
    for at in (100.0, 101.0, 103.0):
        story.claims(at, PROXY)
        story.claims(at + 0.001, PROXY)
    for at in (300.0, 300.001):
        story.wakes(at)
    for at in (303, 303.001, 304, 304.001):
        story.claims(at, OWNER)
    story.passes(400)
    assert story.steps == [("hold", 100), ("release", 303)]
    assert story.woken == [("demand", 303)]


def test_an_owner_heard_at_once_never_slept_though_the_proxy_gives_in(story: Story) -> None:
    story.sleeps(100)
    story.claims(100 + windows.SILENCE - 0.1, OWNER)
    story.passes(200)
    assert (story.steps, story.dropped) == ([("hold", 100)], ["contested"])
    assert story.woken == []


@pytest.mark.parametrize("told", ["greets", "wakes", "waits"])
def test_unless_it_says_that_it_wakes_or_is_told_to_or_had_the_time(
    story: Story, told: str
) -> None:
    story.sleeps(100)
    at = 104.0
    if told == "greets":
        story.greets(at + 0.5, 2)
    elif told == "wakes":
        story.wakes(at - 0.5)
    else:
        at = 100 + windows.SILENCE
    story.claims(at, OWNER)
    story.passes(200)
    assert [kind for kind, _ in story.steps] == ["hold", "release"]
    assert story.dropped == []

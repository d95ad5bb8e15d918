"""How holds begin, as a plain host sees it: by broadcast and multicast alone."""

from __future__ import annotations

import pytest

from l2exporter.evidence.sleep import sleep_windows as windows
from tests.evidence.story import (
    CLIENT,
    HELD,
    HELD6,
    HOST,
    INSTANCE,
    OWNER,
    PROXY,
    PROXY_IP,
    THIRD,
    WALL,
    Story,
)


@pytest.fixture
def story() -> Story:
    """The owner has its address."""
    story = Story()
    story.claims(0, OWNER)
    return story


def test_a_known_proxy_that_announced_the_host_holds_its_address_from_its_first_claim(
    story: Story,
) -> None:
    story.sleeps(100)
    assert story.steps == [("hold", 100)]
    hold = story.hold()
    assert hold is not None
    assert (hold.owner_mac, hold.proxy_mac, hold.since) == (OWNER, PROXY, WALL + 100)
    assert (hold.confidence, hold.owner_name) == ("high", HOST)


def test_without_the_announcement_it_is_medium_and_at_once(story: Story) -> None:
    story.offers(90)
    story.claims(100, PROXY)
    assert [(t.kind, t.confidence) for t in story.transitions()] == [("hold", "medium")]


def test_an_announcement_that_is_seen_late_makes_it_high(story: Story) -> None:
    story.offers(90)
    story.claims(100, PROXY)
    story.announces(100.5)
    assert story.confidence() == "high"


def test_an_announcement_too_long_before_says_nothing(story: Story) -> None:
    story.offers(10)
    story.announces(20)
    story.claims(20 + windows.ANNOUNCED + 1, PROXY)
    assert story.confidence() == "medium"


def test_an_announcement_without_a_claim_holds_nothing_as_of_a_reflector(story: Story) -> None:
    story.offers(10)
    for at in range(20, 2000, 20):
        story.announces(at, HELD, HELD6)
        story.passes(at + 5)
    assert story.told == []


def test_an_owner_option_makes_no_proxy(story: Story) -> None:
    for sequence in range(5):
        story.greets(10 + sequence, sequence, mac=PROXY, host_mac=CLIENT)
    story.ladder(20)
    story.greets(30, 9, mac=PROXY, host_mac=CLIENT)
    assert story.told == []


def test_a_proxy_may_claim_its_own_address(story: Story) -> None:
    story.offers(10)
    story.ladder(20, ip=PROXY_IP)
    story.claims(30, THIRD, PROXY_IP)
    story.ladder(40, ip=PROXY_IP)
    assert story.told == []


def test_what_was_bound_to_it_before_it_was_known_is_its_own(story: Story) -> None:
    story.claims(5, PROXY, "192.0.2.99")
    story.offers(10)
    story.ladder(20, ip="192.0.2.99")
    assert story.told == []


def test_another_address_of_its_own_host_name_is_its_own(story: Story) -> None:
    story.offers(10)
    story.announces(11, PROXY_IP, HELD6, host="proxy.local")
    story.claims(15, OWNER, HELD6, "unsolicited")
    story.ladder(20, ip=HELD6)
    assert story.told == []


def test_a_hold_of_what_turns_out_to_be_its_own_is_dropped(story: Story) -> None:
    story.offers(10)
    story.claims(20, PROXY)
    story.announces(21, PROXY_IP, HELD, host="proxy.local")
    assert (story.steps, story.dropped) == ([("hold", 20)], ["own"])
    assert story.hold() is None


# Without an owner


def test_without_a_known_owner_two_steps_of_the_ladder_are_waited_for(story: Story) -> None:
    story.offers(10)
    story.claims(20, PROXY, "192.0.2.9")
    story.claims(21, PROXY, "192.0.2.9")
    assert story.told == []
    story.claims(23, PROXY, "192.0.2.9")
    assert story.steps == [("hold", 20)]
    assert story.transitions()[0].owner_mac is None
    assert story.confidence("192.0.2.9") == "low"


@pytest.mark.parametrize(
    ("times", "held"),
    [
        ((0, 1, 3), True),
        ((0, 2, 6), True),
        ((0, 4, 12), True),
        ((0, 8, 24), True),
        ((0, 0.6, 2.2), True),
        ((0, 1.4, 3.0), True),
        ((0, 0.01, 1, 1.01, 3), True),
        ((0, 2), False),
        ((0, 1, 2), False),
        ((0, 2, 4), False),
        ((0, 1, 4.6), False),
        ((0, 60, 120), False),
        ((0, 0, 0, 0, 0), False),
    ],
)
def test_the_ladder_doubles(story: Story, times: tuple[float, ...], held: bool) -> None:
    story.offers(10)
    for time in times:
        story.claims(20 + time, PROXY, "192.0.2.9")
    assert bool(story.steps) is held


def test_announced_by_mdns_it_is_high_without_an_owner_too(story: Story) -> None:
    story.offers(10)
    story.announces(19, "192.0.2.9")
    story.ladder(20, ip="192.0.2.9")
    assert story.confidence("192.0.2.9") == "high"


def test_the_owner_of_another_address_of_the_host_is_the_owner_of_this_one(story: Story) -> None:
    story.offers(90)
    story.announces(98, HELD, HELD6)
    story.claims(100, PROXY)
    story.claims(100.2, PROXY, HELD6, "unsolicited")
    assert story.steps == [("hold", 100), ("hold", 100.2)]
    assert {t.owner_mac for t in story.transitions()} == {OWNER}


def test_so_it_is_when_the_other_is_known_later(story: Story) -> None:
    story.offers(90)
    story.ladder(99, ip=HELD6)
    story.claims(103, PROXY)
    story.announces(103.5, HELD, HELD6)
    hold = story.hold(HELD6)
    assert hold is not None
    assert hold.owner_mac == OWNER


def test_the_offers_name_is_told(story: Story) -> None:
    story.offers(1)
    (proxy,) = story.proxies.entries()
    assert proxy.offer is not None
    assert proxy.offer.instance == INSTANCE

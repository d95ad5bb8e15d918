"""Holds as a mirror port shows them: with registrations, replies and unicast answers."""

from __future__ import annotations

from ipaddress import ip_address

import pytest

from l2exporter.evidence.sleep import sleep_windows as windows
from tests.evidence.story import HELD, HELD6, OTHER_PROXY, OWNER, PROXY, Story


@pytest.fixture
def story() -> Story:
    story = Story()
    story.claims(0, OWNER)
    story.offers(50)
    return story


def test_a_registration_that_was_taken_confirms_the_hold(story: Story) -> None:
    story.registers(96)
    story.ladder(100)
    hold = story.hold()
    assert hold is not None
    assert (hold.confidence, hold.owner_mac, hold.sequence) == ("confirmed", OWNER, 1)
    assert story.steps == [("hold", 100)]


def test_the_reply_may_be_seen_after_the_claim(story: Story) -> None:
    story.registers(99, rcode=None)
    story.claims(100, PROXY)
    assert story.confidence() == "high"
    story.registers(99, number=7)  # the UPDATE again, and now its reply
    assert story.confidence() == "confirmed"
    assert story.steps == [("hold", 100)]


def test_a_refused_one_says_nothing(story: Story) -> None:
    story.registers(96, rcode=5)
    story.claims(100, PROXY)
    assert story.confidence() == "medium"


def test_a_registration_too_long_before_says_nothing(story: Story) -> None:
    story.registers(50)
    story.claims(51 + windows.REGISTERED, PROXY)
    assert story.confidence() == "medium"


def test_it_says_whose_address_it_is_and_which_others_are(story: Story) -> None:
    story.registers(96, HELD, HELD6)
    story.claims(100, PROXY)
    story.claims(100.1, PROXY, HELD6, "unsolicited")
    assert [(t.owner_mac, t.confidence) for t in story.transitions()] == [(OWNER, "confirmed")] * 2


def test_it_makes_a_proxy_of_one_that_was_never_heard_to_offer() -> None:
    story = Story()
    story.claims(0, OWNER)
    story.registers(96)
    story.ladder(100)
    assert (story.steps, story.confidence()) == ([("hold", 100)], "confirmed")
    assert [proxy.mac for proxy in story.proxies.entries()] == [PROXY]


def test_the_lease_counts_as_granted(story: Story) -> None:
    story.registers(96, lease=3600)
    story.ladder(100)
    end = 96 + 3600 + windows.LEASE_GRACE
    story.passes(end - 0.1)
    assert len(story.steps) == 1
    story.passes(end + 10)
    assert story.steps[1:] == [("expire", end)]


def test_a_long_lease_is_certain_to_its_end(story: Story) -> None:
    story.registers(96, lease=86_400)
    story.ladder(100)
    story.passes(80_000)
    assert story.confidence() == "confirmed"


def test_goodbyes_at_the_leases_end_are_an_expiry(story: Story) -> None:
    story.registers(96, lease=3600)
    story.ladder(100)
    story.announces(96 + 3600, ttl=0)
    assert story.steps[1:] == [("expire", 96 + 3600)]


def test_registered_anew_it_is_renewed_with_its_lease(story: Story) -> None:
    story.registers(96, lease=3600)
    story.ladder(100)
    story.registers(3000, lease=3600, number=8, sequence=2)
    story.ladder(3004)
    story.passes(3000 + 3600 + windows.LEASE_GRACE - 10)
    assert [kind for kind, _ in story.steps] == ["hold", "renew"]
    story.greets(6655, 2)
    assert len(story.steps) == 2
    story.greets(6656, 3)
    assert story.steps[2:] == [("release", 6656)]


def test_a_registration_sent_again_is_the_same(story: Story) -> None:
    story.registers(96)
    story.registers(97)
    story.registers(98)
    story.ladder(100)
    assert story.steps == [("hold", 100)]


def test_a_blip_with_a_registration_is_one_renewal(story: Story) -> None:
    story.registers(96)
    story.ladder(100)
    story.claims(200, OWNER)
    story.registers(210, number=8)
    story.ladder(214)
    story.passes(300)
    assert [kind for kind, _ in story.steps] == ["hold", "renew"]


def test_a_sleeping_proxy_hands_its_clients_over(story: Story) -> None:
    story.registers(96)
    story.ladder(100)
    story.registers(500, proxy=OTHER_PROXY, number=9)
    story.ladder(504, mac=OTHER_PROXY)
    story.passes(600)
    assert story.steps[1:] == [("hand_off", 504)]
    assert story.confidence() == "confirmed"


def test_a_wake_on_demand_with_all_its_answers(story: Story) -> None:
    story.registers(96)
    story.ladder(100)
    story.claims(400, PROXY, kind="reply")
    for at in (400.1, 402.1):
        story.wakes(at)
    story.claims(403, OWNER)
    story.claims(403.4, OWNER, kind="request")
    story.greets(404, 2)
    story.claims(404.5, OWNER, kind="reply")
    story.passes(500)
    assert story.steps == [("hold", 100), ("release", 403)]
    assert story.woken == [("demand", 403)]


def test_whose_address_it_was_before_is_its_owner_too_where_the_registration_says_else(
    story: Story,
) -> None:
    """A registration carries no credentials: the victim's claims still are an owner's."""
    victim = "192.0.2.50"
    story.claims(1, 0x0250, victim)
    story.registers(96, victim)
    for at in (100, 101, 103, 107):
        story.claims(at, PROXY, victim)
        story.claims(at + 0.01, 0x0250, victim, "reply")
    assert story.dropped == ["contested"]


def test_what_others_register_is_not_held_however_quiet_its_owner_is(story: Story) -> None:
    victim = "192.0.2.50"
    story.claims(1, 0x0250, victim)
    story.offers(90)
    story.registers(96, victim)
    story.ladder(100, ip=victim)
    assert (story.steps, story.dropped) == ([("hold", 100)], ["contested"])
    story.wakes(105)
    story.claims(106, 0x0250, victim)
    story.passes(200)
    assert (story.steps, story.woken) == ([("hold", 100)], [])


def test_what_a_proxy_held_that_nobody_knew_it_may_hand_over(story: Story) -> None:
    before = 0x0250
    story.bound[0, ip_address(HELD)] = before
    story.addresses[before] = "192.0.2.50"
    story.registers(96, source=before)
    story.ladder(100)
    assert (story.confidence(), story.dropped) == ("confirmed", [])

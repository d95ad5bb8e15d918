"""Whoever makes up proxies, owners and holds costs nobody else their place."""

from __future__ import annotations

from ipaddress import ip_address

import pytest

from l2exporter import limits
from l2exporter.dissect.dns import Owner
from l2exporter.dissect.mdns import Mdns
from l2exporter.tables.usage import Usage
from tests.evidence.story import HELD, HELD6, OWNER, PROXY, Story

FAKE = 0x0600_0000_0000
SHARE = limits.SLEEP_PROXY_HOLDS // limits.SLEEP_PROXY_SHARE


def ip(number: int) -> str:
    return str(ip_address((10 << 24) + number))


def usage(story: Story, table: str) -> Usage:
    return next(usage for usage in story.holds.usage() if usage.table == table)


@pytest.fixture
def story() -> Story:
    """One host asleep, well announced; another of medium confidence."""
    story = Story()
    story.claims(0, OWNER)
    story.claims(0, OWNER, HELD6, "unsolicited")
    story.sleeps(100)
    story.claims(110, PROXY, HELD6, "unsolicited")
    assert (story.confidence(), story.confidence(HELD6)) == ("high", "medium")
    return story


def test_a_hundred_thousand_holds_of_one_proxy_take_no_more_than_its_share(story: Story) -> None:
    story.offers(115, mac=FAKE)
    for number in range(100_000):
        at = 120 + number / 1000
        story.claims(at, OWNER, ip(number))
        story.claims(at, FAKE, ip(number))
    held = usage(story, "sleep_proxy_holds")
    assert held.entries == SHARE + 2
    assert held.refusals == 100_000 - SHARE
    assert held.evictions == 0
    assert story.confidence() == "high"
    assert story.confidence(HELD6) == "medium"


@pytest.mark.parametrize("announced", [False, True])
def test_many_proxies_evict_nothing_that_is_certain(story: Story, announced: bool) -> None:
    proxies = 16
    for proxy in range(proxies):
        story.offers(115, mac=FAKE + proxy)
    story.told.clear()
    for number in range(limits.SLEEP_PROXY_HOLDS * 2):
        at, proxy = 120 + number, FAKE + number % proxies
        story.claims(at, OWNER, ip(number))
        if announced:
            story.announces(at, ip(number), mac=proxy)
        story.claims(at, proxy, ip(number))
    held = usage(story, "sleep_proxy_holds")
    assert held.entries == limits.SLEEP_PROXY_HOLDS
    assert story.confidence() == "high"
    if announced:
        assert held.refusals > 0
    else:
        assert held.evictions > 0
        assert story.dropped.count("evicted") == held.evictions
        assert story.hold(HELD6) is not None  # its proxy has fewest that may give way


def test_one_that_was_there_before_returns_whatever_others_have_taken(story: Story) -> None:
    story.greets(200, 3)
    for proxy in range(3):
        story.offers(210, mac=FAKE + proxy)
    for number in range(2 * limits.SLEEP_PROXY_HOLDS):
        story.claims(220, OWNER, ip(number))
        story.claims(220, FAKE + number % 3, ip(number))
    assert usage(story, "sleep_proxy_holds").refusals > 0
    story.ladder(230)
    assert story.hold() is not None


def test_evidence_and_owners_are_bounded(story: Story) -> None:
    over = limits.SLEEP_PROXY_EVIDENCE + 500
    for number in range(over):
        at = 120 + number / 10_000
        story.claims(at, FAKE + number, ip(number))
        story.wakes(at, mac=FAKE + number)
        story.announces(at, ip(number))
        story.registers(at, ip(number), number=number)
        story.greets(at, 1, mac=FAKE + number)
    evidence, owners = usage(story, "sleep_proxy_evidence"), usage(story, "sleep_proxy_owners")
    assert evidence.entries <= evidence.limit
    assert evidence.evictions >= 4 * 500
    assert (owners.entries, owners.limit) == (limits.SLEEP_PROXY_OWNERS,) * 2
    story.passes(20_000)
    assert usage(story, "sleep_proxy_evidence").entries == 0


def test_a_packet_about_a_mac_with_endless_addresses_looks_at_some_of_them(story: Story) -> None:
    story.offers(115, mac=FAKE)
    for number in range(SHARE):
        story.claims(120, OWNER, ip(number))
        story.claims(120, FAKE, ip(number))
    story.told.clear()
    story.says(130, OWNER, Mdns(True, owner=Owner(9, OWNER, OWNER)))
    assert 0 < len(story.transitions("release")) <= limits.OWNER_ADDRESSES
    assert story.confidence(HELD) is None

from __future__ import annotations

from ipaddress import ip_address

import pytest

from l2exporter import limits
from l2exporter.dissect.mdns import HostAddress, Mdns, ProxyOffer
from l2exporter.evidence.sleep import sleep_windows as windows
from tests.evidence.story import INSTANCE, NAME, OTHER_PROXY, OWNER, PROXY, PROXY_IP, Story


def names(story: Story) -> list[str]:
    return [proxy.offer.instance for proxy in story.proxies.entries() if proxy.offer]


def test_an_offer_makes_a_proxy_with_its_name_and_its_own_address() -> None:
    story = Story()
    story.offers(10)
    (proxy,) = story.proxies.entries()
    assert (proxy.segment, proxy.mac) == (0, PROXY)
    assert proxy.offer == ProxyOffer(INSTANCE, NAME, 61000, 4500)
    assert list(proxy.own) == [ip_address(PROXY_IP)]
    assert story.proxies.macs().tolist() == [PROXY]
    assert story.proxies.is_proxy(0, PROXY, 11)
    assert not story.proxies.is_proxy(1, PROXY, 11)


def test_what_a_query_knows_is_no_offer() -> None:
    story = Story()
    story.says(10, OWNER, Mdns(False, proxies=(ProxyOffer(INSTANCE, NAME, None, 4500),)))
    assert story.proxies.entries() == []


def test_an_offer_ends_with_its_time_to_live() -> None:
    story = Story()
    story.offers(10, ttl=1000)
    story.passes(1009)
    assert names(story) == [INSTANCE]
    story.passes(1010)
    assert names(story) == []
    assert not story.proxies.is_proxy(0, PROXY, 1010)


def test_it_lasts_neither_less_than_two_minutes_nor_more_than_is_usual() -> None:
    story = Story()
    story.offers(0, ttl=1)
    story.offers(0, mac=OTHER_PROXY, ttl=10**9, name="x")
    story.passes(windows.OFFER_SHORTEST - 1)
    assert names(story) == [INSTANCE, "x"]
    story.passes(windows.OFFER_SHORTEST)
    assert names(story) == ["x"]
    story.passes(windows.OFFER_LONGEST)
    assert names(story) == []


def test_a_goodbye_ends_it_at_once() -> None:
    story = Story()
    story.offers(10)
    story.offers(20, ttl=0)
    story.passes(20)
    assert names(story) == []


def test_a_goodbye_for_another_name_does_not() -> None:
    story = Story()
    story.offers(10)
    story.offers(20, ttl=0, name="another")
    story.passes(20)
    assert names(story) == [INSTANCE]


def test_one_that_holds_an_address_is_shown_for_as_long_and_known_for_a_day_more() -> None:
    story = Story()
    story.claims(0, OWNER)
    story.sleeps(100)
    story.offers(200, ttl=0)
    story.passes(201)
    assert [proxy.held for proxy in story.proxies.entries()] == [1]
    story.greets(300, 2)
    assert story.proxies.entries() == []
    assert story.proxies.is_proxy(0, PROXY, 300 + windows.KNOWN_AT_WORK - 1)
    story.passes(300 + windows.KNOWN_AT_WORK + 1)
    assert story.proxies.macs().tolist() == []


@pytest.mark.parametrize(
    ("source", "told", "proxies"),
    [
        ("192.0.2.200", ["192.0.2.200"], 1),
        ("192.0.2.200", ["198.51.100.7"], 0),
        ("192.0.2.200", ["198.51.100.7", "192.0.2.200"], 1),
        ("192.0.2.200", ["2001:db8::7"], 1),
        ("fe80::200", ["198.51.100.7", "2001:db8::7"], 1),
        ("fe80::200", ["fe80::7"], 0),
        ("192.0.2.200", [], 1),
    ],
)
def test_a_reflector_of_other_segments_offers_is_no_proxy(
    source: str, told: list[str], proxies: int
) -> None:
    """It tells the proxy's addresses, and has another itself."""
    story = Story()
    offer = ProxyOffer(INSTANCE, NAME, 61000, 4500, "Proxy.local")
    addresses = tuple(HostAddress("proxy.local", ip_address(ip), 120, True) for ip in told)
    others = (HostAddress("printer.local", ip_address("192.0.2.200"), 120, True),)
    story.says(10, PROXY, Mdns(True, (offer,), addresses + others), ip=source)
    assert len(story.proxies.entries()) == proxies


def test_a_name_stays_while_it_is_offered_and_another_follows_it() -> None:
    """A reflector offers what several proxies do, one after the other."""
    story = Story()
    for at in range(0, 600, 10):
        story.offers(at)
        story.offers(at + 5, name="another")
    assert names(story) == [INSTANCE]
    story.offers(600 + windows.OFFER_SHORTEST, name="another")
    assert names(story) == ["another"]


def test_names_are_renewed_at_a_bounded_rate() -> None:
    story = Story()
    shown = set()
    gap = windows.OFFER_SHORTEST + 1
    burst = limits.SLEEP_PROXY_BURST
    for mac in range(1, burst + 1):
        story.offers(0, mac=mac, name="first")
    for turn in range(1, 4):
        for mac in range(1, burst + 1):
            story.offers(turn * gap, mac=mac, name=f"name {mac} {turn}")
        shown |= set(names(story))
    assert len(shown) <= 1 + burst + 3 * gap * limits.SLEEP_PROXY_RATE


def test_a_hundred_thousand_proxies_leave_those_at_work_and_the_table_at_its_cap() -> None:
    story = Story()
    story.claims(0, OWNER)
    story.sleeps(100)
    for number in range(100_000):
        story.offers(110 + number / 10, mac=0x0600_0000_0000 + number, ttl=4500)
    usage = story.proxies.usage()
    assert usage.entries <= usage.limit == limits.SLEEP_PROXIES
    assert usage.evictions > 0
    admitted = usage.entries + usage.evictions
    assert admitted <= limits.SLEEP_PROXY_BURST + 10_100 * limits.SLEEP_PROXY_RATE
    assert usage.refusals > 90_000
    assert PROXY in [proxy.mac for proxy in story.proxies.entries()]
    assert story.hold() is not None


def test_its_own_addresses_are_bounded() -> None:
    story = Story()
    for number in range(100):
        story.says(
            number,
            PROXY,
            Mdns(True, proxies=(ProxyOffer(INSTANCE, NAME, None, 4500),)),
            ip=f"192.0.2.{number}",
        )
    (proxy,) = story.proxies.entries()
    assert len(proxy.own) == limits.SLEEP_PROXY_OWN_ADDRESSES
    assert story.proxies.owns(0, PROXY, ip_address("192.0.2.99"))


def test_a_segment_that_becomes_another_takes_its_proxies_along() -> None:
    story = Story()
    story.claims(0, OWNER)
    story.sleeps(100)
    story.holds.change_segment(0, 5)
    assert story.hold() is None
    moved = story.hold(segment=5)
    assert moved is not None
    assert moved.key[0] == 5
    assert [(proxy.segment, proxy.held) for proxy in story.proxies.entries()] == [(5, 1)]
    story.holds.change_segment(5, None)
    assert (story.proxies.entries(), story.holds.current()) == ([], [])


def test_what_both_segments_knew_is_counted_once() -> None:
    story = Story()
    for segment in (0, 5):
        story.claims(0, OWNER, segment=segment)
        offer = Mdns(True, proxies=(ProxyOffer(INSTANCE, NAME, None, 4500),))
        story.says(90, PROXY, offer, segment=segment)
        story.claims(100, PROXY, segment=segment)
    story.holds.change_segment(0, 5)
    assert len(story.holds.current()) == 1
    assert [proxy.held for proxy in story.proxies.entries()] == [1]

"""Who advertises that it answers for an address."""

from __future__ import annotations

from ipaddress import IPv4Address

import pytest

from l2exporter.evidence.hosts.virtual_routers import VirtualRouters, is_virtual, share_load
from l2exporter.evidence.seen import Seen
from l2exporter.limits import VIRTUAL_ADDRESSES, VIRTUAL_ADDRESSES_PER_ADVERT

from .scenes import BEGAN, IP, IP6, NEW, OLD, SEGMENT, THIRD, adverts, dhcp

KEY = (SEGMENT, IP)
VIRTUAL = 0x0000_5E00_0105


def told(*packets: Seen) -> VirtualRouters:
    routers = VirtualRouters()
    for packet in packets:
        routers.observe(packet)
    return routers


def test_the_sender_and_the_virtual_mac_answer_for_what_the_advert_names() -> None:
    routers = told(*adverts(NEW, 0))

    assert routers.answers(KEY, NEW, BEGAN)
    assert routers.answers(KEY, VIRTUAL, BEGAN)
    assert not routers.answers(KEY, OLD, BEGAN)
    assert not routers.answers((SEGMENT, IP6), NEW, BEGAN)
    assert not routers.answers((SEGMENT + 1, IP), NEW, BEGAN)


def test_an_advert_counts_for_a_minute() -> None:
    routers = told(*adverts(NEW, 0))

    assert routers.answers(KEY, NEW, BEGAN + 60)
    assert not routers.answers(KEY, NEW, BEGAN + 61)


def test_who_gives_up_says_nothing_for_itself_and_takes_nothing_back() -> None:
    assert not told(*adverts(NEW, 0, active=False)).answers(KEY, NEW, BEGAN)
    both = told(*adverts(NEW, 0), *adverts(NEW, 1, active=False))
    assert both.answers(KEY, NEW, BEGAN + 1)


def test_carp_vouches_for_its_virtual_mac() -> None:
    routers = told(*adverts(NEW, 0, protocol="carp", addresses=()))

    assert routers.answers(KEY, VIRTUAL, BEGAN)
    assert routers.answers((SEGMENT, IP6), VIRTUAL, BEGAN)
    assert not routers.answers(KEY, NEW, BEGAN)


def test_other_messages_are_ignored() -> None:
    assert told(dhcp("request", NEW)).usage().entries == 0


def test_two_at_once_are_in_contention() -> None:
    at_once = [advert for at in range(6) for mac in (OLD, NEW) for advert in adverts(mac, at)]

    assert not told(*at_once[:10]).contended(KEY, BEGAN + 6)
    assert told(*at_once).contended(KEY, BEGAN + 6)
    assert not told(*at_once).contended(KEY, BEGAN + 60)
    assert not told(*at_once).contended((SEGMENT, IP6), BEGAN + 6)


def test_routers_that_hand_over_are_in_none() -> None:
    packets = [
        advert
        for turn in range(8)
        for advert in adverts((OLD, NEW)[turn % 2], *(turn * 4 + step for step in range(4)))
    ]

    assert not told(*packets).contended(KEY, BEGAN + 32)


def test_segments_that_change() -> None:
    routers = told(*adverts(NEW, 0))
    routers.change_segment(SEGMENT, 9)

    assert routers.answers((9, IP), NEW, BEGAN)

    routers.change_segment(9, None)

    assert routers.usage().entries == 0


@pytest.mark.parametrize(
    ("mac", "expected"),
    [
        (0x0000_5E00_0101, True),
        (0x0000_5E00_02FF, True),
        (0x0000_5E00_0301, False),
        (0x0000_0C07_AC0A, True),
        (0x0000_0C07_AD0A, False),
        (0x0000_0C9F_F123, True),
        (0x0000_0C9F_E123, False),
        (0x0005_73A0_0FFF, True),
        (0x0005_73A0_1000, False),
        (0x0007_B400_0101, False),
    ],
)
def test_prefixes(mac: int, expected: bool) -> None:
    assert is_virtual(mac) is expected


@pytest.mark.parametrize(
    ("mac_a", "mac_b", "expected"),
    [
        (0x0007_B400_0101, 0x0007_B400_0104, True),
        (0x0007_B400_0101, 0x0007_B400_0201, False),
        (0x0007_B400_0101, NEW, False),
        (NEW, 0x0007_B400_0101, False),
        (OLD, NEW, False),
    ],
)
def test_forwarders_of_one_group(mac_a: int, mac_b: int, expected: bool) -> None:
    assert share_load(mac_a, mac_b) is expected


def test_a_long_advert_counts_in_part() -> None:
    many = tuple(IPv4Address(0x0A00_0000 + number) for number in range(255))
    routers = told(*adverts(NEW, 0, addresses=many))

    assert routers.answers((SEGMENT, many[VIRTUAL_ADDRESSES_PER_ADVERT - 1]), NEW, BEGAN)
    assert not routers.answers((SEGMENT, many[VIRTUAL_ADDRESSES_PER_ADVERT]), NEW, BEGAN)


def test_a_flood_of_routers_spares_one_that_was_heard_twice() -> None:
    routers = told(*adverts(NEW, 0, 1), *adverts(OLD, 1, addresses=(IP6,)))
    for number in range(3 * VIRTUAL_ADDRESSES):
        address = IPv4Address(0x0A00_0000 + number)
        routers.observe(*adverts(THIRD + number, 2, addresses=(address,)))

    assert routers.answers(KEY, NEW, BEGAN + 3)
    assert not routers.answers((SEGMENT, IP6), OLD, BEGAN + 3)
    assert routers.usage().entries == routers.usage().limit

from __future__ import annotations

import pytest

from l2exporter.dissect.carp import REASONS, decode, is_carp
from l2exporter.dissect.datagrams import Datagram
from l2exporter.dissect.reader import DissectError
from l2exporter.dissect.virtual_router import VirtualRouterAdvert
from tests.dissect.packets import KEEPALIVED_2, altered, carp, datagram, vrrp2, vrrp3


def reason(found: Datagram) -> str:
    with pytest.raises(DissectError) as caught:
        decode(found)
    assert caught.value.reason in REASONS
    return caught.value.reason


def test_every_field() -> None:
    found = decode(datagram(carp(vhid=7, advskew=100)))
    assert found == VirtualRouterAdvert("carp", 2, 7, 155, True, (), 0x00005E000107)


def test_who_bows_out_is_active_no_more() -> None:
    assert not decode(datagram(carp(advbase=255, advskew=255))).active
    assert decode(datagram(carp(advbase=1, advskew=255))).active
    assert decode(datagram(carp(advbase=255, advskew=254))).active


@pytest.mark.parametrize("count", range(12))
def test_vrrp_of_any_number_of_addresses_is_not_carp(count: int) -> None:
    vips = [f"198.51.100.{n}" for n in range(count)]
    assert not is_carp(datagram(vrrp2(vips)).payload)
    assert not is_carp(datagram(vrrp3(vips)).payload)
    assert not is_carp(datagram(KEEPALIVED_2).payload)
    assert is_carp(datagram(carp(vhid=count)).payload)


def test_what_is_too_short_to_tell_is_not_carp() -> None:
    assert not any(is_carp(datagram(carp()).payload[:size]) for size in range(4))


def test_every_damaged_bit_is_noticed() -> None:
    frame = carp()
    for place in range(34, 70):
        for bit in range(8):
            damaged = altered(frame, place, frame[place] ^ 1 << bit)
            assert reason(datagram(damaged)) == "checksum"


def test_every_cut_is_noticed() -> None:
    for size in range(36):
        cut = altered(carp()[: 34 + size], 16, 0, 20 + size)
        assert reason(datagram(cut)) == "truncated"


def test_from_another_link_it_is_no_advertisement() -> None:
    assert reason(datagram(altered(carp(), 22, 254))) == "ttl"

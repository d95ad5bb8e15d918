from __future__ import annotations

from ipaddress import ip_address

import pytest

from l2exporter.dissect.datagrams import Datagram
from l2exporter.dissect.reader import DissectError
from l2exporter.dissect.virtual_router import VirtualRouterAdvert
from l2exporter.dissect.vrrp import REASONS, decode
from tests.dissect.packets import (
    KEEPALIVED_2,
    KEEPALIVED_2_ENDS,
    KEEPALIVED_3,
    KEEPALIVED_3_IPV6,
    ONE,
    TWO,
    altered,
    datagram,
    vrrp2,
    vrrp3,
    vrrp6,
)

VIPS = (ip_address("192.0.2.100"), ip_address("192.0.2.101"))
FRAMES = [vrrp2(), vrrp3(), vrrp6(), KEEPALIVED_2, KEEPALIVED_3, KEEPALIVED_3_IPV6]


def reason(found: Datagram) -> str:
    with pytest.raises(DissectError) as caught:
        decode(found)
    assert caught.value.reason in REASONS
    return caught.value.reason


def short(frame: bytes, size: int) -> Datagram:
    """The frame's datagram with no more than `size` bytes of payload."""
    found = datagram(frame)
    header = len(frame) - len(found.payload)
    cut = frame[: header + size]
    if found.ethertype == 0x0800:
        return datagram(altered(cut, 16, 0, header - 14 + size))
    return datagram(altered(cut, 18, 0, size))


@pytest.mark.parametrize(
    ("frame", "expected"),
    [
        (KEEPALIVED_2, VirtualRouterAdvert("vrrp", 2, 51, 150, True, VIPS, 0x00005E000133)),
        (KEEPALIVED_2_ENDS, VirtualRouterAdvert("vrrp", 2, 51, 0, False, VIPS, 0x00005E000133)),
        (KEEPALIVED_3, VirtualRouterAdvert("vrrp", 3, 52, 150, True, VIPS, 0x00005E000134)),
        (
            KEEPALIVED_3_IPV6,
            VirtualRouterAdvert(
                protocol="vrrp",
                version=3,
                group=53,
                priority=150,
                active=True,
                addresses=(ip_address("fe80::5e:1"), ip_address("2001:db8::100")),
                mac=0x00005E000235,
            ),
        ),
    ],
)
def test_what_keepalived_sends(frame: bytes, expected: VirtualRouterAdvert) -> None:
    assert decode(datagram(frame)) == expected


def test_priority_zero_gives_the_addresses_up() -> None:
    for build in (vrrp2, vrrp3, vrrp6):
        assert decode(datagram(build(priority=1))).active
        assert not decode(datagram(build(priority=0))).active


@pytest.mark.parametrize("count", [0, 1, 7, 20])
def test_any_number_of_addresses(count: int) -> None:
    vips = [f"198.51.100.{n}" for n in range(count)]
    for build in (vrrp2, vrrp3):
        assert [*map(str, decode(datagram(build(vips))).addresses)] == vips


def test_version_3_without_the_pseudo_header_in_its_checksum() -> None:
    with_it = vrrp3((ONE,), chksum=0)
    payload = datagram(with_it).payload
    words = (int.from_bytes(payload[at : at + 2]) for at in range(0, len(payload), 2))
    checksum = 0xFFFF - sum(words) % 0xFFFF
    found = decode(datagram(vrrp3((ONE,), chksum=checksum)))
    assert found.addresses == (ip_address(ONE),)
    assert datagram(vrrp3((ONE,))).payload[6:8] != checksum.to_bytes(2)


@pytest.mark.parametrize("frame", FRAMES)
def test_every_damaged_bit_is_noticed(frame: bytes) -> None:
    size = len(datagram(frame).payload)
    for place in range(len(frame) - size, len(frame)):
        for bit in range(8):
            damaged = altered(frame, place, frame[place] ^ 1 << bit)
            assert reason(datagram(damaged)) in {"checksum", "truncated", "version", "type"}


@pytest.mark.parametrize("frame", FRAMES)
def test_every_cut_is_noticed(frame: bytes) -> None:
    for size in range(len(datagram(frame).payload)):
        assert reason(short(frame, size)) == "truncated"


def test_from_another_link_it_is_no_advertisement() -> None:
    for frame in (vrrp2(), vrrp3()):
        assert reason(datagram(altered(frame, 22, 254))) == "ttl"
    assert reason(datagram(altered(vrrp6(), 21, 254))) == "ttl"


def test_versions_and_types_that_are_not_known() -> None:
    assert reason(datagram(vrrp2(version=4))) == "version"
    assert reason(datagram(vrrp2(version=1))) == "version"
    assert reason(datagram(vrrp6(version=2))) == "version"
    assert reason(datagram(vrrp2(type=2))) == "type"
    assert reason(datagram(vrrp3((TWO,), type=0))) == "type"

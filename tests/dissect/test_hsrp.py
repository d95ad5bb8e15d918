from __future__ import annotations

from ipaddress import ip_address

import pytest

from l2exporter.dissect.hsrp import REASONS, decode
from l2exporter.dissect.reader import DissectError
from l2exporter.dissect.virtual_router import VirtualRouterAdvert
from tests.dissect.packets import ROUTERS_1, ROUTERS_2, ROUTERS_6, TWO, datagram, hsrp1, hsrp2, udp

HELLO, COUP, RESIGN, ADVERTISE = range(4)


def advert(frame: bytes) -> VirtualRouterAdvert:
    found = decode(datagram(frame))
    assert found is not None
    return found


def reason(frame: bytes) -> str:
    with pytest.raises(DissectError) as caught:
        decode(datagram(frame))
    assert caught.value.reason in REASONS
    return caught.value.reason


def payload(frame: bytes) -> bytes:
    return datagram(frame).payload


def test_every_field_of_version_1() -> None:
    found = advert(hsrp1(group=9, priority=110))
    vips = (ip_address(TWO),)
    assert found == VirtualRouterAdvert("hsrp", 1, 9, 110, True, vips, 0x00000C07AC09)


def test_every_field_of_version_2() -> None:
    found = advert(hsrp2(group=0x123, priority=110))
    vips = (ip_address(TWO),)
    assert found == VirtualRouterAdvert("hsrp", 2, 0x123, 110, True, vips, 0x00000C9FF123)


def test_every_field_of_version_2_for_ipv6() -> None:
    found = advert(hsrp2(ROUTERS_6, group=0x123, priority=110))
    vips = (ip_address("fe80::2"),)
    assert found == VirtualRouterAdvert("hsrp", 2, 0x123, 110, True, vips, 0x000573A00123)


@pytest.mark.parametrize(
    ("state", "operation", "active"),
    [(16, HELLO, True), (16, COUP, True), (16, RESIGN, False), (8, HELLO, False), (4, COUP, False)]
    + [(state, HELLO, False) for state in (0, 1, 2)],
)
def test_who_is_active_in_version_1(state: int, operation: int, active: bool) -> None:
    assert advert(hsrp1(state=state, opcode=operation)).active is active


@pytest.mark.parametrize(
    ("state", "operation", "active"),
    [(6, HELLO, True), (6, COUP, True), (6, RESIGN, False)]
    + [(state, HELLO, False) for state in range(6)],
)
def test_who_is_active_in_version_2(state: int, operation: int, active: bool) -> None:
    assert advert(hsrp2(state=state, opcode=operation)).active is active


def test_an_address_that_is_not_learnt_yet() -> None:
    assert advert(hsrp1(virtualIP="0.0.0.0", state=1)).addresses == ()
    assert advert(hsrp2(virtualIP="0.0.0.0", state=2)).addresses == ()


def test_what_an_interface_says_of_itself_alone() -> None:
    assert decode(datagram(hsrp1(opcode=ADVERTISE))) is None
    interface_state = bytes((2, 4, 0, 1, 0, 1))
    assert decode(datagram(udp(interface_state, 1985, to=ROUTERS_2))) is None
    assert decode(datagram(udp(b"", 1985, to=ROUTERS_2))) is None


def test_a_group_behind_other_parts_and_before_them() -> None:
    assert advert(hsrp2(text=True)) == advert(hsrp2())
    mixed = bytes((2, 4, 0, 1, 0, 1)) + payload(hsrp2(text=True))
    assert advert(udp(mixed, 1985, to=ROUTERS_2)) == advert(hsrp2())


def test_authentication_behind_version_1_is_passed_over() -> None:
    signed = payload(hsrp1()) + bytes(30)
    assert advert(udp(signed, 1985, to=ROUTERS_1)) == advert(hsrp1())


@pytest.mark.parametrize("to", [TWO, ROUTERS_2, "224.0.0.18", ROUTERS_6])
def test_version_1_goes_to_its_group(to: str) -> None:
    assert reason(udp(payload(hsrp1()), 1985, to=to)) in {"destination", "truncated"}


@pytest.mark.parametrize("to", [TWO, "224.0.0.18", "ff02::1"])
def test_other_destinations_are_no_group_of_routers(to: str) -> None:
    assert reason(udp(payload(hsrp2()), 1985, to=to)) == "destination"
    assert reason(udp(payload(hsrp1()), 1985, to=to)) == "destination"


@pytest.mark.parametrize(
    ("frame", "expected"),
    [
        (hsrp1(version=1), "version"),
        (hsrp1(opcode=4), "operation"),
        (hsrp1(state=3), "state"),
        (hsrp1(state=17), "state"),
        (hsrp2(version=1), "version"),
        (hsrp2(version=3), "version"),
        (hsrp2(ipVer=5), "version"),
        (hsrp2(opcode=3), "operation"),
        (hsrp2(state=7), "state"),
        (hsrp2(state=16), "state"),
        (hsrp2(group=0x1000), "group"),
        (hsrp2(len=39), "length"),
        (hsrp2(len=41), "length"),
    ],
)
def test_fields_that_cannot_be_believed(frame: bytes, expected: str) -> None:
    assert reason(frame) == expected


@pytest.mark.parametrize("frame", [hsrp1(), hsrp2(), hsrp2(ROUTERS_6)])
def test_every_cut_is_noticed(frame: bytes) -> None:
    found = datagram(frame)
    to = str(found.destination)
    for size in range(1, len(found.payload)):
        assert reason(udp(found.payload[:size], 1985, to=to)) == "truncated"

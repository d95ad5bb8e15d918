from __future__ import annotations

from collections.abc import Callable
from struct import pack

import pytest

from l2exporter.capture.cooked import LINKS, Link, ethernet, linux_sll, linux_sll2

MAC = bytes([2, 0, 0, 0, 0, 5])
ETHER, LOOPBACK, INFINIBAND = 1, 772, 32
ARP = 0x0806

Cooked = Callable[..., bytes]


def sll(
    kind: int = 0, *, hardware: int = ETHER, address: bytes = MAC, protocol: int = ARP
) -> bytes:
    return pack(">HHH8sH", kind, hardware, len(address), address[:8], protocol) + b"payload"


def sll2(
    kind: int = 0, *, hardware: int = ETHER, address: bytes = MAC, protocol: int = ARP
) -> bytes:
    head = pack(">HHIHBB", protocol, 0, 2, hardware, kind, len(address))
    return head + pack("8s", address[:8]) + b"payload"


BOTH = pytest.mark.parametrize(("link", "cooked"), [(linux_sll, sll), (linux_sll2, sll2)])


def test_linktype_numbers() -> None:
    assert set(LINKS.items()) == {(1, ethernet), (113, linux_sll), (276, linux_sll2)}


def test_ethernet_is_left_alone() -> None:
    assert ethernet(b"frame") == (b"frame", False)


@BOTH
def test_source_and_protocol_move_to_their_ethernet_places(link: Link, cooked: Cooked) -> None:
    assert link(cooked()) == (bytes(6) + MAC + b"\x08\x06payload", False)


@BOTH
def test_tag_stays_in_the_data(link: Link, cooked: Cooked) -> None:
    assert link(cooked(protocol=0x8100))[0] == bytes(6) + MAC + b"\x81\x00payload"


@BOTH
@pytest.mark.parametrize(("kind", "sent"), [(0, False), (1, False), (3, False), (4, True)])
def test_outgoing_is_sent(link: Link, cooked: Cooked, kind: int, sent: bool) -> None:
    assert link(cooked(kind))[1] is sent


@BOTH
@pytest.mark.parametrize("address", [b"", MAC[:4], MAC + b"\1\2", MAC * 3])
def test_address_that_is_no_mac_is_zeros(link: Link, cooked: Cooked, address: bytes) -> None:
    assert link(cooked(address=address))[0] == bytes(12) + b"\x08\x06payload"


@BOTH
@pytest.mark.parametrize("hardware", [LOOPBACK, INFINIBAND, 0])
def test_other_hardware_gives_a_frame_that_no_dissector_takes(
    link: Link, cooked: Cooked, hardware: int
) -> None:
    assert link(cooked(4, hardware=hardware)) == (bytes(14), True)


@BOTH
def test_packet_shorter_than_its_header_gives_an_empty_frame(link: Link, cooked: Cooked) -> None:
    header = len(cooked()) - len(b"payload")
    assert link(cooked()[: header - 1]) == (b"", False)
    assert link(cooked()[:header])[0] == bytes(6) + MAC + b"\x08\x06"

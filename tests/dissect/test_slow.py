from __future__ import annotations

import pytest
from scapy.layers.inet import IP, TCP
from scapy.layers.inet6 import ICMPv6EchoRequest, IPv6
from scapy.layers.l2 import ARP
from scapy.packet import Raw

from l2exporter.dissect.datagrams import decode
from l2exporter.dissect.dns_update import Registration, RegistrationReply
from l2exporter.dissect.reader import DissectError
from l2exporter.dissect.slow import PROTOCOLS, REASONS, dissect, protocol_of
from tests.dissect import dns_messages
from tests.dissect.packets import (
    FULL_ADVERTISEMENT,
    LINK_LOCAL,
    MAC,
    OFFER,
    ONE,
    TWO,
    advertisement,
    altered,
    carp,
    datagram,
    dhcp,
    ether,
    hsrp1,
    hsrp2,
    magic,
    udp,
    vrrp2,
    wake,
)
from tests.dissect.samples import EVERY, SAMPLES, repaired

UPDATE = dns_messages.registration([TWO], dns_messages.owner(MAC))
ADVERT, CARP_ADVERT, UDP = vrrp2(), carp(), udp(b"payload", 9)


def outcome(frame: bytes) -> tuple[str | None, str]:
    """Where a frame ends up: its protocol, and the reason why it is malformed."""
    try:
        found = decode(frame)
    except DissectError as error:
        return "datagram", error.reason
    protocol = protocol_of(found)
    if protocol is None:
        return None, ""
    try:
        dissect(protocol, found)
    except DissectError as error:
        return protocol, error.reason
    return protocol, ""


def test_the_protocols_are_those_of_the_metric() -> None:
    expected = "mdns dns_update dhcp wake_on_lan vrrp carp hsrp router_advertisement"
    assert tuple(expected.split()) == PROTOCOLS
    assert [*REASONS] == ["datagram", *PROTOCOLS]
    assert {*SAMPLES} == {*PROTOCOLS}


@pytest.mark.parametrize(("protocol", "frame"), EVERY)
def test_well_formed_frames_are_of_their_protocol(protocol: str, frame: bytes) -> None:
    assert outcome(frame) == (protocol, "")
    assert outcome(frame + bytes(40)) == (protocol, "")


@pytest.mark.parametrize(
    "frame",
    [
        bytes(ether() / ARP()),
        bytes(ether() / IP(src=ONE, dst=TWO) / TCP(sport=5353, dport=67)),
        bytes(ether() / IPv6(src=LINK_LOCAL, dst="ff02::1") / ICMPv6EchoRequest()),
        bytes(ether(type=0x8100) / Raw(wake()[14:])),
        udp(b"", 53),
        udp(b"", 9),
        udp(b"\xff\xff\xff", 9),
        udp(b"\xff\xff\xff\xff", 8),
        udp(b"anything", 40001, source=1985),
        udp(magic(), 40001, source=9),
    ],
)
def test_other_frames_are_of_none(frame: bytes) -> None:
    assert outcome(frame) == (None, "")


def test_ports_that_belong_to_a_protocol_come_before_what_a_payload_looks_like() -> None:
    assert protocol_of(datagram(udp(b"\0" * 12, 5353))) == "mdns"
    assert protocol_of(datagram(udp(b"\0" * 12, 40000, source=5353))) == "mdns"
    assert protocol_of(datagram(udp(UPDATE, 68))) == "dhcp"
    assert protocol_of(datagram(udp(b"", 40000, source=67))) == "dhcp"
    assert protocol_of(datagram(udp(UPDATE, 1985))) == "hsrp"
    assert protocol_of(datagram(udp(UPDATE, 2029))) == "hsrp"
    assert protocol_of(datagram(udp(UPDATE, 9))) == "dns_update"


def test_a_registration_from_or_to_the_port_of_multicast_dns_is_one() -> None:
    assert protocol_of(datagram(udp(UPDATE, 5353))) == "dns_update"
    assert protocol_of(datagram(udp(UPDATE, 40000, source=5353))) == "dns_update"


@pytest.mark.parametrize(
    ("flags", "zones", "expected"),
    [
        (0x2800, 0, "dns_update"),
        (0x2800, 1, "dns_update"),
        (0x2800, 2, None),
        (0x2800, 256, None),
        (0x2801, 0, None),
        (0x2900, 0, None),
        (0xA800, 0, "dns_update"),
        (0xA805, 1, "dns_update"),
        (0xA80F, 0, "dns_update"),
        (0xA810, 0, None),
        (0xA800, 2, None),
        (0x0000, 0, None),
        (0x8400, 0, None),
    ],
)
def test_updates_are_told_by_their_header(flags: int, zones: int, expected: str | None) -> None:
    header = b"\0\1" + flags.to_bytes(2) + zones.to_bytes(2) + bytes(6)
    assert protocol_of(datagram(udp(header, 55123))) == expected
    assert protocol_of(datagram(udp(header[:6], 55123))) == expected
    assert protocol_of(datagram(udp(header[:5], 55123))) is None


def test_an_update_without_an_owner_is_no_registration() -> None:
    assert isinstance(dissect("dns_update", datagram(udp(UPDATE, 55123))), Registration)
    plain = dns_messages.registration([TWO])
    assert dissect("dns_update", datagram(udp(plain, 55123))) is None
    reply = udp(dns_messages.registration_reply(), 55123)
    assert isinstance(dissect("dns_update", datagram(reply)), RegistrationReply)


REACHED = {
    "datagram": {
        "truncated": UDP[:-1],
        "version": altered(UDP, 14, 0x65),
        "length": altered(UDP, 38, 0, 7),
        "fragment": altered(UDP, 20, 0x20),
        "extension_header": altered(FULL_ADVERTISEMENT, 20, 0),
    },
    "dhcp": {
        "truncated": repaired(OFFER[:200]),
        "operation": dhcp(("message-type", "offer")),
        "hardware": dhcp(("message-type", "request"), htype=32),
        "option_length": dhcp(("message-type", "request"), ("hostname", b"")).replace(
            b"\x35\x01\x03", b"\x35\x00\x00"
        ),
    },
    "wake_on_lan": {
        "truncated": udp(magic()[:-1], 9),
        "sync": udp(b"\xff" * 5 + b"\0" + magic()[6:], 9),
        "repetitions": altered(wake(), -1, 9),
        "target": wake("ff:ff:ff:ff:ff:ff"),
    },
    "vrrp": {
        "truncated": repaired(ADVERT[:-1]),
        "ttl": altered(ADVERT, 22, 254),
        "version": vrrp2(version=1),
        "type": vrrp2(type=2),
        "checksum": altered(ADVERT, -1, 9),
    },
    "carp": {
        "truncated": repaired(CARP_ADVERT[:-1]),
        "ttl": altered(CARP_ADVERT, 22, 254),
        "checksum": altered(CARP_ADVERT, -1, 9),
    },
    "hsrp": {
        "truncated": repaired(hsrp1()[:-1]),
        "destination": hsrp1(to=TWO),
        "version": hsrp1(version=1),
        "operation": hsrp1(opcode=4),
        "state": hsrp2(state=16),
        "length": hsrp2(len=39),
        "group": hsrp2(group=0x1000),
    },
    "router_advertisement": {
        "truncated": repaired(FULL_ADVERTISEMENT[:-1]),
        "hop_limit": altered(FULL_ADVERTISEMENT, 21, 254),
        "source": advertisement(source="2001:db8::1"),
        "checksum": altered(FULL_ADVERTISEMENT, -1, 9),
        "code": advertisement(code=1),
        "option_length": advertisement(Raw(bytes(8))),
        "prefix_length": advertisement(Raw(bytes((3, 4, 129, *bytes(29))))),
    },
}
"""A frame for each reason; those of DNS are in its own tests."""


@pytest.mark.parametrize("protocol", REACHED)
def test_every_reason_is_one_that_a_frame_can_reach(protocol: str) -> None:
    frames = REACHED[protocol]
    assert {*frames} == {*REASONS[protocol]}
    for reason, frame in frames.items():
        assert outcome(frame) == (protocol, reason)


def test_other_messages_of_icmpv6_are_of_none() -> None:
    assert protocol_of(datagram(altered(FULL_ADVERTISEMENT, 54, 133))) is None
    assert protocol_of(datagram(repaired(FULL_ADVERTISEMENT[:54]))) is None

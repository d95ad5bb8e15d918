from __future__ import annotations

from ipaddress import ip_address

import pytest
from scapy.layers.inet import ICMP, IP, TCP, UDP, IPOption_NOP
from scapy.layers.inet6 import IPv6, IPv6ExtHdrDestOpt, IPv6ExtHdrFragment, IPv6ExtHdrHopByHop
from scapy.layers.l2 import ARP
from scapy.packet import Raw

from l2exporter.dissect.datagrams import REASONS, Datagram, decode
from l2exporter.dissect.reader import DissectError
from tests.dissect.packets import LINK_LOCAL, MAC, ONE, TWO, altered, ether, udp

IPV4 = udp(b"payload", 9)
IPV6 = udp(b"payload", 9, to="ff02::fb")


def reason(frame: bytes) -> str:
    with pytest.raises(DissectError) as caught:
        decode(frame)
    assert caught.value.reason in REASONS
    return caught.value.reason


def test_every_field_of_udp_over_ipv4() -> None:
    assert decode(IPV4) == Datagram(
        source_mac=0x020000000001,
        destination_mac=0xFFFFFFFFFFFF,
        ethertype=0x0800,
        source=ip_address(ONE),
        destination=ip_address(TWO),
        protocol=17,
        source_port=40000,
        destination_port=9,
        ttl=64,
        payload=b"payload",
    )


def test_every_field_of_udp_over_ipv6() -> None:
    assert decode(IPV6) == Datagram(
        source_mac=0x020000000001,
        destination_mac=0xFFFFFFFFFFFF,
        ethertype=0x86DD,
        source=ip_address(LINK_LOCAL),
        destination=ip_address("ff02::fb"),
        protocol=17,
        source_port=40000,
        destination_port=9,
        ttl=64,
        payload=b"payload",
    )


@pytest.mark.parametrize("frame", [IPV4, IPV6])
def test_padding_is_cut_off(frame: bytes) -> None:
    assert decode(frame + b"\xee" * 30) == decode(frame)


def test_udp_may_be_shorter_than_what_carries_it() -> None:
    inner = IP(src=ONE, dst=TWO) / UDP(sport=1, dport=2, len=10) / Raw(b"payload")
    assert decode(bytes(ether() / inner)).payload == b"pa"


def test_ip_options_are_passed_over() -> None:
    packet = IP(src=ONE, dst=TWO, options=[IPOption_NOP()] * 8) / UDP(dport=9) / Raw(b"x")
    found = decode(bytes(ether() / packet))
    assert (found.destination_port, found.payload) == (9, b"x")


@pytest.mark.parametrize(
    ("inner", "protocol"),
    [(IP() / TCP(), 6), (IP() / ICMP(), 1), (IPv6() / TCP(), 6), (IPv6(nh=59), 59)],
)
def test_other_protocols_have_no_ports(inner: IP | IPv6, protocol: int) -> None:
    found = decode(bytes(ether() / inner))
    assert (found.protocol, found.source_port, found.destination_port) == (protocol, 0, 0)
    assert found.payload == bytes(inner)[20 if inner.version == 4 else 40 :]


def test_what_is_not_ip_has_a_payload_alone() -> None:
    frame = bytes(ether(type=0x0842) / Raw(b"anything"))
    assert decode(frame) == Datagram(
        0x020000000001, 0xFFFFFFFFFFFF, 0x0842, None, None, 0, 0, 0, 0, b"anything"
    )
    assert decode(bytes(ether() / ARP())).ethertype == 0x0806


def test_ports_say_nothing_of_checksums_left_to_the_device() -> None:
    offloaded = IP(src=ONE, dst=TWO, chksum=0) / UDP(dport=9, chksum=0x1234) / Raw(b"x")
    assert decode(bytes(ether() / offloaded)).payload == b"x"


@pytest.mark.parametrize("frame", [IPV4, IPV6])
def test_every_cut_is_noticed(frame: bytes) -> None:
    assert {reason(frame[:end]) for end in range(len(frame))} == {"truncated"}


@pytest.mark.parametrize(
    ("frame", "expected"),
    [
        (altered(IPV4, 14, 0x65), "version"),
        (altered(IPV6, 14, 0x45), "version"),
        (altered(IPV4, 14, 0x44), "length"),
        (altered(IPV4, 16, 0, 19), "length"),
        (altered(IPV4, 14, 0x4F), "length"),
        (altered(IPV4, 16, 0, 27), "truncated"),
        (altered(IPV4, 38, 0, 7), "length"),
        (altered(IPV6, 58, 0, 0), "length"),
        (altered(IPV4, 20, 0x20, 0), "fragment"),
        (altered(IPV4, 20, 0, 1), "fragment"),
        (altered(IPV4, 38, 0xFF, 0xFF), "truncated"),
        (altered(IPV6, 18, 0, 7), "truncated"),
    ],
)
def test_headers_that_lie(frame: bytes, expected: str) -> None:
    assert reason(frame) == expected


def test_do_not_fragment_is_no_fragment() -> None:
    assert decode(altered(IPV4, 20, 0x40, 0)) == decode(IPV4)


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (IPv6ExtHdrHopByHop(), "extension_header"),
        (IPv6ExtHdrDestOpt(), "extension_header"),
        (IPv6ExtHdrFragment(), "fragment"),
    ],
)
def test_headers_between_ipv6_and_udp(header: IPv6, expected: str) -> None:
    packet = IPv6(src=LINK_LOCAL, dst="ff02::fb") / header / UDP(dport=5353)
    assert reason(bytes(ether() / packet)) == expected


def test_macs_are_numbers() -> None:
    frame = bytes(ether(src="0a:1b:2c:3d:4e:5f", dst=MAC, type=0x0842) / Raw(b""))
    assert decode(frame).source_mac == 0x0A1B2C3D4E5F
    assert decode(frame).destination_mac == 0x020000000001

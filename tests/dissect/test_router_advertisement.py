from __future__ import annotations

from ipaddress import IPv6Address, IPv6Network

import pytest
from scapy.layers.inet6 import (
    ICMPv6NDOptDNSSL,
    ICMPv6NDOptDstLLAddr,
    ICMPv6NDOptPrefixInfo,
    ICMPv6NDOptRDNSS,
    ICMPv6NDOptSrcLLAddr,
    ICMPv6NDOptUnknown,
)
from scapy.packet import Raw

from l2exporter.dissect.reader import DissectError
from l2exporter.dissect.router_advertisement import REASONS, RouterAdvertisement, decode
from tests.dissect.packets import (
    DNSMASQ_ADVERTISEMENT,
    FULL_ADVERTISEMENT,
    LINK_LOCAL,
    MAC,
    advertisement,
    altered,
    datagram,
)


def reason(frame: bytes) -> str:
    with pytest.raises(DissectError) as caught:
        decode(datagram(frame))
    assert caught.value.reason in REASONS
    return caught.value.reason


def option(*data: int) -> bytes:
    """An advertisement with these bytes where options are."""
    return advertisement(Raw(bytes(data)))


def test_every_field() -> None:
    assert decode(datagram(FULL_ADVERTISEMENT)) == RouterAdvertisement(
        source=IPv6Address(LINK_LOCAL),
        mac=0x020000000001,
        lifetime=1800,
        managed=True,
        other=False,
        preference="high",
        prefixes=(IPv6Network("2001:db8:1::/64"),),
        dns_servers=(IPv6Address("2001:db8::53"), IPv6Address("fe80::53")),
    )


def test_what_dnsmasq_says() -> None:
    assert decode(datagram(DNSMASQ_ADVERTISEMENT)) == RouterAdvertisement(
        source=IPv6Address("fe80::ff:fe00:1"),
        mac=0x020000000001,
        lifetime=1800,
        managed=False,
        other=False,
        preference="medium",
        prefixes=(IPv6Network("2001:db8:5::/64"),),
        dns_servers=(IPv6Address("2001:db8:5::53"),),
    )


def test_no_options_and_no_default_router() -> None:
    found = decode(datagram(advertisement(routerlifetime=0, O=1)))
    assert (found.mac, found.lifetime, found.prefixes, found.dns_servers) == (None, 0, (), ())
    assert (found.managed, found.other) == (False, True)


@pytest.mark.parametrize(
    ("bits", "expected"), [(0, "medium"), (1, "high"), (2, "medium"), (3, "low")]
)
def test_preferences(bits: int, expected: str) -> None:
    assert decode(datagram(advertisement(prf=bits))).preference == expected


def test_several_prefixes_and_servers() -> None:
    found = decode(
        datagram(
            advertisement(
                ICMPv6NDOptPrefixInfo(prefix="2001:db8:1::", prefixlen=64),
                ICMPv6NDOptPrefixInfo(prefix="2001:db8:2::1", prefixlen=48),
                ICMPv6NDOptPrefixInfo(prefix="::", prefixlen=0),
                ICMPv6NDOptPrefixInfo(prefix="2001:db8::1", prefixlen=128),
                ICMPv6NDOptRDNSS(dns=["2001:db8::1"], len=3),
                ICMPv6NDOptRDNSS(dns=["2001:db8::2"], len=3),
            )
        )
    )
    expected = ("2001:db8:1::/64", "2001:db8:2::/48", "::/0", "2001:db8::1/128")
    assert found.prefixes == tuple(map(IPv6Network, expected))
    assert found.dns_servers == (IPv6Address("2001:db8::1"), IPv6Address("2001:db8::2"))


def test_options_of_other_kinds_are_passed_over() -> None:
    others = (
        ICMPv6NDOptDstLLAddr(lladdr="02:00:00:00:00:09"),
        ICMPv6NDOptDNSSL(searchlist=["example.com"]),
        ICMPv6NDOptUnknown(type=200, len=2, data=bytes(14)),
    )
    found = decode(datagram(advertisement(*others, ICMPv6NDOptSrcLLAddr(lladdr=MAC))))
    assert found.mac == 0x020000000001


@pytest.mark.parametrize("frame", [FULL_ADVERTISEMENT, advertisement()])
def test_every_damaged_bit_is_noticed(frame: bytes) -> None:
    for place in range(54, len(frame)):
        for bit in range(8):
            assert reason(altered(frame, place, frame[place] ^ 1 << bit)) == "checksum"


def test_only_routers_of_this_link_are_believed() -> None:
    assert reason(altered(FULL_ADVERTISEMENT, 21, 254)) == "hop_limit"
    assert reason(advertisement(source="2001:db8::1")) == "source"
    assert reason(advertisement(source="::")) == "source"
    assert reason(advertisement(code=1)) == "code"


def test_over_ipv4_there_is_none() -> None:
    found = datagram(altered(FULL_ADVERTISEMENT, 12, 8, 0, 0x45, 0, 0, 40, 0, 0, 0, 0, 255, 58))
    with pytest.raises(DissectError, match="source"):
        decode(found)


@pytest.mark.parametrize(
    ("frame", "expected"),
    [
        (option(1), "truncated"),
        (option(1, 0), "option_length"),
        (option(200, 0, 0, 0, 0, 0, 0, 0), "option_length"),
        (option(1, 1, 2, 0, 0, 0, 0), "truncated"),
        (option(1, 2, *bytes(14)), "option_length"),
        (option(3, 1, *bytes(6)), "option_length"),
        (option(3, 4, 129, *bytes(29)), "prefix_length"),
        (option(3, 4, 255, *bytes(29)), "prefix_length"),
        (option(25, 1, *bytes(6)), "option_length"),
        (option(25, 2, *bytes(14)), "option_length"),
        (option(25, 4, *bytes(30)), "option_length"),
        (option(200, 255, *bytes(30)), "truncated"),
    ],
)
def test_options_that_lie(frame: bytes, expected: str) -> None:
    assert reason(frame) == expected


def test_a_short_one_is_truncated() -> None:
    frame = advertisement()
    for size in range(16):
        assert reason(altered(frame[: 54 + size], 18, 0, size)) == "truncated"

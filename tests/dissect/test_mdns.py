from __future__ import annotations

from collections.abc import Callable
from ipaddress import ip_address
from struct import pack

import pytest
from scapy.layers.dns import DNSRR

from l2exporter.dissect.dns import Owner
from l2exporter.dissect.mdns import HostAddress, Mdns, ProxyName, ProxyOffer, decode, proxy_name
from l2exporter.dissect.reader import DissectError
from tests.dissect import dns_messages as messages
from tests.dissect.dns_wire import (
    AAAA,
    HEADER,
    IP,
    PTR,
    SERVICE,
    SRV,
    A,
    answers,
    header,
    point,
    record,
)

MAC, HOST_MAC = "02:00:00:00:00:01", 0x020000000001
NAME = "50-37-71-72 Bob\u2019s MacBook"
LABEL = b"\x0b50-37-71-72"
LOCAL = point(HEADER + len(SERVICE) - 7)


def fault(payload: bytes) -> str:
    with pytest.raises(DissectError) as error:
        decode(payload)
    return error.value.reason


def offers(*records: bytes) -> list[tuple[str, int | None, int]]:
    return [(offer.instance, offer.port, offer.ttl) for offer in decode(answers(*records)).proxies]


def test_a_proxy_that_answers_for_itself() -> None:
    found = decode(messages.offer(NAME, "proxy.local", "192.0.2.76", 55123))
    name = ProxyName(50, 37, 71, 72, None, "Bob\u2019s MacBook")
    assert found.proxies == (ProxyOffer(NAME, name, 55123, 4500, "proxy.local"),)
    assert found.addresses == (
        HostAddress("proxy.local", ip_address("192.0.2.76"), 120, flush=True),
    )
    assert (found.response, found.owner) == (True, None)


def test_a_proxy_that_goes() -> None:
    (gone,) = decode(messages.offer(NAME, ttl=0, port=None)).proxies
    assert (gone.ttl, gone.port, gone.host, gone.instance) == (0, None, None, NAME)


def test_a_proxy_with_features_in_its_name() -> None:
    (found,) = decode(messages.offer("35-10-70-10.1 Time Capsule. Attic")).proxies
    assert found.instance == "35-10-70-10.1 Time Capsule. Attic"
    assert found.name == ProxyName(35, 10, 70, 10, 1, "Time Capsule. Attic")


def test_names_in_any_case_and_compressed_in_the_data() -> None:
    shouted = SERVICE.upper()
    instance = point(HEADER + len(shouted) + 10)
    assert offers(
        record(shouted, PTR, LABEL + point(HEADER), ttl=9),
        record(instance, SRV, pack(">3H", 0, 0, 7) + b"\1a" + LOCAL),
    ) == [("50-37-71-72", 7, 9)]
    assert offers(
        record(SERVICE, PTR, b"\4NAME" + SERVICE.upper()),
        record(b"\4name" + point(HEADER), SRV, pack(">3H", 0, 0, 8) + LOCAL),
    ) == [("NAME", 8, 120)]


def test_a_port_is_that_of_its_own_instance() -> None:
    first = record(SERVICE, PTR, b"\1a" + point(HEADER))
    second = record(point(HEADER), PTR, b"\1b" + point(HEADER))
    port = record(b"\1b" + point(HEADER), SRV, pack(">3H", 0, 0, 8) + LOCAL)
    assert offers(first, second, port) == [("a", None, 120), ("b", 8, 120)]


@pytest.mark.parametrize(
    "payload",
    [
        answers(record(b"\x0c_sleep-proxy\x04_tcp\x05local\0", PTR, b"\1a" + point(HEADER))),
        answers(record(b"\4_sub" + SERVICE, PTR, b"\1a" + point(HEADER))),
        answers(record(b"\x09_services\7_dns-sd\4_udp\5local\0", PTR, SERVICE)),
        answers(record(SERVICE, PTR, b"\1a\5_http\4_udp\5local\0")),
        answers(record(SERVICE, PTR, point(HEADER))),
        answers(record(SERVICE, PTR, b"\1a\1b" + point(HEADER))),
        answers(record(SERVICE, PTR, b"\0")),
        answers(record(SERVICE, PTR, b"\1a" + point(HEADER), class_=255)),
        answers(record(SERVICE, SRV, pack(">3H", 0, 0, 8) + b"\0")),
        header(0, an=1) + record(SERVICE, PTR, b"\1a" + point(HEADER)),
        header(ns=1) + record(SERVICE, PTR, b"\1a" + point(HEADER)),
    ],
)
def test_what_is_no_offer(payload: bytes) -> None:
    assert decode(payload).proxies == ()


def test_who_asks_is_no_proxy_and_has_no_address_yet() -> None:
    instance = messages.wire(NAME, *messages.SERVICE.split("."))
    known = [messages.pointer(messages.SERVICE, instance), messages.address("a.local", "192.0.2.9")]
    option = messages.owner(MAC, 3)
    assert decode(messages.question(known=known, option=option)) == Mdns(
        response=False, owner=Owner(3, HOST_MAC, HOST_MAC)
    )
    probe = header(0, ns=1) + record(b"\1a\0", A, IP)
    assert decode(probe) == Mdns(response=False)


def test_a_host_tells_its_addresses_and_who_it_is() -> None:
    ips = ["192.0.2.1", "169.254.7.7", "fe80::1", "2001:db8::1", "fd00::1"]
    found = decode(messages.announcement("Bobs-Mac.local", ips, option=messages.owner(MAC, 9)))
    assert [str(address.ip) for address in found.addresses] == ips
    assert {(address.host, address.ttl, address.flush) for address in found.addresses} == {
        ("Bobs-Mac.local", 4500, True)
    }
    assert found.owner == Owner(9, HOST_MAC, HOST_MAC)


def test_goodbyes_for_held_hosts_come_through() -> None:
    found = decode(messages.announcement("Bobs-Mac.local", ["192.0.2.1", "fe80::1"], ttl=0))
    assert [(str(address.ip), address.ttl) for address in found.addresses] == [
        ("192.0.2.1", 0),
        ("fe80::1", 0),
    ]


def test_addresses_are_in_answers_and_additionals_not_in_authorities() -> None:
    ips = [bytes([192, 0, 2, last]) for last in (1, 2, 3)]
    payload = header(an=1, ns=1, ar=1) + b"".join(record(b"\1a\0", A, ip) for ip in ips)
    assert [str(address.ip) for address in decode(payload).addresses] == ["192.0.2.1", "192.0.2.3"]


def test_a_record_without_flush_and_one_of_another_class() -> None:
    shared, foreign = record(b"\1a\0", A, IP), record(b"\1b\0", A, b"\1\2\3", class_=3)
    (found,) = decode(answers(shared, foreign)).addresses
    assert (found.host, found.flush) == ("a", False)


@pytest.mark.parametrize(
    ("kind", "rdata"),
    [
        (A, b""),
        (A, IP[:3]),
        (A, IP + b"\0"),
        (A, bytes(16)),
        (AAAA, IP),
        (AAAA, bytes(15)),
        (AAAA, bytes(17)),
    ],
)
def test_addresses_of_another_length(kind: int, rdata: bytes) -> None:
    assert fault(answers(record(b"\1a\0", kind, rdata))) == "rdata_length"


@pytest.mark.parametrize(
    "records",
    [
        [record(SERVICE, PTR, b"\1a" + point(HEADER) + b"\0")],
        [record(SERVICE, PTR, b"\1a\1")],
        [record(SERVICE, PTR, b"")],
        [record(SERVICE, PTR, b"\1a" + point(HEADER)), record(b"\0", SRV, bytes(6))],
        [
            record(SERVICE, PTR, b"\1a" + point(HEADER)),
            record(b"\1a" + point(HEADER), SRV, bytes(6) + LOCAL + b"x"),
        ],
    ],
)
def test_data_that_is_longer_or_shorter_than_what_is_in_it(records: list[bytes]) -> None:
    assert fault(answers(*records) + bytes(20)) == "rdata_length"


def test_other_opcodes_and_response_codes_are_no_multicast_dns() -> None:
    assert fault(messages.registration(["192.0.2.1"])) == "opcode"
    assert fault(answers(flags=0x8403)) == "rcode"


@pytest.mark.parametrize("build", [lambda: messages.denial("a.local"), lambda: _text("a.local")])
def test_records_of_other_types_tell_nothing(build: Callable[[], object]) -> None:
    assert decode(messages.response(build())) == Mdns(response=True)


def _text(name: str) -> object:
    return DNSRR(rrname=name + ".", type="TXT", rdata=[b"a=b"])


@pytest.mark.parametrize(
    ("instance", "expected"),
    [
        ("50-37-71-72 Bob\u2019s Mac", ProxyName(50, 37, 71, 72, None, "Bob\u2019s Mac")),
        ("50-37-71-72.1 Bob\u2019s Mac", ProxyName(50, 37, 71, 72, 1, "Bob\u2019s Mac")),
        ("35-10-73-10.0 TV", ProxyName(35, 10, 73, 10, 0, "TV")),
        ("70-35-60-63 Apple TV (2)", ProxyName(70, 35, 60, 63, None, "Apple TV (2)")),
        ("70-35-60-63.1  TV ", ProxyName(70, 35, 60, 63, 1, " TV ")),
        ("70-35-60-63", ProxyName(70, 35, 60, 63, None, "")),
        ("70-35-60-63 ", ProxyName(70, 35, 60, 63, None, "")),
        ("", None),
        ("Bob\u2019s Mac", None),
        ("7-35-60-63 TV", None),
        ("70-35-60 TV", None),
        ("70-35-60-63TV", None),
        ("70-35-60-63. TV", None),
        ("\u0667\u0660-35-60-63 TV", None),
        (" 70-35-60-63 TV", None),
        ("70-35-60-63." + "9" * 60, None),
    ],
)
def test_names_of_proxies(instance: str, expected: ProxyName | None) -> None:
    assert proxy_name(instance) == expected

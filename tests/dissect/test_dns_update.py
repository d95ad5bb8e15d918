from __future__ import annotations

from ipaddress import ip_address

import pytest

from l2exporter.dissect.dns import Owner
from l2exporter.dissect.dns_update import (
    Registration,
    RegistrationReply,
    decode,
    reverse_address,
)
from l2exporter.dissect.reader import DissectError
from tests.dissect import dns_messages as messages
from tests.dissect.dns_wire import HEADER, IP, PTR, UPDATE, UPDATE_REPLY, A, header, point, record

MAC, WAKEUP = "02:00:00:00:00:01", "02:00:00:00:00:02"
OWNER = Owner(7, 0x020000000001, 0x020000000002)
IPS = ["192.0.2.1", "fe80::16:cbff:fe8b:8a45", "2001:db8::1"]
REVERSE = b"\x011\x012\x010\x03192\7in-addr\4arpa\0"


def name(text: str) -> bytes:
    return messages.wire(*text.split("."))


@pytest.mark.parametrize("zone", [False, True])
def test_a_registration_names_the_addresses_to_hold(zone: bool) -> None:
    option = messages.owner(MAC, 7, WAKEUP)
    found = decode(messages.registration(IPS, option, number=513, seconds=7200, zone=zone))
    assert found == Registration(513, tuple(map(ip_address, IPS)), OWNER, 7200)


def test_without_lease_or_owner() -> None:
    assert decode(messages.registration(IPS[:1], seconds=None)) == Registration(
        1, (ip_address(IPS[0]),), None, None
    )
    assert decode(header(UPDATE)) == Registration(0, (), None, None)


def test_each_address_once_with_or_without_the_flush_bit() -> None:
    records = record(REVERSE, PTR, b"\0", class_=0x8001) + record(point(HEADER), PTR, b"\0")
    found = decode(header(UPDATE, ns=2) + records)
    assert found == Registration(0, (ip_address("192.0.2.1"),), None, None)


@pytest.mark.parametrize("class_", [254, 255, 0x80FE, 0x80FF, 3])
def test_what_it_takes_away_is_not_to_be_held(class_: int) -> None:
    payload = header(UPDATE, ns=1) + record(REVERSE, PTR, b"", class_=class_, ttl=0)
    assert decode(payload) == Registration(0, (), None, None)


def test_only_pointers_in_the_update_section_count() -> None:
    elsewhere = header(UPDATE, an=1, ar=1) + record(REVERSE, PTR, b"\0") * 2
    of_another_type = header(UPDATE, ns=1) + record(REVERSE, A, IP)
    for payload in (elsewhere, of_another_type):
        assert decode(payload) == Registration(0, (), None, None)


@pytest.mark.parametrize("rcode", [0, 1, 5])
@pytest.mark.parametrize("seconds", [None, 3600])
def test_a_reply_tells_the_lease_that_was_granted(rcode: int, seconds: int | None) -> None:
    reply = messages.registration_reply(513, rcode, seconds)
    assert decode(reply) == RegistrationReply(513, rcode, seconds)


@pytest.mark.parametrize("payload", [header(0), header(0x8400), header(0x2000), header(0x9000)])
def test_what_is_no_update(payload: bytes) -> None:
    with pytest.raises(DissectError, match="opcode"):
        decode(payload)


def test_a_crafted_name_is_told() -> None:
    for flags, reason in ((UPDATE, "pointer"), (UPDATE_REPLY, None)):
        payload = header(flags, ns=1) + record(point(HEADER), PTR, b"\0")
        if reason is None:
            assert decode(payload) == RegistrationReply(0, 0, None)
            continue
        with pytest.raises(DissectError, match=reason):
            decode(payload)


@pytest.mark.parametrize("ip", [*IPS, "0.0.0.0", "255.255.255.255", "::", "ff02::fb"])
def test_reverse_names_in_any_case(ip: str) -> None:
    reverse = ip_address(ip).reverse_pointer
    assert reverse_address(name(reverse)) == ip_address(ip)
    assert reverse_address(name(reverse.upper())) == ip_address(ip)


@pytest.mark.parametrize(
    "text",
    [
        "local",
        "in-addr.arpa",
        "ip6.arpa",
        "2.0.192.in-addr.arpa",
        "0.1.2.0.192.in-addr.arpa",
        "256.2.0.192.in-addr.arpa",
        "01.2.0.192.in-addr.arpa",
        "x.2.0.192.in-addr.arpa",
        "-1.2.0.192.in-addr.arpa",
        "1.2.0.192.in-addr.local",
        "1.2.0.192.ip6.arpa",
        "1.2.0.192.in-addr.arpa.local",
        "_.2.0.192.in-addr.arpa",
        ".".join("0" * 31) + ".ip6.arpa",
        ".".join("0" * 33) + ".ip6.arpa",
        ".".join("g" * 32) + ".ip6.arpa",
        ".".join(" " * 32) + ".ip6.arpa",
        ".".join("0" * 31) + ".00.ip6.arpa",
        ".".join("0" * 32) + ".ip6.local",
    ],
)
def test_other_names_are_no_addresses(text: str) -> None:
    assert reverse_address(name(text)) is None


def test_labels_that_only_look_like_reverse_names() -> None:
    assert reverse_address(b"\0") is None
    assert reverse_address(b"\x071.2.0.9\x011\x011\x011\7in-addr\4arpa\0") is None
    assert reverse_address(b"\x01\xd9\xa1"[:2] + b"\x011\x011\x011\7in-addr\4arpa\0") is None

from __future__ import annotations

from collections.abc import Callable
from struct import pack
from typing import Any

import pytest

from l2exporter.dissect import dns, dns_update, mdns
from l2exporter.dissect.dns import DNS_RECORDS, Message, Owner
from l2exporter.dissect.reader import DissectError
from tests.dissect import dns_messages as messages
from tests.dissect.dns_wire import (
    AAAA,
    HEADER,
    IP,
    OPT,
    UPDATE,
    A,
    answers,
    header,
    hostile,
    lines,
    options,
    point,
    record,
)

HOST, WAKEUP = "02:00:00:00:00:01", "02:00:00:00:00:02"
HOST_MAC, WAKEUP_MAC = 0x020000000001, 0x020000000002
HOST_BYTES, WAKEUP_BYTES = HOST_MAC.to_bytes(6), WAKEUP_MAC.to_bytes(6)
DECODERS: tuple[Callable[[bytes], Any], ...] = (dns.decode, mdns.decode, dns_update.decode)


def with_options(*pairs: tuple[int, bytes]) -> Message:
    return dns.decode(header(ar=1) + options(*pairs))


def fault(payload: bytes) -> str:
    with pytest.raises(DissectError) as error:
        dns.decode(payload)
    return error.value.reason


def test_header_and_sections() -> None:
    name = b"\3Mac\5local\0"
    payload = header(0x2D83, qd=1, an=1, ns=1, ar=1, number=77)
    payload += name + pack(">HH", 255, 0x8001)
    payload += record(point(HEADER), A, IP, class_=0x8001, ttl=1)
    payload += record(point(HEADER), AAAA, bytes(16), class_=254, ttl=2)
    payload += record(b"\0", 99, b"", ttl=0xFFFFFFFF)
    message = dns.decode(payload)
    assert (message.id, message.opcode, message.rcode, message.response) == (77, 5, 3, False)
    (question,), (answer,) = message.questions, message.answers
    (authority,), (additional,) = message.authorities, message.additionals
    assert (question.type, question.class_, question.unicast) == (255, 1, True)
    assert (answer.type, answer.class_, answer.flush, answer.ttl) == (A, 1, True, 1)
    assert message.rdata(answer) == IP
    assert (authority.class_, authority.flush, authority.ttl) == (254, False, 2)
    assert (additional.type, additional.ttl, message.rdata(additional)) == (99, 0xFFFFFFFF, b"")
    assert {message.names.wire(part.name) for part in (question, answer, authority)} == {name}


def test_bytes_behind_the_last_record_are_nobodys() -> None:
    payload = answers(record(b"\0", A, IP))
    assert dns.decode(payload + b"\xff\xff").answers == dns.decode(payload).answers


@pytest.mark.parametrize(
    ("extra", "wakeup", "password"),
    [
        (0, HOST_MAC, b""),
        (6, WAKEUP_MAC, b""),
        (10, WAKEUP_MAC, b"abcd"),
        (12, WAKEUP_MAC, b"abcdef"),
    ],
)
def test_owner_in_its_four_lengths(extra: int, wakeup: int, password: bytes) -> None:
    option = messages.owner(HOST, 255, WAKEUP if extra else None, password)
    assert len(bytes(option)) == 4 + 8 + extra
    message = dns.decode(messages.message(ar=[messages.opt(option)]))
    assert message.owner == Owner(255, HOST_MAC, wakeup)


@pytest.mark.parametrize(
    "value",
    [
        *(bytes(2) + HOST_BYTES + bytes(more) for more in (1, 5, 7, 9, 11, 13, 20)),
        *((bytes(2) + HOST_BYTES)[:length] for length in range(8)),
        b"\1\0" + HOST_BYTES,
        bytes(8),
        bytes(8) + WAKEUP_BYTES,
    ],
)
def test_an_owner_of_another_length_or_version_or_without_a_name_is_none(value: bytes) -> None:
    assert with_options((4, value), (2, bytes(4))).owner is None
    assert with_options((4, value), (2, bytes(4))).lease == 0


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (pack(">I", 7200), 7200),
        (pack(">II", 7200, 9), 7200),
        (b"\xff" * 4, 0xFFFFFFFF),
        (b"", None),
        (bytes(3), None),
        (bytes(5), None),
    ],
)
def test_lease_alone_or_with_that_of_the_key(value: bytes, expected: int | None) -> None:
    assert with_options((2, value)).lease == expected


def test_options_among_others_and_the_first_of_each_counts() -> None:
    owner, other = b"\0\7" + HOST_BYTES, b"\0\x08" + WAKEUP_BYTES
    pairs = (65001, b"\0\4\0\x08"), (4, owner), (2, pack(">I", 5)), (4, other), (2, pack(">I", 6))
    message = with_options(*pairs)
    assert (message.owner, message.lease) == (Owner(7, HOST_MAC, HOST_MAC), 5)


def test_options_are_those_of_opt_records_of_the_root_among_the_additionals() -> None:
    pair = (4, b"\0\7" + HOST_BYTES)
    elsewhere = header(an=1, ns=1) + options(pair) * 2
    assert dns.decode(elsewhere).owner is None
    assert dns.decode(header(ar=1) + options(pair, name=b"\1a\0")).owner is None
    last = header(ar=2) + record(b"\0", A, IP) + options(pair)
    assert dns.decode(last).owner == Owner(7, HOST_MAC, HOST_MAC)


@pytest.mark.parametrize("rdata", [b"\0", b"\0\4\0", b"\0\4\0\x08" + bytes(7), b"\0\4\xff\xff"])
def test_options_that_do_not_fit(rdata: bytes) -> None:
    assert fault(header(ar=1) + record(b"\0", OPT, rdata) + bytes(70000)) == "option_length"


def test_cut_anywhere_it_is_truncated() -> None:
    option = messages.owner(HOST, 7, WAKEUP)
    for payload in (
        messages.registration(["192.0.2.1", "fe80::1"], option, zone=True),
        messages.offer("50-37-71-72 Bob\u2019s Mac"),
        messages.question(known=[messages.pointer(messages.SERVICE, "a.local")], option=option),
    ):
        dns.decode(payload)
        assert {fault(payload[:length]) for length in range(len(payload))} == {"truncated"}


def test_counts_that_lie() -> None:
    one = record(b"\0", A, IP)
    assert fault(header(an=2) + one) == "truncated"
    assert fault(header(qd=DNS_RECORDS)) == "truncated"
    assert len(dns.decode(answers(*[one] * DNS_RECORDS)).answers) == DNS_RECORDS
    assert fault(header(qd=1, an=DNS_RECORDS) + bytes(20000)) == "records"
    assert fault(header(qd=0xFFFF, an=0xFFFF, ns=0xFFFF, ar=0xFFFF)) == "records"


@pytest.mark.parametrize("label", [b"\x40", b"\x80"])
def test_reserved_label_types(label: bytes) -> None:
    assert fault(answers(record(label + bytes(130), A, IP))) == "label"


def test_a_name_that_nobody_asks_for_is_only_passed_over() -> None:
    message = dns.decode(answers(record(point(HEADER), A, IP)))
    with pytest.raises(DissectError, match="pointer"):
        message.names.wire(message.answers[0].name)


@pytest.mark.parametrize("size", [1472, 9000])
def test_no_packet_costs_more_than_its_length_allows(size: int) -> None:
    for what, payload in hostile(size).items():
        assert len(payload) <= size + 300
        for decode in DECODERS:
            assert lines(decode, payload) <= 12 * len(payload), what


def test_the_hostile_corpus_is_not_turned_away_at_the_door() -> None:
    for what, payload in hostile(1472).items():
        assert dns.decode(payload).id == 0, what
    reasons = set()
    for payload in hostile(1472).values():
        decode = dns_update.decode if payload[2:4] == pack(">H", UPDATE) else mdns.decode
        try:
            decode(payload)
        except DissectError as error:
            reasons.add(error.reason)
    assert reasons == {"compression", "pointer"}

"""Whatever bytes come as DNS: an answer or a reason; and of honest messages what scapy reads."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scapy.layers.dns import DNS, DNSRR

from l2exporter.dissect import dns, dns_update, mdns
from l2exporter.dissect.dns_names import Names, label_text, name_end
from l2exporter.dissect.look import matters
from l2exporter.dissect.reader import DissectError
from tests.dissect import dns_messages as messages
from tests.dissect.dns_wire import hostile, lines, point, record
from tests.dissect.test_look import datagram

DECODERS: list[tuple[Callable[[bytes], Any], tuple[str, ...]]] = [
    (dns.decode, dns.REASONS),
    (mdns.decode, mdns.REASONS),
    (dns_update.decode, dns_update.REASONS),
]

words = st.integers(0, 0xFFFF)
hosts = st.sampled_from(["a.local", "Bobs-Mac.local", "x.y.local", "B\u00fcro.local"])
services = st.sampled_from([messages.SERVICE, "_SLEEP-proxy._udp.local", "_http._tcp.local"])
instances = st.sampled_from(["50-37-71-72 a", "Bob\u2019s Mac", "x" * 60])
ttls = st.sampled_from([0, 120, 4500, 0x7FFFFFFF])
ips = st.one_of(st.ip_addresses(), st.sampled_from(["169.254.0.1", "fe80::1"])).map(str)
owners = st.builds(
    messages.owner,
    st.sampled_from(["02:00:00:00:00:01", "00:16:cb:8b:8a:45"]),
    st.integers(0, 255),
    st.none() | st.just("02:00:00:00:00:02"),
)
flags = st.integers(0, 1)


@st.composite
def pointers(draw: st.DrawFn) -> Any:
    name = draw(services)
    target = messages.wire(draw(instances), *name.split("."))
    return messages.pointer(name, target, draw(ttls), draw(flags))


@st.composite
def servers(draw: st.DrawFn) -> Any:
    name = messages.wire(draw(instances), *draw(services).split("."))
    return messages.service(name, draw(hosts), draw(words), draw(ttls))


@st.composite
def texts(draw: st.DrawFn) -> Any:
    data = [draw(st.binary(min_size=1, max_size=20))]
    return DNSRR(rrname=draw(hosts) + ".", type="TXT", cacheflush=1, ttl=4500, rdata=data)


addresses = st.builds(messages.address, hosts, ips, ttls, flags)
denials = st.builds(messages.denial, hosts)
reverses = st.builds(messages.reverse, ips, hosts, ttls)
records = st.one_of(addresses, addresses, pointers(), servers(), texts(), denials, reverses)
sections = st.lists(records, max_size=6)


@st.composite
def honest(draw: st.DrawFn, qr: int = 0, opcode: int = 0) -> bytes:
    """A message of the kinds of records that there are, compressed or not."""
    an, ns, ar = draw(sections), draw(sections), draw(sections)
    ar += [messages.opt(draw(owners), messages.lease(draw(words)))] if draw(st.booleans()) else []
    payload = messages.message(an, ns, ar, qr=qr, opcode=opcode)
    return messages.compressed(payload) if draw(st.booleans()) else payload


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """A message with some bytes replaced, and cut off anywhere."""
    opcode = draw(st.sampled_from([0, 0, 5]))
    payload = bytearray(draw(honest(qr=draw(flags), opcode=opcode)))
    for _ in range(draw(st.integers(0, 4))):
        payload[draw(st.integers(0, len(payload) - 1))] = draw(st.integers(0, 255))
    return bytes(payload[: draw(st.integers(0, len(payload)) | st.just(len(payload)))])


@st.composite
def tangled(draw: st.DrawFn) -> bytes:
    """Records whose names are labels and pointers to anywhere."""
    label = st.binary(min_size=1, max_size=5).map(lambda text: bytes([len(text)]) + text)
    end = st.just(b"\0") | st.integers(0, 300).map(point) | st.binary(max_size=2)
    name = st.tuples(st.lists(label, max_size=4).map(b"".join), end).map(b"".join)
    kinds = st.sampled_from([1, 12, 28, 33, 41])
    data = st.binary(max_size=6) | name | st.binary(min_size=16, max_size=16)
    parts = draw(st.lists(st.builds(record, name, kinds, data), max_size=20))
    counts = draw(st.lists(st.integers(0, 10), min_size=4, max_size=4))
    head = draw(st.sampled_from([0x8400, 0, 0x2800])).to_bytes(2)
    return b"\0\0" + head + b"".join(count.to_bytes(2) for count in counts) + b"".join(parts)


def outcome(decode: Callable[[bytes], Any], payload: bytes) -> str | None:
    try:
        decode(payload)
    except DissectError as error:
        return error.reason
    return None


@pytest.mark.parametrize(("decode", "reasons"), DECODERS)
@given(payload=st.binary(max_size=200) | damaged() | tangled())
def test_any_bytes_are_an_answer_or_a_reason(
    decode: Callable[[bytes], Any], reasons: tuple[str, ...], payload: bytes
) -> None:
    matters("mdns", datagram(payload), ())
    assert outcome(decode, payload) in (None, *reasons)


@given(payload=damaged() | tangled(), extra=st.binary(max_size=600))
def test_no_message_costs_more_than_its_length_allows(payload: bytes, extra: bytes) -> None:
    data = payload + extra
    for decode, _ in DECODERS:
        assert lines(decode, data) <= 1000 + 12 * len(data)


@given(payload=st.binary(max_size=80) | tangled())
def test_a_name_that_is_read_is_a_name(payload: bytes) -> None:
    names = Names(payload)
    for offset in range(12, len(payload)):
        with suppress(DissectError):
            wire = names.wire(offset)
            assert name_end(wire, 0) == len(wire) <= 255
            assert names.wire(offset) == wire


def shown(name: bytes) -> str:
    """How scapy's text, in which labels have no dots here, reads as ours."""
    return ".".join(label_text(label) for label in name.rstrip(b".").split(b"."))


def said(payload: bytes) -> list[Any]:
    message = DNS(payload)
    return [*message.an, *message.ar]


@given(payload=honest(qr=1))
def test_what_a_response_tells_is_what_scapy_reads(payload: bytes) -> None:
    found = mdns.decode(payload)
    told = said(payload)
    assert [(a.host, a.ip, a.ttl, a.flush) for a in found.addresses] == [
        (shown(rr.rrname), ip_address(rr.rdata), rr.ttl, bool(rr.cacheflush))
        for rr in told
        if rr.type in (1, 28)
    ]
    service = messages.SERVICE.encode() + b"."
    ports = {rr.rrname.lower(): rr.port for rr in told if rr.type == 33}
    assert [(p.instance, p.port, p.ttl) for p in found.proxies] == [
        (shown(rr.rdata).split("._")[0], ports.get(rr.rdata.lower()), rr.ttl)
        for rr in told
        if rr.type == 12 and rr.rrname.lower() == service
    ]


@given(payload=honest(qr=1) | honest(qr=0))
def test_options_are_what_scapy_reads(payload: bytes) -> None:
    message = dns.decode(payload)
    options = [option for rr in said(payload) if rr.type == 41 for option in rr.rdata]
    owner = next((option for option in options if option.optcode == 4), None)
    assert (message.owner is None) == (owner is None)
    if message.owner is not None and owner is not None:
        assert message.owner.sequence == owner.s
        assert message.owner.host_mac == number(owner.primary_mac)
        assert message.owner.wakeup_mac == number(owner.wakeup_mac or owner.primary_mac)
    leases = [int.from_bytes(option.optdata) for option in options if option.optcode == 2]
    assert message.lease == (leases[0] if leases else None)


def number(mac: str) -> int:
    return int(mac.replace(":", ""), 16)


@given(payload=honest(opcode=5))
def test_what_a_registration_names_is_what_scapy_reads(payload: bytes) -> None:
    found = dns_update.decode(payload)
    assert isinstance(found, dns_update.Registration)
    reverse = [
        rr.rrname.decode().rstrip(".")
        for rr in DNS(payload).ns
        if rr.type == 12 and rr.rrname.endswith(b".arpa.")
    ]
    assert [address.reverse_pointer for address in found.addresses] == list(dict.fromkeys(reverse))


@given(ip=st.ip_addresses())
def test_every_address_has_its_reverse_name(ip: IPv4Address | IPv6Address) -> None:
    name = messages.wire(*ip.reverse_pointer.split("."))
    assert dns_update.reverse_address(name) == ip_address(str(ip))


@given(first=st.binary(max_size=20), second=st.binary(max_size=20))
def test_different_labels_have_different_texts(first: bytes, second: bytes) -> None:
    assert (label_text(first) == label_text(second)) == (first == second)
    assert label_text(first).isprintable()


@given(place=st.integers(0, 1471), value=st.integers(0, 255))
def test_hostile_messages_with_a_byte_changed_stay_within_bounds(place: int, value: int) -> None:
    for payload in list(hostile(1472).values())[::9]:
        changed = bytearray(payload)
        changed[place % len(changed)] = value
        for decode, _ in DECODERS:
            assert lines(decode, bytes(changed)) <= 1000 + 12 * len(changed)

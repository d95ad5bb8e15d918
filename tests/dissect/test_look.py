from __future__ import annotations

from ipaddress import ip_address

import pytest

from l2exporter.dissect.datagrams import Datagram
from l2exporter.dissect.look import is_multicast_dns, matters
from tests.dissect import dns_messages as messages
from tests.dissect import samples
from tests.dissect.dns_wire import (
    HEADER,
    PTR,
    SERVICE,
    answers,
    header,
    hostile,
    options,
    point,
    record,
)
from tests.lab import frames

MAC, OTHER = 0x020000000001, 0x020000000002
OPTION = messages.owner("02:00:00:00:00:01", 7)
DEVICE_INFO = messages.pointer("_device-info._tcp.local", "Mac._device-info._tcp.local.")


def datagram(payload: bytes) -> Datagram:
    ip = ip_address("192.0.2.1")
    return Datagram(MAC, OTHER, 0x0800, ip, ip, 17, 5353, 5353, 255, payload)


def mdns_matters(payload: bytes) -> bool:
    return matters("mdns", datagram(payload), frozenset([OTHER]))


@pytest.mark.parametrize(
    "payload",
    [
        messages.offer("50-37-71-72 Mac"),
        messages.offer("50-37-71-72 Mac", ttl=0, port=None),
        answers(record(SERVICE.upper(), PTR, b"\1a" + point(HEADER))),
        answers(record(b"\x0c_Sleep-pROXY\4_udp\5local\0", PTR, b"\1a" + point(HEADER))),
        messages.question(option=OPTION),
        messages.question("_http._tcp.local", option=OPTION),
        messages.announcement("a.local", ["192.0.2.1"], option=OPTION),
        header(ar=1) + options((65001, b"abcde"), (4, b"\0\7" + bytes(12))),
        *(
            messages.question(
                option=messages.owner("02:00:00:00:00:01", 7, "02:00:00:00:00:02", key)
            )
            for key in (b"", b"abcd", b"abcdef")
        ),
    ],
)
def test_what_may_tell_of_sleep_proxies_matters(payload: bytes) -> None:
    assert mdns_matters(payload)


@pytest.mark.parametrize(
    "payload",
    [
        messages.announcement("a.local", ["192.0.2.1", "fe80::1"]),
        messages.response(DEVICE_INFO, messages.denial("a.local")),
        messages.response(ar=[messages.opt(messages.lease())]),
        header(ar=1) + options((65001, b"abcde"), (12, bytes(40))),
        messages.question(),
        messages.question(known=[messages.pointer(messages.SERVICE, "a.local.")]),
        messages.question("_device-info._tcp.local"),
        *(bytes(length) for length in range(16)),
        *(b"\xff" * length for length in range(16)),
    ],
)
def test_everything_else_is_turned_away(payload: bytes) -> None:
    assert not mdns_matters(payload)


def test_whatever_an_interesting_host_sends_matters() -> None:
    for payload in (b"", messages.announcement("a.local", ["192.0.2.1"])):
        assert matters("mdns", datagram(payload), {MAC})
        assert not matters("mdns", datagram(payload), {OTHER})


@pytest.mark.parametrize("protocol", ["dns_update", "dhcp", "wake_on_lan", "vrrp"])
def test_other_protocols_always_matter(protocol: str) -> None:
    assert matters(protocol, datagram(b""), frozenset())


def test_hostile_packets_are_looked_at_without_fault() -> None:
    looked = {mdns_matters(payload) for payload in hostile(1472).values()}
    assert looked == {True, False}


@pytest.mark.parametrize("tags", range(3))
@pytest.mark.parametrize("ip", ["192.0.2.1", "2001:db8::1"])
def test_multicast_dns_is_told_from_the_whole_frame(ip: str, tags: int) -> None:
    frame = messages.multicast(messages.offer("a"), "02:00:00:00:00:01", ip)
    assert is_multicast_dns(frames.tagged(frame, *range(1, tags + 1)))


def test_no_other_protocol_is_taken_for_multicast_dns() -> None:
    for protocol, frame in samples.EVERY:
        assert is_multicast_dns(frame) == (protocol == "mdns")

from __future__ import annotations

from collections import Counter
from ipaddress import IPv6Address

import pytest
from scapy.layers.inet6 import (
    ICMPv6ND_NA,
    ICMPv6ND_NS,
    ICMPv6ND_RA,
    ICMPv6NDOptDstLLAddr,
    ICMPv6NDOptMTU,
    ICMPv6NDOptPrefixInfo,
    ICMPv6NDOptSrcLLAddr,
    ICMPv6NDOptUnknown,
)
from scapy.packet import Packet

from l2exporter.dissect.ethernet import untag
from l2exporter.dissect.frames import SNAPLEN, UNTAGGED
from l2exporter.dissect.ndp import REASONS, TYPES, Addresses6, NdpPackets, decode
from tests.dissect.batch import batch
from tests.lab import frames, ndp

MAC, OTHER_MAC = "02:00:00:00:00:0a", "02:00:00:00:00:0b"
A, B = 0x02000000000A, 0x02000000000B
IP, OTHER, GLOBAL = "fe80::a", "fe80::b", "2001:db8::a"
ANY, ALL = "::", "ff02::1"
NS = ndp.solicitation(MAC, IP, OTHER)
NA = ndp.announcement(MAC, GLOBAL)
RA = ndp.router_advertisement(MAC, IP)


def decoded(*received: bytes, tci: int = UNTAGGED) -> tuple[NdpPackets, dict[str, int]]:
    return decode(untag(batch(received, tci=tci))[0])


def believed(*received: bytes, tci: int = UNTAGGED) -> NdpPackets:
    packets, reasons = decoded(*received, tci=tci)
    assert reasons == {}
    assert len(packets) == len(received)
    return packets


def faults(*received: bytes) -> dict[str, int]:
    packets, reasons = decoded(*received)
    assert len(packets) + sum(reasons.values()) == len(received)
    return reasons


def texts(addresses: Addresses6) -> list[str]:
    return [str(IPv6Address(high << 64 | low)) for high, low in addresses.tolist()]


def bindings(*received: bytes) -> list[tuple[str, int]]:
    packets = believed(*received)
    return list(zip(texts(packets.bound), packets.mac.tolist(), strict=True))


def altered(frame: bytes, offset: int, *values: int) -> bytes:
    """The frame with other bytes at this place, and a checksum that is right again."""
    changed = frame[:offset] + bytes(values) + frame[offset + len(values) :]
    return summed(changed)


def summed(frame: bytes) -> bytes:
    message = frame[54:56] + bytes(2) + frame[58:]
    total = int.from_bytes(frame[22:54] + message, "big") + len(message) + 58
    return frame[:56] + (0xFFFF - total % 0xFFFF).to_bytes(2, "big") + frame[58:]


def message(body: Packet, source: str = IP, to: str = ALL, mac: str = MAC) -> bytes:
    return ndp.frame(body, mac=mac, source=source, to=to)


def advertised(*options: Packet, mac: str = MAC) -> bytes:
    """An unsolicited advertisement of GLOBAL with these options."""
    body: Packet = ICMPv6ND_NA(tgt=GLOBAL, R=0, S=0, O=1)
    for option in options:
        body /= option
    return message(body, mac=mac)


def target_option(mac: str = MAC) -> Packet:
    return ICMPv6NDOptDstLLAddr(lladdr=mac)


@pytest.mark.parametrize(
    ("frame", "expected"),
    [
        (NS, "neighbor_solicitation"),
        (message(ICMPv6ND_NS(tgt=OTHER), to=OTHER), "neighbor_solicitation"),
        (ndp.detection(MAC, GLOBAL), "duplicate_address_detection"),
        (ndp.answer(MAC, GLOBAL, OTHER), "neighbor_advertisement_solicited"),
        (NA, "neighbor_advertisement_unsolicited"),
        (ndp.router_solicitation(MAC, IP), "router_solicitation"),
        (RA, "router_advertisement"),
        (ndp.redirect(MAC, IP, OTHER, target=OTHER, destination=GLOBAL), "redirect"),
    ],
)
def test_each_message_has_one_type(frame: bytes, expected: str) -> None:
    assert [TYPES[kind] for kind in believed(frame).type] == [expected]


def test_a_solicitation_binds_its_source_and_an_advertisement_its_target() -> None:
    assert bindings(NS) == [(IP, A)]
    assert bindings(NA) == [(GLOBAL, A)]
    assert bindings(ndp.answer(OTHER_MAC, GLOBAL, IP)) == [(GLOBAL, B)]


def test_without_a_link_layer_address_nothing_is_bound() -> None:
    assert bindings(ndp.detection(MAC, GLOBAL), advertised()) == [(ANY, 0)] * 2
    assert bindings(message(ICMPv6ND_NS(tgt=OTHER))) == [(ANY, 0)]


def test_the_other_option_is_not_the_wanted_one() -> None:
    assert bindings(advertised(ICMPv6NDOptSrcLLAddr(lladdr=MAC))) == [(ANY, 0)]
    body = ICMPv6ND_NS(tgt=OTHER) / target_option()
    assert bindings(message(body)) == [(ANY, 0)]


def test_routers_bind_nothing_but_tell_their_mac() -> None:
    assert bindings(ndp.router_solicitation(MAC, IP), RA) == [(ANY, A)] * 2
    redirect = ndp.redirect(MAC, IP, OTHER, target=OTHER, destination=GLOBAL)
    assert bindings(redirect) == [(ANY, 0)]


def test_the_target_is_that_of_solicitations_and_advertisements() -> None:
    redirect = ndp.redirect(MAC, IP, OTHER, target=OTHER, destination=GLOBAL)
    packets = believed(NS, ndp.detection(MAC, GLOBAL), NA, RA, redirect)
    assert texts(packets.target) == [OTHER, GLOBAL, GLOBAL, ANY, ANY]


def test_the_override_flag_is_that_of_advertisements() -> None:
    mild = ndp.announcement(MAC, GLOBAL, override=False)
    asked = ndp.answer(MAC, GLOBAL, OTHER)
    claims = altered(NS, 58, 0xFF)
    assert believed(NA, mild, asked, claims).override.tolist() == [True, False, True, False]


def test_the_columns_of_the_frame() -> None:
    rows = batch([ndp.announcement(MAC, GLOBAL, source=OTHER_MAC)], sent=True, time=5.5, tci=7)
    packets, _ = decode(untag(rows)[0])
    assert packets.source.tolist() == [B]
    assert packets.mac.tolist() == [A]
    assert packets.sent.tolist() == [True]
    assert packets.time.tolist() == [5.5]
    assert packets.vlan.tolist() == [7]


@pytest.mark.parametrize("place", range(6))
def test_the_option_is_found_wherever_it_is(place: int) -> None:
    others: list[Packet] = [ICMPv6NDOptUnknown(type=14, len=1, data=b"nonce!")] * 5
    assert bindings(advertised(*others[:place], target_option(), *others[place:])) == [(GLOBAL, A)]


def test_the_first_of_several_counts() -> None:
    assert bindings(advertised(target_option(), target_option(OTHER_MAC))) == [(GLOBAL, A)]


def test_longer_options_are_passed_over() -> None:
    prefix = ICMPv6NDOptPrefixInfo(prefix="2001:db8::")
    assert bindings(advertised(prefix, target_option())) == [(GLOBAL, A)]
    body = ICMPv6ND_RA() / ICMPv6NDOptMTU() / ICMPv6NDOptSrcLLAddr(lladdr=MAC)
    assert bindings(message(body)) == [(ANY, A)]


HUGE = "ff:ff:ff:ff:ff:ff"
SHORT_LENGTH = altered(NA[:18] + (23).to_bytes(2, "big") + NA[20:], 58, 0)


MALFORMED = [
    (altered(NS, 14, 0x45), "version"),
    (ndp.frame(ICMPv6ND_NS(tgt=IP), mac=MAC, source=IP, to=ALL, hops=254), "hop_limit"),
    (altered(NS, 21, 0), "hop_limit"),
    (SHORT_LENGTH, "length"),
    (altered(NA, 18, 0, 0), "length"),
    (NA[:77], "truncated"),
    (NA[:60] + bytes([NA[60] ^ 1]) + NA[61:], "checksum"),
    (NA[:85] + bytes([NA[85] ^ 1]), "checksum"),
    (NA[:30] + bytes([NA[30] ^ 1]) + NA[31:], "checksum"),
    (altered(NS, 55, 1), "code"),
    (message(ICMPv6ND_NS(tgt=IP), source=ALL, to=IP), "source"),
    (ndp.router_advertisement(MAC, GLOBAL), "source"),
    (ndp.redirect(MAC, GLOBAL, OTHER, target=OTHER, destination=GLOBAL), "source"),
    (message(ICMPv6ND_NS(tgt=ALL)), "target"),
    (message(ICMPv6ND_NA(tgt=ALL, S=0)), "target"),
    (ndp.redirect(MAC, IP, OTHER, target=OTHER, destination=ALL), "target"),
    (ndp.redirect(MAC, IP, OTHER, target=GLOBAL, destination="2001:db8::b"), "target"),
    (ndp.answer(MAC, GLOBAL, ALL), "destination"),
    (message(ICMPv6ND_NS(tgt=GLOBAL), source=ANY, to=ALL), "destination"),
    (altered(NA, 79, 0), "option_length"),
    (altered(NA, 79, 2), "option_length"),
    (advertised(ICMPv6NDOptUnknown(type=2, len=2, data=bytes(14))), "option_length"),
    (
        advertised(target_option(), ICMPv6NDOptUnknown(type=9, len=0, data=bytes(6))),
        "option_length",
    ),
    (ndp.router_solicitation(MAC, ANY), "unspecified_source"),
    (ndp.solicitation(MAC, ANY, GLOBAL), "unspecified_source"),
    (advertised(target_option("00:00:00:00:00:00")), "zero_sender"),
    (advertised(target_option(HUGE)), "broadcast_sender"),
    (ndp.solicitation(HUGE, IP, OTHER), "broadcast_sender"),
]


@pytest.mark.parametrize(("frame", "reason"), MALFORMED)
def test_what_cannot_be_believed_is_counted_by_its_reason(frame: bytes, reason: str) -> None:
    assert faults(frame, NS) == {reason: 1}


def test_every_reason_occurs_in_one_batch_and_each_is_counted() -> None:
    counts = faults(*(frame for frame, _ in MALFORMED), NA)
    assert counts == Counter(reason for _, reason in MALFORMED)
    assert set(counts) == set(REASONS)


def test_of_several_faults_the_first_one_counts() -> None:
    frame = advertised(target_option(HUGE))
    for offset, value, reason in (
        (79, 7, "option_length"),
        (62, 0xFF, "target"),
        (22, 0xFF, "source"),
        (55, 9, "code"),
        (21, 64, "hop_limit"),
        (14, 0x40, "version"),
    ):
        frame = altered(frame, offset, value)
        assert faults(frame) == {reason: 1}


@pytest.mark.parametrize("size", range(55, 78))
def test_a_message_cut_short_is_truncated(size: int) -> None:
    assert faults(NA[:size]) == {"truncated": 1}


@pytest.mark.parametrize("size", range(55))
def test_what_is_too_short_to_tell_its_type_is_in_neither_result(size: int) -> None:
    packets, reasons = decoded(NA[:size])
    assert (len(packets), reasons) == (0, {})


@pytest.mark.parametrize("size", range(78, 86))
def test_a_frame_that_is_shorter_than_it_says_binds_nothing(size: int) -> None:
    assert bindings(NA[:size]) == [(ANY, 0)]
    assert bindings(NA[:18] + b"\0\x28" + NA[20:]) == [(ANY, 0)]


def test_padding_is_no_option_and_no_part_of_the_sum() -> None:
    for padding in (bytes(18), b"\xff" * 18, bytes(200)):
        assert bindings(NS + padding, NA + padding) == [(IP, A), (GLOBAL, A)]


def test_a_message_longer_than_what_is_kept_of_it_binds_as_far_as_it_can_be_seen() -> None:
    filler = ICMPv6NDOptUnknown(type=9, len=6, data=bytes(46))
    seen, unseen = advertised(target_option(), filler), advertised(filler, target_option())
    assert len(seen) == len(unseen) > SNAPLEN
    assert bindings(seen, unseen) == [(GLOBAL, A), (ANY, 0)]
    tags = frames.tagged(seen, 1, 2, 3)
    assert bindings(tags) == [(GLOBAL, A)]


def test_an_option_that_is_cut_is_no_fault() -> None:
    tail = [ICMPv6NDOptUnknown(type=9, len=5, data=bytes(38)), target_option()]
    long = advertised(*tail, ICMPv6NDOptUnknown(type=9, len=9, data=bytes(70)))
    for vids in ((), (1,), (1, 2), (1, 2, 3)):
        packets = believed(frames.tagged(long, *vids) if vids else long)
        assert packets.mac.tolist() == [A if not vids else 0]


@pytest.mark.parametrize("tags", [(), (7,), (7, 8), (7, 8, 9)])
def test_tags_are_taken_off(tags: tuple[int, ...]) -> None:
    frame = frames.tagged(NA, *tags) if tags else NA
    packets = believed(frame)
    assert texts(packets.bound) == [GLOBAL]
    assert packets.vlan.tolist() == [7 if tags else 0]


def test_other_frames_are_in_neither_result() -> None:
    echo = altered(NS, 54, 128)
    report, rest = altered(NS, 54, 132), altered(NS, 54, 138)
    udp = altered(NS, 20, 17)
    arp = frames.announcement(MAC, "192.0.2.1")
    packets, reasons = decoded(echo, report, rest, udp, arp, altered(NS, 12, 0x08, 0x00))
    assert (len(packets), reasons) == (0, {})


def test_a_mixed_batch_keeps_the_order_of_the_wire() -> None:
    wire = []
    for number in range(1, 31):
        claim = ndp.announcement(MAC, f"2001:db8::{number:x}")
        wire += [claim, frames.announcement(MAC, "192.0.2.1"), altered(claim, 55, 1)]
    packets, reasons = decoded(*wire)
    assert texts(packets.bound) == [f"2001:db8::{number:x}" for number in range(1, 31)]
    assert reasons == {"code": 30}


def test_an_empty_batch_is_nothing() -> None:
    packets, reasons = decoded()
    assert (len(packets), reasons) == (0, {})

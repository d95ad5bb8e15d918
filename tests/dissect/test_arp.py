from __future__ import annotations

import pytest

from l2exporter.dissect.arp import REASONS, TYPES, ArpPackets, decode
from l2exporter.dissect.ethernet import untag
from l2exporter.dissect.frames import UNTAGGED
from tests.dissect.batch import batch
from tests.lab import frames

MAC, IP, OTHER_IP = "02:00:00:00:00:01", "192.0.2.1", "192.0.2.2"
ANY = "0.0.0.0"
ONES = "ff:ff:ff:ff:ff:ff"
REQUEST = frames.request(MAC, IP, OTHER_IP)


def arp(*received: bytes, tci: int = UNTAGGED) -> tuple[ArpPackets, dict[str, int]]:
    return decode(untag(batch(received, tci=tci))[0])


def kind(frame: bytes) -> str:
    packets, reasons = arp(frame)
    assert reasons == {}
    return TYPES[packets.type[0]]


def faults(*received: bytes) -> dict[str, int]:
    packets, reasons = arp(*received)
    assert len(packets) + sum(reasons.values()) == len(received)
    return reasons


def altered(offset: int, *values: int, frame: bytes = REQUEST) -> bytes:
    return frame[:offset] + bytes(values) + frame[offset + len(values) :]


@pytest.mark.parametrize(
    ("operation", "sender", "target", "expected"),
    [
        (1, ANY, IP, "probe"),
        (1, ANY, ANY, "probe"),
        (1, IP, IP, "announcement"),
        (1, IP, OTHER_IP, "request"),
        (1, IP, ANY, "request"),
        (2, IP, IP, "gratuitous_reply"),
        (2, ANY, ANY, "gratuitous_reply"),
        (2, IP, OTHER_IP, "reply"),
        (2, ANY, IP, "reply"),
        (2, IP, ANY, "reply"),
        *((operation, IP, IP, "other") for operation in (0, 3, 4, 8, 9, 0x0100, 0x0201, 65535)),
        (3, ANY, IP, "other"),
    ],
)
def test_each_packet_has_the_type_of_the_definitions(
    operation: int, sender: str, target: str, expected: str
) -> None:
    assert kind(frames.arp(MAC, sender, operation=operation, target=target)) == expected


def test_the_types_are_those_of_the_metric_in_its_order() -> None:
    assert TYPES == (
        "probe",
        "announcement",
        "gratuitous_reply",
        "request",
        "reply",
        "other",
    )


def test_the_frames_of_the_laboratory_are_what_they_are_called() -> None:
    assert kind(frames.probe(MAC, IP)) == "probe"
    assert kind(frames.announcement(MAC, IP)) == "announcement"
    assert kind(frames.gratuitous_reply(MAC, IP)) == "gratuitous_reply"
    assert kind(frames.request(MAC, IP, OTHER_IP)) == "request"
    assert kind(frames.reply(MAC, IP, MAC, OTHER_IP)) == "reply"


def test_the_fields_are_the_senders() -> None:
    sent = frames.arp("0a:1b:2c:3d:4e:5f", "198.51.100.254", source="02:aa:bb:cc:dd:ee")
    rows = batch([sent], sent=True, time=1288260793.5)
    packets, _ = decode(untag(rows)[0])
    assert packets.sender_mac.tolist() == [0x0A1B2C3D4E5F]
    assert packets.sender_ip.tolist() == [0xC63364FE]
    assert packets.source.tolist() == [0x02AABBCCDDEE]
    assert packets.sent.tolist() == [True]
    assert packets.time.tolist() == [1288260793.5]
    assert packets.vlan.tolist() == [0]


@pytest.mark.parametrize("hardware", [1, 6])
def test_ethernet_and_ieee_802_hardware_are_believed(hardware: int) -> None:
    assert faults(altered(14, 0, hardware)) == {}


def test_a_multicast_sender_is_believed() -> None:
    packets, reasons = arp(frames.arp("03:bf:0a:00:00:01", IP))
    assert packets.sender_mac.tolist() == [0x03BF0A000001]
    assert reasons == {}


@pytest.mark.parametrize(
    ("frame", "reason"),
    [
        (altered(14, 0, 0), "hardware_type"),
        (altered(14, 0, 2), "hardware_type"),
        (altered(14, 1, 1), "hardware_type"),
        (altered(14, 0, 32), "hardware_type"),
        (altered(16, 0x10, 0), "protocol_type"),
        (altered(16, 0x86, 0xDD), "protocol_type"),
        (altered(18, 8), "hardware_length"),
        (altered(18, 0), "hardware_length"),
        (altered(19, 16), "protocol_length"),
        (altered(19, 0), "protocol_length"),
        (frames.arp("00:00:00:00:00:00", IP), "zero_sender"),
        (frames.arp(ONES, IP), "broadcast_sender"),
        (frames.probe("00:00:00:00:00:00", IP), "zero_sender"),
    ],
)
def test_what_cannot_be_believed_is_counted_by_its_reason(frame: bytes, reason: str) -> None:
    assert faults(frame, REQUEST) == {reason: 1}


@pytest.mark.parametrize("size", range(14, 42))
def test_a_packet_cut_short_is_truncated(size: int) -> None:
    assert faults(REQUEST[:size]) == {"truncated": 1}


def test_of_several_faults_the_first_one_counts() -> None:
    frame = frames.arp(ONES, IP)
    for offset, value, reason in (
        (19, 3, "protocol_length"),
        (18, 3, "hardware_length"),
        (16, 3, "protocol_type"),
        (14, 3, "hardware_type"),
    ):
        frame = altered(offset, value, frame=frame)
        assert faults(frame) == {reason: 1}
        assert faults(frame[:30]) == {reason: 1}
    assert faults(frame[:21]) == {"truncated": 1}


def test_every_reason_occurs_in_one_batch_and_each_is_counted() -> None:
    malformed = [
        REQUEST[:20],
        REQUEST[:40],
        altered(14, 0, 9),
        altered(16, 9),
        altered(18, 9),
        altered(19, 9),
        frames.arp("00:00:00:00:00:00", IP),
        frames.arp(ONES, IP),
    ]
    counts = faults(*malformed, REQUEST, *malformed)
    assert counts == {reason: 4 if reason == "truncated" else 2 for reason in REASONS}


@pytest.mark.parametrize("padding", [b"", bytes(18), b"\xff" * 18, bytes(200), b"\xff" * 1472])
def test_padding_changes_nothing(padding: bytes) -> None:
    packets, reasons = arp(REQUEST + padding)
    assert (packets.sender_ip.tolist(), reasons) == ([0xC0000201], {})
    assert TYPES[packets.type[0]] == "request"


@pytest.mark.parametrize("ethertype", [0x0800, 0x86DD, 0x8035, 0x0807, 0x0842, 46, 0])
def test_other_protocols_are_in_neither_result(ethertype: int) -> None:
    packets, reasons = arp(altered(12, *ethertype.to_bytes(2, "big")))
    assert (len(packets), reasons) == (0, {})


def test_a_mixed_batch_keeps_the_order_of_the_wire() -> None:
    wire = []
    for number in range(1, 41):
        frame = frames.announcement(MAC, f"192.0.2.{number}")
        shapes = [frame, frames.tagged(frame, number), frames.qinq(frame, number, 7)]
        wire += [shapes[number % 3], (frame[:30], bytes(60))[number % 2]]
    packets, reasons = arp(*wire)
    assert packets.sender_ip.tolist() == [0xC0000200 + number for number in range(1, 41)]
    assert packets.vlan.tolist() == [number if number % 3 else 0 for number in range(1, 41)]
    assert reasons == {"truncated": 20}


def test_the_kernels_tag_is_the_vlan() -> None:
    assert arp(REQUEST, tci=0x6007)[0].vlan.tolist() == [7]


@pytest.mark.parametrize("tci", [UNTAGGED, 9])
def test_behind_three_tags_is_a_packet_and_four_hide_it(tci: int) -> None:
    packets, reasons = arp(frames.tagged(REQUEST, 1, 2, 3), tci=tci)
    assert (packets.sender_ip.tolist(), reasons) == ([0xC0000201], {})
    assert packets.vlan.tolist() == [1 if tci == UNTAGGED else tci]
    packets, reasons = arp(frames.tagged(REQUEST, 1, 2, 3, 4), tci=tci)
    assert (len(packets), reasons) == (0, {})


def test_an_empty_batch_is_nothing() -> None:
    packets, reasons = arp()
    assert (len(packets), reasons) == (0, {})

from __future__ import annotations

from l2exporter.dissect.frames import UNTAGGED, Whole
from l2exporter.dissect.slow import RESULTS
from tests.collectors.scene import Scene
from tests.dissect import dns_messages
from tests.lab.sleep_proxy import magic_packet

METRIC = "l2_slow_packets_total"
A, B, ONE = "02:00:00:00:00:0a", "02:00:00:00:00:0b", "192.0.2.1"
OFFER = dns_messages.multicast(dns_messages.offer("50-37-71-72 Lab"), A, ONE)
MAGIC = magic_packet(A, B)


def whole(frame: bytes) -> Whole:
    return Whole(frame, len(frame), UNTAGGED, sent=False, time=0.0)


def test_a_protocol_is_shown_with_all_results_from_its_first_packet_on() -> None:
    scene = Scene("dissections")
    scene.feed(whole=(whole(OFFER),))
    assert scene.samples(METRIC) == {
        ("eth0", "mdns", result): float(result == "dissected") for result in RESULTS
    }


def test_every_packet_counts_under_one_protocol_and_result() -> None:
    scene = Scene("dissections")
    scene.feed(whole=(*map(whole, (OFFER, MAGIC, MAGIC[:40], OFFER[:30], OFFER[:16])),))
    scene.feed(whole=(whole(OFFER[:12] + b"\x86\xdd" + OFFER[14:]),), device="eth1")
    assert scene.nonzero(METRIC) == {
        ("eth0", "mdns", "dissected"): 1,
        ("eth0", "wake_on_lan", "dissected"): 1,
        ("eth0", "wake_on_lan", "malformed"): 1,
        ("eth0", "datagram", "malformed"): 2,
        ("eth1", "datagram", "malformed"): 1,
    }

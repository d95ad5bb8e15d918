from __future__ import annotations

import pytest

from l2exporter.dissect.arp import TYPES
from l2exporter.limits import Limits
from tests.collectors.scene import Scene
from tests.lab import frames

A, B = "02:00:00:00:00:0a", "02:00:00:00:00:0b"
ONE, TWO = "192.0.2.1", "192.0.2.2"
EACH = [
    frames.probe(A, ONE),
    frames.announcement(A, ONE),
    frames.gratuitous_reply(A, ONE),
    frames.request(A, ONE, TWO),
    frames.reply(A, ONE, B, TWO),
    frames.arp(A, ONE, operation=9),
]


ANOMALIES = ("source_mismatch", "multicast_sender")


def test_what_is_untagged_is_there_from_its_device_on() -> None:
    scene = Scene("arp")
    assert scene.samples("l2_arp_packets_total") == {}
    scene.pipeline.device("eth0")
    zeros = {("eth0", "", kind): 0 for kind in TYPES}
    assert scene.samples("l2_arp_packets_total") == zeros
    assert scene.samples("l2_arp_packets_sent_total") == zeros
    assert scene.samples("l2_arp_anomalies_total") == {("eth0", "", kind): 0 for kind in ANOMALIES}


def test_every_type_of_a_vlan_is_there_from_its_first_packet_on() -> None:
    scene = Scene("arp")
    scene.feed(frames.tagged(frames.probe(A, ONE), 7))
    both = [("eth0", vlan, kind) for vlan in ("", "7") for kind in TYPES]
    assert scene.samples("l2_arp_packets_total") == {
        key: float(key == ("eth0", "7", "probe")) for key in both
    }
    assert scene.samples("l2_arp_packets_sent_total") == dict.fromkeys(both, 0)
    assert scene.samples("l2_arp_anomalies_total") == {
        ("eth0", vlan, kind): 0 for vlan in ("", "7") for kind in ANOMALIES
    }


def test_each_packet_is_counted_by_its_type() -> None:
    scene = Scene("arp")
    for times, frame in enumerate(EACH, start=1):
        scene.feed(*[frame] * times)
    assert list(scene.samples("l2_arp_packets_total").values()) == [1, 2, 3, 4, 5, 6]


def test_what_this_host_sends_is_counted_apart() -> None:
    scene = Scene("arp")
    scene.feed(*EACH, *EACH, sent=[True] * 6 + [False, True] * 3)
    assert list(scene.samples("l2_arp_packets_sent_total").values()) == [1, 2, 1, 2, 1, 2]
    assert list(scene.samples("l2_arp_packets_total").values()) == [1, 0, 1, 0, 1, 0]


def test_devices_and_vlans_are_counted_apart() -> None:
    scene = Scene("arp")
    plain = frames.request(A, ONE, TWO)
    scene.feed(plain, frames.tagged(plain, 7), frames.qinq(plain, 8, 7), frames.tagged(plain, 7))
    scene.feed(plain, device="eth1", tci=7)
    assert scene.nonzero("l2_arp_packets_total") == {
        ("eth0", "", "request"): 1,
        ("eth0", "7", "request"): 2,
        ("eth0", "8", "request"): 1,
        ("eth1", "7", "request"): 1,
    }


def test_beyond_the_cap_on_vlans_no_count_is_lost() -> None:
    scene = Scene("arp", limits=Limits(addresses=16, vlans=2, devices=2))
    plain = frames.request(A, ONE, TWO)
    scene.feed(*(frames.tagged(plain, vid) for vid in range(1, 11)), plain)
    assert scene.nonzero("l2_arp_packets_total") == {
        ("eth0", "", "request"): 1,
        ("eth0", "1", "request"): 1,
        ("eth0", "2", "request"): 1,
        ("eth0", "other", "request"): 8,
    }


def test_addresses_beyond_their_cap_are_counted_in_the_totals() -> None:
    scene = Scene("arp", limits=Limits(addresses=16, address_burst=1, address_rate=0))
    scene.feed(*(frames.announcement(A, f"192.0.2.{n}") for n in range(100)))
    assert scene.total("l2_arp_packets_total") == 100


@pytest.mark.parametrize(
    ("mac", "source", "kinds"),
    [
        (A, A, set()),
        (A, B, {"source_mismatch"}),
        (A, "00:00:00:00:00:00", {"source_mismatch"}),
        ("03:bf:0a:00:00:01", "03:bf:0a:00:00:01", {"multicast_sender"}),
        ("03:bf:0a:00:00:01", "02:bf:0a:00:00:01", {"source_mismatch", "multicast_sender"}),
        ("01:00:5e:00:00:12", "01:00:5e:00:00:12", {"multicast_sender"}),
        ("00:00:5e:00:01:12", "00:00:5e:00:01:12", set()),
    ],
)
def test_odd_senders_are_anomalies_and_packets_too(mac: str, source: str, kinds: set[str]) -> None:
    scene = Scene("arp")
    scene.feed(frames.arp(mac, ONE, source=source))
    assert {kind for _, _, kind in scene.nonzero("l2_arp_anomalies_total")} == kinds
    assert scene.total("l2_arp_packets_total") == 1


def test_this_hosts_own_packets_are_no_anomaly() -> None:
    scene = Scene("arp")
    scene.feed(frames.arp("03:bf:0a:00:00:01", ONE, source=B), sent=True)
    assert scene.nonzero("l2_arp_anomalies_total") == {}


def test_malformed_and_other_frames_are_no_packets() -> None:
    scene = Scene("arp")
    scene.feed(EACH[0][:40], bytes(60), b"", frames.tagged(EACH[0], 1, 2, 3, 4))
    assert scene.nonzero("l2_arp_packets_total") == {}

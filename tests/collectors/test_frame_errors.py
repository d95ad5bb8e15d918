from __future__ import annotations

from l2exporter.collectors.base import Malformed
from l2exporter.collectors.frame_errors import FAULTS
from l2exporter.dissect import arp, ethernet, ndp, slow, vrrp
from l2exporter.limits import Limits
from tests.collectors.scene import Scene
from tests.lab import frames

A, ONE = "02:00:00:00:00:0a", "192.0.2.1"
GOOD = frames.announcement(A, ONE)
METRIC = "l2_frame_errors_total"


def test_every_reason_of_the_fast_lane_is_there_from_zero_on() -> None:
    scene = Scene("frame_errors")
    scene.pipeline.device("eth0")
    fast = [fault for fault in FAULTS if fault[0] in ("ethernet", "arp", "ndp")]
    assert len(fast) > len(arp.REASONS)
    assert scene.samples(METRIC) == {("eth0", *fault): 0 for fault in fast}


def test_the_reasons_of_a_dissected_protocol_come_with_its_first_fault() -> None:
    scene = Scene("frame_errors")
    number = scene.pipeline.device("eth0")
    assert number is not None
    scene.suite.observe([Malformed(number, "vrrp", {"checksum": 2})])
    found = {place: n for place, n in scene.samples(METRIC).items() if place[1] == "vrrp"}
    assert found == {("eth0", "vrrp", reason): 0 for reason in vrrp.REASONS} | {
        ("eth0", "vrrp", "checksum"): 2
    }


def test_the_reasons_are_those_of_the_dissectors() -> None:
    assert set(FAULTS) == {
        *(("arp", reason) for reason in arp.REASONS),
        *(("ethernet", reason) for reason in ethernet.REASONS),
        *(("ndp", reason) for reason in ndp.REASONS),
        *((protocol, reason) for protocol in slow.REASONS for reason in slow.REASONS[protocol]),
    }


def test_each_malformed_frame_is_counted_under_its_device_protocol_and_reason() -> None:
    scene = Scene("frame_errors")
    scene.feed(GOOD[:13], GOOD[:20], GOOD[:40], GOOD, frames.arp("ff:ff:ff:ff:ff:ff", ONE))
    scene.feed(frames.tagged(GOOD, 1, 2, 3, 4), GOOD[:10], device="eth1")
    scene.feed(b"", GOOD)
    assert scene.nonzero(METRIC) == {
        ("eth0", "ethernet", "truncated"): 2,
        ("eth0", "arp", "truncated"): 2,
        ("eth0", "arp", "broadcast_sender"): 1,
        ("eth1", "ethernet", "truncated"): 1,
        ("eth1", "ethernet", "too_many_tags"): 1,
    }


def test_a_number_given_to_another_device_begins_anew() -> None:
    scene = Scene("frame_errors", limits=Limits(devices=3))
    scene.feed(b"")
    number = scene.pipeline.device("eth0")
    assert number is not None
    scene.pipeline.retire(number)
    for other in range(3):
        scene.pipeline.device(f"veth{other}")
    assert {device for device, _, _ in scene.samples(METRIC)} == {"veth0", "veth1", "veth2"}
    assert scene.total(METRIC) == 0


def test_a_new_name_goes_on_with_what_a_device_left_under_it() -> None:
    scene = Scene("frame_errors")
    scene.feed(b"", b"", device="eth0")
    scene.feed(b"", GOOD[:20], device="eth1")
    old, young = (scene.pipeline.device(name) for name in ("eth0", "eth1"))
    assert old is not None
    assert young is not None
    scene.pipeline.retire(old)
    scene.pipeline.rename({young: "eth0"})
    assert scene.nonzero(METRIC) == {
        ("eth0", "ethernet", "truncated"): 3,
        ("eth0", "arp", "truncated"): 1,
    }

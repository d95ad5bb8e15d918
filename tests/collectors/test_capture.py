from __future__ import annotations

from l2exporter.capture.lane import Lane
from tests.collectors.scene import Scene


def test_a_lane_tells_all_that_it_knows() -> None:
    scene = Scene("capture")
    scene.lanes = [
        Lane("eth0", "fast", True, 1204, 3, 0.25),
        Lane("eth1", "fast", False, 7, 0, 0.0),
    ]
    assert scene.samples("l2_capture_up") == {("eth0",): 1, ("eth1",): 0}
    assert scene.samples("l2_capture_frames_total") == {("eth0", "fast"): 1204, ("eth1", "fast"): 7}
    assert scene.samples("l2_capture_drops_total") == {("eth0", "fast"): 3, ("eth1", "fast"): 0}
    assert scene.samples("l2_capture_ring_used_ratio") == {
        ("eth0", "fast"): 0.25,
        ("eth1", "fast"): 0,
    }


def test_a_device_is_up_or_down_once_however_many_lanes_it_has() -> None:
    scene = Scene("capture")
    scene.lanes = [Lane("eth0", lane, True, 0, 0, 0.0) for lane in ("fast", "slow")]
    (up,) = (family for family in scene.suite.families() if family.name == "l2_capture_up")
    assert [(sample.labels, sample.value) for sample in up.samples] == [({"device": "eth0"}, 1)]


def test_what_a_lane_cannot_know_is_absent() -> None:
    scene = Scene("capture")
    scene.lanes = [Lane("gone0", "fast", None, 9, 1, None)]
    assert scene.samples("l2_capture_up") == {}
    assert scene.samples("l2_capture_ring_used_ratio") == {}
    assert scene.samples("l2_capture_frames_total") == {("gone0", "fast"): 9}
    scene.lanes = [Lane("eth0", "fast", False, None, None, None)]
    assert scene.samples("l2_capture_up") == {("eth0",): 0}
    assert scene.samples("l2_capture_frames_total") == {}
    assert scene.samples("l2_capture_drops_total") == {}


def test_without_lanes_there_are_families_and_no_samples() -> None:
    families = list(Scene("capture").suite.families())
    assert len(families) == 4
    assert not any(family.samples for family in families)

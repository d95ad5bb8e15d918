"""The capture thread on real devices in a namespace."""

from __future__ import annotations

import logging
import os
import threading

import pytest

from l2exporter.capture.devices import Selection
from l2exporter.capture.lane import Lane
from l2exporter.capture.live import TICK_SECONDS
from l2exporter.capture.ring import BLOCK_SLOTS
from l2exporter.errors import StartError
from l2exporter.limits import WHOLE_SLOTS
from tests.capture.sinks import Recorder, capture, lanes
from tests.capture.slow_frames import TAKEN
from tests.lab import frames
from tests.lab.namespace import Namespace, veth
from tests.lab.wait import wait_until

ARP = frames.announcement("02:00:00:00:0a:01", "192.0.2.1")
WOL = bytes(TAKEN["wake-on-lan"])


@pytest.mark.root
def test_frames_reach_the_sink_under_their_devices_number(
    there: Namespace, here: Namespace
) -> None:
    veth(there, "eth1", here, "eth1")
    sink = Recorder()
    with capture(here, sink):
        frames.send(there, "eth0", [ARP])
        wait_until(lambda: len(sink.taken) == 1, "the first frame")
        frames.send(there, "eth1", [ARP])
        wait_until(lambda: len(sink.taken) == 2, "the second frame")
        frames.send(here, "eth1", [ARP])
        wait_until(lambda: len(sink.taken) == 3, "the third frame")
    first, second = (sink.names.index(name) for name in ("eth0", "eth1"))
    assert sink.taken == [(first, ARP, False), (second, ARP, False), (second, ARP, True)]


@pytest.mark.root
def test_whole_frames_reach_it_too_and_are_counted_apart(there: Namespace, here: Namespace) -> None:
    sink = Recorder()
    with capture(here, sink) as made:
        frames.send(there, "eth0", [WOL])
        wait_until(lambda: len(sink.whole) == 1, "a whole frame alone")
        frames.send(there, "eth0", [ARP, WOL, ARP])
        frames.send(here, "eth0", [WOL])
        wait_until(lambda: len(sink.whole) == 3, "whole frames among others")
        wait_until(lambda: len(sink.taken) == 2, "the others")
        assert [(number, one.data, one.sent) for number, one in sink.whole] == [
            (0, WOL, False),
            (0, WOL, False),
            (0, WOL, True),
        ]
        assert (lanes(made)["eth0"].frames, lanes(made, "slow")["eth0"].frames) == (2, 3)


@pytest.mark.root
def test_a_flood_of_whole_frames_is_dropped_and_no_other_frame_is(
    there: Namespace, here: Namespace
) -> None:
    flood = 20 * WHOLE_SLOTS
    with capture(here, Recorder(), start=False) as made:
        frames.send(there, "eth0", [*[WOL] * flood, ARP])
        with here.entered():
            made.start()
        wait_until(lambda: lanes(made)["eth0"].frames == 1, "the other frame")
        slow = lanes(made, "slow")["eth0"]
        assert slow.drops == flood - WHOLE_SLOTS
        wait_until(lambda: lanes(made, "slow")["eth0"].frames == WHOLE_SLOTS, "those with room")
        assert lanes(made)["eth0"].drops == 0


@pytest.mark.root
def test_the_surroundings_are_told_when_they_change(here: Namespace) -> None:
    sink = Recorder()
    with capture(here, sink):
        for change in (
            ("address", "add", "192.0.2.9/24", "dev", "eth0"),
            ("route", "add", "default", "via", "192.0.2.1"),
        ):
            told = len(sink.numbers)
            here.ip(*change)
            wait_until(lambda told=told: len(sink.numbers) > told, " ".join(change))  # type: ignore[misc]
        assert {tuple(numbers.values()) for numbers in sink.numbers} == {(0,)}


@pytest.mark.root
def test_a_sink_that_fails_costs_a_batch_and_one_line(
    there: Namespace, here: Namespace, caplog: pytest.LogCaptureFixture
) -> None:
    sink = Recorder(fault=ZeroDivisionError("a fault of ours"))
    with capture(here, sink) as made:
        for count in (1, 2, 3):
            frames.send(there, "eth0", [ARP])
            wait_until(lambda count=count: len(sink.taken) == count, "the frame")  # type: ignore[misc]
        sink.fault = KeyError("another")
        frames.send(there, "eth0", [ARP])
        wait_until(lambda: len(sink.taken) == 4, "the last frame")
        assert lanes(made)["eth0"].frames == 4
    kinds = [record.exc_info[0] for record in caplog.records if record.exc_info]
    assert kinds == [ZeroDivisionError, KeyError]


@pytest.mark.root
def test_frames_are_taken_in_while_the_news_of_devices_fail(
    there: Namespace, here: Namespace, caplog: pytest.LogCaptureFixture
) -> None:
    sink = Recorder()
    with capture(here, sink) as made:
        assert made.fault is None
        sink.trouble = ZeroDivisionError("a fault of ours")
        here.address("eth0", "192.0.2.9/24")
        wait_until(lambda: made.fault is not None, "the fault")
        assert made.fault == "a fault of ours"
        frames.send(there, "eth0", [ARP])
        wait_until(lambda: len(sink.taken) == 1, "the frame")
        assert made.fault == "a fault of ours"
        sink.trouble = None
        wait_until(lambda: made.fault is None, "another try, on a quiet wire")
    kinds = [record.exc_info[0] for record in caplog.records if record.exc_info]
    assert kinds == [ZeroDivisionError]


@pytest.mark.root
def test_a_fault_without_words_is_named_by_its_kind(there: Namespace, here: Namespace) -> None:
    sink = Recorder(fault=ZeroDivisionError())
    with capture(here, sink) as made:
        frames.send(there, "eth0", [ARP])
        wait_until(lambda: made.fault == "ZeroDivisionError", "the fault")
        wait_until(lambda: made.fault is None, "a turn without one, on a quiet wire")


@pytest.mark.root
def test_drops_outlive_their_ring(there: Namespace, here: Namespace) -> None:
    with capture(here, Recorder(), start=False) as made:
        frames.send(there, "eth0", [ARP] * (BLOCK_SLOTS + 30))
        wait_until(lambda: lanes(made)["eth0"].drops == 30, "drops")
        with here.entered():
            made.start()
        wait_until(lambda: lanes(made)["eth0"].frames == BLOCK_SLOTS, "the frames that had room")
        assert lanes(made)["eth0"].used == 1.0
        here.ip("link", "delete", "eth0")
        wait_until(lambda: lanes(made)["eth0"].up is None, "the departure")
        assert lanes(made)["eth0"] == Lane("eth0", "fast", None, BLOCK_SLOTS, 30, None)


@pytest.mark.root
def test_stopping_ends_the_thread_and_closes_the_rings(here: Namespace) -> None:
    before = len(os.listdir("/proc/self/fd"))
    with capture(here, Recorder()) as made:
        assert "capture" in {thread.name for thread in threading.enumerate()}
    assert "capture" not in {thread.name for thread in threading.enumerate()}
    assert len(os.listdir("/proc/self/fd")) == before
    assert lanes(made) == {"eth0": Lane("eth0", "fast", False, 0, 0, None)}


@pytest.mark.root
@pytest.mark.parametrize(
    ("selection", "words"),
    [
        (Selection(names=("eth0", "x0")), "--capture.device: there is no device 'x0' here"),
        (Selection(names=("eth0", "lo")), "--capture.device: lo: not an Ethernet device"),
    ],
)
def test_a_named_device_that_cannot_be_captured_is_an_error(
    here: Namespace, caplog: pytest.LogCaptureFixture, selection: Selection, words: str
) -> None:
    caplog.set_level(logging.INFO)
    with pytest.raises(StartError, match=words), capture(here, Recorder(), selection):
        pass
    assert not caplog.records


@pytest.mark.root
def test_the_sink_is_told_the_time_on_a_quiet_wire_too(here: Namespace) -> None:
    sink = Recorder()
    with capture(here, sink):
        wait_until(lambda: len(sink.ticks) > 1, "two ticks without a frame")
    first, second = sink.ticks[:2]
    assert second - first >= TICK_SECONDS

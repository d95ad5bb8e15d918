"""Which devices a capture has, as real ones come, go, change names and are too many."""

from __future__ import annotations

import os

import pytest

from l2exporter.capture.devices import Selection
from l2exporter.capture.lane import Lane
from l2exporter.capture.live import LiveCapture
from l2exporter.capture.ring import BLOCK_SLOTS
from l2exporter.capture.whole_ring import WHOLE_BLOCK_SLOTS
from l2exporter.collectors.suite import Suite
from l2exporter.errors import StartError
from l2exporter.evidence.ledger import Ledger
from l2exporter.limits import FULL_RINGS, SMALL_RING_SHARE, WHOLE_SLOTS, Limits
from l2exporter.pipeline import Pipeline
from l2exporter.slow_lane import SlowLane
from l2exporter.tables.state import Tables
from tests.capture.sinks import Recorder, capture, lanes
from tests.capture.slow_frames import TAKEN
from tests.lab import frames
from tests.lab.namespace import Namespace, veth
from tests.lab.wait import wait_until

pytestmark = pytest.mark.root

ARP = frames.announcement("02:00:00:00:0a:01", "192.0.2.1")
WOL = bytes(TAKEN["wake-on-lan"])


def test_the_sink_is_told_of_names_and_departures(there: Namespace, here: Namespace) -> None:
    sink = Recorder()
    with capture(here, sink) as made:
        here.ip("link", "set", "eth0", "down")
        here.ip("link", "set", "eth0", "name", "lan0")
        wait_until(lambda: ("renamed", 0) in sink.news, "the name")
        assert not lanes(made)["lan0"].up
        here.ip("link", "delete", "lan0")
        wait_until(lambda: ("retired", 0) in sink.news, "the departure")
        assert sink.news == [("renamed", 0), ("retired", 0)]
        assert lanes(made) == {"lan0": Lane("lan0", "fast", None, 0, 0, None)}
        assert sink.numbers[-1] == {}


def test_a_newcomer_may_have_the_name_that_another_just_gave_away(
    there: Namespace, here: Namespace
) -> None:
    sink = Recorder()
    with capture(here, sink, start=False) as made:
        rename(here, ("eth0", "lan0"))
        veth(there, "eth1", here, "eth0")
        with here.entered():
            made.start()
        wait_until(lambda: up(made) == {"lan0", "eth0"}, "the newcomer")
        assert sink.names == ["lan0", "eth0"]
        frames.send(there, "eth0", [ARP])
        frames.send(there, "eth1", [ARP] * 2)
        wait_until(lambda: len(sink.taken) == 3, "the frames")
        assert {name: lane.frames for name, lane in lanes(made).items()} == {"lan0": 1, "eth0": 2}
    assert sorted(number for number, _, _ in sink.taken) == [0, 1, 1]


def test_two_may_swap_their_names_while_a_third_gives_its_own_to_a_newcomer(
    there: Namespace, here: Namespace
) -> None:
    for device in ("eth1", "eth2"):
        veth(there, device, here, device)
    sink = Recorder()
    with capture(here, sink, start=False) as made:
        before = list(sink.names)
        rename(here, ("eth0", "tmp0"), ("eth1", "eth0"), ("tmp0", "eth1"), ("eth2", "eth3"))
        veth(there, "eth4", here, "eth2")
        with here.entered():
            made.start()
        wait_until(lambda: up(made) == {"eth0", "eth1", "eth2", "eth3"}, "the newcomer")
        new = {"eth0": "eth1", "eth1": "eth0", "eth2": "eth3"}
        assert sink.names == [*(new[name] for name in before), "eth2"]
        assert sink.renames == [{before.index(old): name for old, name in new.items()}]
        for count, peer in enumerate(("eth0", "eth1", "eth2", "eth4"), start=1):
            frames.send(there, peer, [ARP] * count)
        wait_until(lambda: len(sink.taken) == 10, "the frames")
        told = {name: lane.frames for name, lane in lanes(made).items()}
    assert told == {"eth1": 1, "eth0": 2, "eth3": 3, "eth2": 4}


def up(made: LiveCapture) -> set[str]:
    return {name for name, lane in lanes(made).items() if lane.up}


def rename(namespace: Namespace, *names: tuple[str, str]) -> None:
    """Give devices other names, one after the other: down for it, and up again."""
    for old, new in names:
        namespace.ip("link", "set", old, "down")
        namespace.ip("link", "set", old, "name", new)
        namespace.ip("link", "set", new, "up")


def test_devices_beyond_the_cap_are_down_until_there_is_room(
    there: Namespace, here: Namespace, caplog: pytest.LogCaptureFixture
) -> None:
    beyond = Lane("eth1", "fast", False, None, None, None)
    tables = Tables(Limits(devices=1))
    with capture(here, Pipeline(tables, Suite({}), Ledger(tables), SlowLane(None))) as made:
        veth(there, "eth1", here, "eth1")
        wait_until(lambda: "eth1" in lanes(made), "the second device")
        assert lanes(made) == {"eth0": Lane("eth0", "fast", True, 0, 0, 0.0), "eth1": beyond}
        refusals = tables.usage()[-1].refusals
        here.address("eth0", "192.0.2.9/24")
        wait_until(lambda: tables.usage()[-1].refusals > refusals, "another look")
        assert lanes(made)["eth1"] == beyond
        here.ip("link", "delete", "eth0")
        wait_until(lambda: lanes(made)["eth1"].up is True, "room")
        assert set(lanes(made)) == {"eth1"}
    assert [record.message for record in caplog.records] == [
        "eth1: not captured: more devices than limits.devices"
    ]


def test_a_device_beyond_the_cap_is_told_of_until_it_goes(
    there: Namespace, here: Namespace, caplog: pytest.LogCaptureFixture
) -> None:
    veth(there, "eth1", here, "eth1")
    with capture(here, Recorder(limit=1)) as made:
        (name,) = (lane.device for lane in lanes(made).values() if not lane.up)
        here.ip("link", "set", name, "down")
        wait_until(lambda: len(lanes(made)) == 1, "it is down")
        here.ip("link", "set", name, "up")
        wait_until(lambda: len(lanes(made)) == 2, "it is up again")
        here.ip("link", "delete", name)
        wait_until(lambda: len(lanes(made)) == 1, "it is gone")
    assert len(caplog.records) == 2, "each time that it comes"


def test_a_named_device_beyond_the_cap_is_an_error(there: Namespace, here: Namespace) -> None:
    veth(there, "eth1", here, "eth1")
    words = r"--capture\.device: eth[01]: beyond limits\.devices"
    selection = Selection(names=("eth0", "eth1"))
    with (
        pytest.raises(StartError, match=words),
        capture(here, Recorder(limit=1), selection),
    ):
        pass


def test_a_name_may_be_any_bytes(there: Namespace, here: Namespace) -> None:
    rename(here, ("eth0", os.fsdecode(b"ba\xff")))
    sink = Recorder()
    with capture(here, sink) as made:
        frames.send(there, "eth0", [ARP])
        wait_until(lambda: len(sink.taken) == 1, "the frame")
        assert lanes(made)[r"ba\xff"].frames == 1
    assert sink.names == [r"ba\xff"]


@pytest.mark.parametrize("blocks", [1, SMALL_RING_SHARE])
def test_devices_beyond_the_first_few_have_small_rings(
    there: Namespace, here: Namespace, blocks: int
) -> None:
    devices = ["eth0", *(f"eth{n}" for n in range(1, FULL_RINGS + 2))]
    for device in devices[1:]:
        veth(there, device, here, device)
    slots = blocks * BLOCK_SLOTS
    with capture(here, Recorder(), slots=slots, start=False) as made:
        for device in devices:
            frames.send(there, device, [ARP] * (slots + 1))
            frames.send(there, device, [WOL] * (WHOLE_SLOTS + 1))
        assert_drops(made, "fast", [1] * FULL_RINGS + [slots + 1 - BLOCK_SLOTS] * 2)
        few = WHOLE_SLOTS // SMALL_RING_SHARE
        few += -few % WHOLE_BLOCK_SLOTS
        assert_drops(made, "slow", [1] * FULL_RINGS + [WHOLE_SLOTS + 1 - few] * 2)


def assert_drops(made: LiveCapture, lane: str, expected: list[int]) -> None:
    wait_until(
        lambda: sorted(told.drops or 0 for told in lanes(made, lane).values()) == expected,
        f"{expected} frames dropped",
    )

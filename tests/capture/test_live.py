"""The capture thread: real devices in a namespace, and faults that no host makes on order."""

from __future__ import annotations

import errno
import logging
import os
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

import pytest

from l2exporter.capture import live
from l2exporter.capture.devices import Selection
from l2exporter.capture.lane import Lane
from l2exporter.capture.live import LiveCapture
from l2exporter.capture.ring import BLOCK_SLOTS, Ring
from l2exporter.dissect.frames import Frames
from l2exporter.errors import KernelError, StartError
from l2exporter.kernel.host import Host
from l2exporter.kernel.links import Link
from tests.lab import frames
from tests.lab.namespace import Namespace, veth
from tests.lab.wait import wait_until

ARP = frames.announcement("02:00:00:00:0a:01", "192.0.2.1")


@dataclass
class Recorder:
    """A sink that remembers what it is told, and refuses devices beyond `limit`."""

    limit: int = 9
    names: list[str] = field(default_factory=list)
    news: list[tuple[str, int]] = field(default_factory=list)
    taken: list[tuple[int, bytes, bool]] = field(default_factory=list)
    numbers: list[dict[int, int]] = field(default_factory=list)
    fault: Exception | None = None

    def device(self, name: str) -> int | None:
        if name not in self.names:
            if len(self.names) >= self.limit:
                return None
            self.names.append(name)
        return self.names.index(name)

    def rename(self, number: int, name: str) -> None:
        self.names[number] = name
        self.news.append(("renamed", number))

    def retire(self, number: int) -> None:
        self.news.append(("retired", number))

    def frames(self, number: int, frames: Frames) -> None:
        for row, size, sent in zip(frames.data, frames.captured, frames.sent, strict=True):
            self.taken.append((number, row[:size].tobytes(), bool(sent)))
        if self.fault:
            raise self.fault

    def surroundings(self, host: Host, numbers: Mapping[int, int]) -> None:
        self.numbers.append(dict(numbers))


@pytest.fixture
def there() -> Iterator[Namespace]:
    with Namespace() as made:
        yield made


@pytest.fixture
def here(there: Namespace) -> Iterator[Namespace]:
    with Namespace() as made:
        veth(there, "eth0", made, "eth0")
        yield made


@contextmanager
def capture(
    here: Namespace, sink: Recorder, selection: Selection | None = None, *, start: bool = True
) -> Iterator[LiveCapture]:
    """A capture in the namespace; its thread is born there, where it opens further rings."""
    with here.entered():
        host = Host()
        made = LiveCapture(
            host, selection or Selection(), sink, slots=BLOCK_SLOTS, promiscuous=False
        )
        try:
            made.open()
            if start:
                made.start()
        except BaseException:
            made.stop()
            host.close()
            raise
    try:
        yield made
    finally:
        made.stop()
        host.close()


def lanes(made: LiveCapture) -> dict[str, Lane]:
    return {lane.device: lane for lane in made.lanes()}


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
def test_a_device_that_the_sink_has_no_number_for_is_left_out(
    there: Namespace, here: Namespace
) -> None:
    veth(there, "eth1", here, "eth1")
    with capture(here, Recorder(limit=1)) as made:
        assert len(made.lanes()) == 1


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


class StillHost:
    """A host with one device, whose netlink is silent until it is told to speak."""

    def __init__(self) -> None:
        self.links = {
            7: Link(7, "eth7", 1, True, True, False, False, None, "", "", None, None, None)
        }
        self.overruns = 0
        self.answers: list[Callable[[], bool]] = []
        self._bell = os.eventfd(0, os.EFD_CLOEXEC)

    def fileno(self) -> int:
        return self._bell

    def speak(self, *answers: Callable[[], bool]) -> None:
        """Each `follow` from now on gives the next answer; the descriptor is readable till then."""
        self.answers = list(answers)
        os.eventfd_write(self._bell, 1)

    def follow(self) -> bool:
        answer = self.answers.pop(0)
        if not self.answers:
            os.eventfd_read(self._bell)
        return answer()

    def close(self) -> None:
        os.close(self._bell)


@pytest.fixture
def still() -> Iterator[StillHost]:
    host = StillHost()
    yield host
    host.close()


@contextmanager
def capture_still(host: StillHost, sink: Recorder) -> Iterator[LiveCapture]:
    made = LiveCapture(
        host,  # type: ignore[arg-type]
        Selection(),
        sink,
        slots=BLOCK_SLOTS,
        promiscuous=False,
    )
    made.open()
    made.start()
    try:
        yield made
    finally:
        made.stop()


def refusing(number: int, times: list[float]) -> Callable[..., Ring]:
    def refuse(*_: object, **__: object) -> Ring:
        times.append(time.monotonic())
        raise OSError(number, os.strerror(number))

    return refuse


def test_without_the_privilege_it_tries_once_and_says_so_once(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, still: StillHost
) -> None:
    tries: list[float] = []
    monkeypatch.setattr(live, "Ring", refusing(errno.EPERM, tries))
    sink = Recorder()
    with capture_still(still, sink) as made:
        still.speak(lambda: True)
        wait_until(lambda: len(sink.numbers) == 2, "a second look")
        assert lanes(made) == {"eth7": Lane("eth7", "fast", False, None, None, None)}
    assert len(tries) == 1
    assert [record.message.count("CAP_NET_RAW") for record in caplog.records] == [1]


def test_a_ring_that_cannot_be_opened_is_tried_again_ever_later(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, still: StillHost
) -> None:
    tries: list[float] = []
    monkeypatch.setattr(live, "Ring", refusing(errno.ENOMEM, tries))
    with capture_still(still, Recorder()) as made:
        wait_until(lambda: len(tries) == 3, "the third attempt")
        assert lanes(made)["eth7"].up is False
    first, second = tries[1] - tries[0], tries[2] - tries[1]
    assert first >= live.FIRST_RETRY_SECONDS
    assert second >= 2 * live.FIRST_RETRY_SECONDS
    assert {record.message for record in caplog.records} == {
        "eth7: cannot capture: Cannot allocate memory"
    }


def test_netlink_that_fails_is_asked_again(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, still: StillHost
) -> None:
    def fail() -> bool:
        raise KernelError("netlink: no answer")

    monkeypatch.setattr(live, "Ring", refusing(errno.EPERM, []))
    sink = Recorder()
    with capture_still(still, sink):
        del still.links[7]
        still.speak(fail, lambda: True)
        wait_until(lambda: ("retired", 0) in sink.news, "the second answer")
    assert "netlink: no answer; what is known of the devices may be old" in caplog.text


def test_without_any_device_it_waits_and_says_so(
    caplog: pytest.LogCaptureFixture, still: StillHost
) -> None:
    still.links.clear()
    with capture_still(still, Recorder()) as made:
        assert made.lanes() == []
    assert "no device to capture as yet" in caplog.text

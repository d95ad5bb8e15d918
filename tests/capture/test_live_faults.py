"""The capture thread in faults that no host makes on order: nothing here is real but the thread."""

from __future__ import annotations

import errno
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from l2exporter.capture import device, roster
from l2exporter.capture.devices import Selection
from l2exporter.capture.lane import Lane
from l2exporter.capture.live import LiveCapture
from l2exporter.capture.ring import BLOCK_SLOTS
from l2exporter.capture.rings import Rings
from l2exporter.errors import KernelError
from tests.capture.sinks import Recorder, lanes
from tests.kernel.rows import link
from tests.lab.wait import wait_until


class StillHost:
    """A host with one device, whose netlink is silent until it is told to speak."""

    def __init__(self) -> None:
        self.links = {7: link(7, "eth7")}
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


def refusing(number: int, times: list[float]) -> Callable[..., Rings]:
    def refuse(*_: object, **__: object) -> Rings:
        times.append(time.monotonic())
        raise OSError(number, os.strerror(number))

    return refuse


def test_without_the_privilege_it_tries_once_and_says_so_once(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, still: StillHost
) -> None:
    tries: list[float] = []
    monkeypatch.setattr(roster, "Rings", refusing(errno.EPERM, tries))
    sink = Recorder()
    with capture_still(still, sink) as made:
        still.speak(lambda: True)
        wait_until(lambda: len(sink.numbers) == 2, "a second look")
        assert made.lanes() == [
            Lane("eth7", lane, False, None, None, None) for lane in ("fast", "slow")
        ]
    assert len(tries) == 1
    assert [record.message.count("CAP_NET_RAW") for record in caplog.records] == [1]


def test_a_ring_that_cannot_be_opened_is_tried_again_ever_later(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, still: StillHost
) -> None:
    tries: list[float] = []
    monkeypatch.setattr(roster, "Rings", refusing(errno.ENOMEM, tries))
    with capture_still(still, Recorder()) as made:
        wait_until(lambda: len(tries) == 3, "the third attempt")
        assert lanes(made)["eth7"].up is False
    first, second = tries[1] - tries[0], tries[2] - tries[1]
    assert first >= device.FIRST_RETRY_SECONDS
    assert second >= 2 * device.FIRST_RETRY_SECONDS
    assert {record.message for record in caplog.records} == {
        "eth7: cannot capture: Cannot allocate memory"
    }


def test_netlink_that_fails_is_asked_again(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, still: StillHost
) -> None:
    def fail() -> bool:
        raise KernelError("netlink: no answer")

    monkeypatch.setattr(roster, "Rings", refusing(errno.EPERM, []))
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

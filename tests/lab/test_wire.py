from __future__ import annotations

import threading

import pytest

from tests.lab import frames
from tests.lab.segment import Segment
from tests.lab.wait import wait_until
from tests.lab.wire import Actor

pytestmark = pytest.mark.root


class Listener(Actor):
    """It keeps what it hears, and does as it is told about broken frames."""

    def opened(self) -> None:
        self.frames: list[bytes] = []
        self.done = threading.Event()

    def heard(self, frame: bytes) -> None:
        if frame.endswith(b"broken"):
            raise ValueError("broken frame")
        if frame[12:14] == b"\x08\x06":
            self.frames.append(frame)
            self.done.set()


def test_it_hears_others_and_not_itself_and_does_things_in_the_order_of_their_times() -> None:
    with Segment(2) as segment:
        one, two = segment.hosts
        sent = frames.announcement(two.mac, two.ip)
        done: list[int] = []
        with Listener(one) as listener:
            listener.send(frames.announcement(one.mac, one.ip))
            listener.after(0.2, lambda: done.append(2))
            listener.after(0.0, lambda: done.append(1))
            frames.send(two.namespace, two.device, [sent])
            wait_until(lambda: len(done) > 1, "both are done")
            assert listener.done.wait(20)
        assert listener.frames == [sent]
        assert done == [1, 2]


def test_an_error_in_it_is_raised_where_the_block_ends() -> None:
    with Segment(2) as segment:
        one, two = segment.hosts
        listener = Listener(one)
        listener.__enter__()
        frames.send(two.namespace, two.device, [frames.probe(two.mac, one.ip) + b"broken"])
        listener.thread.join(20)
        with pytest.raises(ValueError, match="broken frame"):
            listener.check()
        with pytest.raises(ValueError, match="broken frame"):
            listener.__exit__()

"""A sink that remembers, a capture that feeds it, and what that tells of its lanes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

from l2exporter.capture.devices import Selection
from l2exporter.capture.lane import Lane
from l2exporter.capture.live import LiveCapture
from l2exporter.capture.ring import BLOCK_SLOTS
from l2exporter.capture.roster import Sink
from l2exporter.dissect.frames import Frames, Whole
from l2exporter.kernel.host import Host
from tests.lab.namespace import Namespace


@dataclass
class Recorder:
    """A sink that remembers what it is told, and refuses devices beyond `limit`.

    fault    raised once a batch has been remembered
    trouble  raised when it is told of the surroundings
    """

    limit: int = 9
    names: list[str] = field(default_factory=list)
    news: list[tuple[str, int]] = field(default_factory=list)
    renames: list[dict[int, str]] = field(default_factory=list)
    taken: list[tuple[int, bytes, bool]] = field(default_factory=list)
    whole: list[tuple[int, Whole]] = field(default_factory=list)
    numbers: list[dict[int, int]] = field(default_factory=list)
    ticks: list[float] = field(default_factory=list)
    fault: Exception | None = None
    trouble: Exception | None = None

    def device(self, name: str) -> int | None:
        if name not in self.names:
            if len(self.names) >= self.limit:
                return None
            self.names.append(name)
        return self.names.index(name)

    def rename(self, names: Mapping[int, str]) -> None:
        self.renames.append(dict(names))
        for number, name in names.items():
            self.names[number] = name
            self.news.append(("renamed", number))

    def retire(self, number: int) -> None:
        self.news.append(("retired", number))

    def frames(self, number: int, frames: Frames) -> None:
        for row, size, sent in zip(frames.data, frames.captured, frames.sent, strict=True):
            self.taken.append((number, row[:size].tobytes(), bool(sent)))
        self.whole += [(number, one) for one in frames.whole]
        if self.fault:
            raise self.fault

    def tick(self, now: float, wall: float) -> None:
        self.ticks.append(now)

    def surroundings(self, host: Host, numbers: Mapping[int, int]) -> None:
        self.numbers.append(dict(numbers))
        if self.trouble:
            raise self.trouble


def lanes(made: LiveCapture, which: str = "fast") -> dict[str, Lane]:
    """What each device's lane tells, by device."""
    return {lane.device: lane for lane in made.lanes() if lane.lane == which}


@contextmanager
def capture(
    here: Namespace,
    sink: Sink,
    selection: Selection | None = None,
    *,
    slots: int = BLOCK_SLOTS,
    start: bool = True,
) -> Iterator[LiveCapture]:
    """A capture in the namespace; its thread is born there, where it opens further rings."""
    with here.entered():
        host = Host()
        made = LiveCapture(host, selection or Selection(), sink, slots=slots, promiscuous=False)
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

"""A sink that remembers, and what a capture tells of its lanes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from l2exporter.capture.lane import Lane
from l2exporter.capture.live import LiveCapture
from l2exporter.dissect.frames import Frames
from l2exporter.kernel.host import Host


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

    def rename(self, names: Mapping[int, str]) -> None:
        for number, name in names.items():
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


def lanes(made: LiveCapture) -> dict[str, Lane]:
    """What each lane tells, by device."""
    return {lane.device: lane for lane in made.lanes()}

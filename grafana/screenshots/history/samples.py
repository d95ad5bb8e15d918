"""Samples over time, and how they become a file that promtool makes blocks of."""

from __future__ import annotations

import math
import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol, TextIO

SCRAPE_SECONDS: Final = 30

Sample = tuple[str, Mapping[str, str], float]
"""Name, labels, value."""


class Source(Protocol):
    """Something that has samples at each time; it is asked for ascending times."""

    def at(self, time: int) -> Iterator[Sample]:
        """Its samples at a time since 1970."""


@dataclass(frozen=True, slots=True)
class Target:
    """An exporter as Prometheus scrapes it: the labels of its scrape, and what it tells."""

    labels: Mapping[str, str]
    sources: Sequence[Source]

    def at(self, time: int) -> Iterator[Sample]:
        """All of its samples, with the labels of its scrape, and what Prometheus adds."""
        yield "up", self.labels, 1.0
        yield "scrape_duration_seconds", self.labels, random.Random(time).uniform(0.018, 0.022)
        for source in self.sources:
            for name, labels, value in source.at(time):
                yield name, {**labels, **self.labels}, value


@dataclass(slots=True)
class Counts:
    """Counters by name and labels; they rise by what is expected of a time, give or take."""

    seed: int
    _values: dict[tuple[str, frozenset[tuple[str, str]]], float] = field(default_factory=dict)
    _random: random.Random = field(init=False)

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)

    def risen(self, name: str, labels: Mapping[str, str], a_second: float) -> Sample:
        """The counter after one more scrape's time at a rate."""
        key = name, frozenset(labels.items())
        expected = max(0.0, a_second * SCRAPE_SECONDS)
        more = round(self._random.gauss(expected, math.sqrt(expected)))
        self._values[key] = self._values.get(key, 0.0) + max(0, more)
        return name, labels, self._values[key]


def write(targets: Iterable[Target], begin: int, end: int, file: TextIO) -> None:
    """OpenMetrics text of all samples from `begin` to `end`, in the order of time."""
    sources = tuple(targets)
    for time in range(begin, end + 1, SCRAPE_SECONDS):
        for target in sources:
            file.writelines(_line(sample, time) for sample in target.at(time))
    file.write("# EOF\n")


def write_at(timed: Iterable[tuple[int, Sample]], file: TextIO) -> None:
    """OpenMetrics text of samples that bring their times, of each series in order."""
    file.writelines(_line(sample, time) for time, sample in timed)
    file.write("# EOF\n")


def _line(sample: Sample, time: int) -> str:
    name, labels, value = sample
    inside = ",".join(f'{label}="{text}"' for label, text in labels.items())
    return f"{name}{{{inside}}} {_number(value)} {time}\n"


def _number(value: float) -> str:
    return "+Inf" if value == math.inf else f"{value:.15g}"

"""Frames in, samples out: a pipeline with collectors, without a device or a web server."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypedDict, Unpack

from l2exporter.capture.lane import Lane
from l2exporter.collectors.base import Context, KernelSide, ReloadStatus
from l2exporter.collectors.registry import COLLECTORS, OF_THE_HOST
from l2exporter.collectors.suite import Suite
from l2exporter.dissect.frames import Whole
from l2exporter.evidence.ledger import Ledger
from l2exporter.limits import Limits
from l2exporter.pipeline import Pipeline
from l2exporter.slow_lane import SlowLane
from l2exporter.tables.state import Tables
from tests.dissect.batch import batch

Samples = dict[tuple[str, ...], float]


class Columns(TypedDict, total=False):
    """What `batch` may be told of the frames."""

    tci: int | Sequence[int]
    sent: bool | Sequence[bool]
    time: float | Sequence[float]
    whole: tuple[Whole, ...]


class Scene:
    """Some collectors and the tables behind them; if none are named, all that can be had.

    The clock stands unless `now` is set; `lanes` and `reload` are what the context tells.
    """

    def __init__(
        self, *names: str, limits: Limits | None = None, kernel: KernelSide | None = None
    ) -> None:
        self.now = 0.0
        self.lanes: Sequence[Lane] = ()
        self.reload = ReloadStatus(successful=True, last_success=0.0)
        self.tables = Tables(limits or Limits())
        self.ledger = Ledger(self.tables)
        context = Context(
            self.tables,
            self.ledger,
            lambda: self.lanes,
            lambda: self.reload,
            lambda: self.now,
            kernel,
        )
        made = names or [name for name in COLLECTORS if kernel or name not in OF_THE_HOST]
        self.suite = Suite({name: COLLECTORS[name](context) for name in made})
        self.pipeline = Pipeline(self.tables, self.suite, self.ledger, SlowLane(None))

    def feed(self, *frames: bytes, device: str = "eth0", **columns: Unpack[Columns]) -> None:
        """Take the frames in as one batch of the device."""
        number = self.pipeline.device(device)
        assert number is not None
        self.pipeline.frames(number, batch(frames, now=self.now, **columns))

    def samples(self, name: str) -> Samples:
        """The samples of this name, by their label values in the order of the labels."""
        return {
            tuple(sample.labels.values()): sample.value
            for family in self.suite.families()
            for sample in family.samples
            if sample.name == name
        }

    def nonzero(self, name: str) -> Samples:
        """Those of them that have counted something."""
        return {labels: value for labels, value in self.samples(name).items() if value}

    def total(self, *names: str) -> float:
        """The sum of all samples of these names."""
        return sum(sum(self.samples(name).values()) for name in names)

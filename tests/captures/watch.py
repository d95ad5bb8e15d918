"""What the exporter makes of a trace, however it comes, and what it tells on the way."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import groupby
from pathlib import Path

from prometheus_client.metrics_core import Metric

from l2exporter.app import REPLAY_COLLECTORS
from l2exporter.capture.candidates import is_candidate
from l2exporter.capture.pcap import read_frames
from l2exporter.collectors import base
from l2exporter.collectors.base import Context, ReloadStatus
from l2exporter.collectors.registry import COLLECTORS
from l2exporter.collectors.suite import Suite
from l2exporter.dissect.frames import UNTAGGED, Frames, Whole
from l2exporter.dissect.reader import Address
from l2exporter.evidence.ledger import Ledger
from l2exporter.evidence.moves.pending import Settled
from l2exporter.evidence.sleep.holds import Dropped, Transition, Wake
from l2exporter.limits import Limits
from l2exporter.pipeline import Pipeline
from l2exporter.slow_lane import SlowLane
from l2exporter.tables.bindings import Moves, NdpMoves
from l2exporter.tables.state import Tables
from tests.captures.sleep_proxy import Trace
from tests.dissect.batch import batch
from tests.lab.frames import write_pcap

DEVICE = "vlan0"
Line = tuple[str, str, str, str]
Guard = tuple[Address, int | None, str]
"""A protected address, the MAC that it should have, and its role."""


def clock(time: float) -> str:
    """The time of day, to the second."""
    return datetime.fromtimestamp(time, UTC).strftime("%H:%M:%S")


@dataclass(slots=True)
class Journal:
    """Writes down what happens as it is told.

    lines        moves as the router logged them: the clock, the address, the MACs
    transitions  (clock, kind, address, confidence)
    held         seconds of the holds that ended, rounded
    wakes        (clock, reason)
    settled      (clock, address, cause)
    dropped      (address, reason)
    """

    tables: Tables = field(compare=False, repr=False)
    lines: list[Line] = field(default_factory=list)
    transitions: list[Line] = field(default_factory=list)
    held: list[int] = field(default_factory=list)
    wakes: list[tuple[str, str]] = field(default_factory=list)
    settled: list[tuple[str, str, str]] = field(default_factory=list)
    dropped: list[tuple[str, str]] = field(default_factory=list)

    @property
    def observes(self) -> type[object]:
        return object

    def observe(self, event: object) -> Iterable[object]:
        if isinstance(event, Moves | NdpMoves):
            self._log(event)
        elif isinstance(event, Transition):
            ip = str(event.ip)
            self.transitions.append((clock(event.time), event.kind, ip, event.confidence))
            self.held += [] if event.held_seconds is None else [round(event.held_seconds)]
        elif isinstance(event, Wake):
            self.wakes.append((clock(event.time), event.reason))
        elif isinstance(event, Settled):
            self.settled += [(clock(event.time), str(event.ip), event.cause)] * event.count
        elif isinstance(event, Dropped):
            self.dropped.append((str(event.ip), event.reason))
        return ()

    def _log(self, moves: Moves | NdpMoves) -> None:
        tables = self.tables
        table = tables.addresses if isinstance(moves, Moves) else tables.addresses6
        columns = (moves.time, moves.row, moves.from_mac, moves.to_mac)
        for time, row, *macs in zip(*(column.tolist() for column in columns), strict=True):
            old, new = map(base.mac, macs)
            self.lines.append((clock(time), str(table.address(row)), old, new))

    def collect(self) -> Iterable[Metric]:
        return ()


class Watch:
    """A replay of one device whose events can be read too."""

    def __init__(self, protected: Iterable[Guard] = ()) -> None:
        tables = Tables(Limits())
        ledger = Ledger(tables)
        context = Context(tables, ledger, list, lambda: ReloadStatus(True, 0.0), lambda: 0.0)
        self.journal = Journal(tables)
        collectors = {name: COLLECTORS[name](context) for name in REPLAY_COLLECTORS}
        self._suite = Suite({**collectors, "journal": self.journal})
        self._pipeline = Pipeline(tables, self._suite, ledger, SlowLane(None))
        self._pipeline.configure(protected)
        self._number = self._pipeline.device(DEVICE)

    def take(self, batches: Iterable[Frames]) -> Watch:
        """Take the batches in, and no frame after them: what waits is judged by what was seen."""
        assert self._number is not None
        now = wall = 0.0
        for frames in batches:
            now, wall = frames.now, frames.latest
            self._pipeline.frames(self._number, frames)
        self._pipeline.finish(now, wall)
        return self

    def samples(self, name: str, *labels: str) -> dict[tuple[str, ...], float]:
        """The samples of this name that are not 0, by the values of these labels."""
        return {
            tuple(sample.labels[label] for label in labels): sample.value
            for family in self._suite.families()
            for sample in family.samples
            if sample.name == name and sample.value
        }


Batches = Callable[[Trace, Path], Iterable[Frames]]


def in_file(trace: Trace, scratch: Path) -> Iterable[Frames]:
    """As a capture file, in batches of a second."""
    return read_frames(str(write_pcap(scratch / "trace.pcap", trace)))


def one_by_one(trace: Trace, scratch: Path) -> Iterable[Frames]:
    """Each frame as it comes."""
    return (_batch([frame]) for frame in trace)


def by_the_second(trace: Trace, scratch: Path) -> Iterable[Frames]:
    """All frames of a second together, told of at its end."""
    seconds = groupby(trace, key=lambda frame: int(frame[0]))
    return (_batch([*frames], second + 1.0) for second, frames in seconds)


def at_once(trace: Trace, scratch: Path) -> Iterable[Frames]:
    """Hours in one batch: the wall clock alone tells the times apart."""
    return [_batch(trace)]


def _batch(trace: Trace, now: float | None = None) -> Frames:
    times, frames = zip(*trace, strict=True)
    whole = (Whole(f, len(f), UNTAGGED, False, t) for t, f in trace if is_candidate(f))
    latest = times[-1] if now is None else now
    return batch(frames, time=times, now=latest, whole=tuple(whole))

"""A real Prometheus that has the made-up history, and the alerts that its rules would raise."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from grafana.mixin.alerts import groups
from grafana.mixin.inlining import inlined, records
from grafana.mixin.rules import Alert
from grafana.mixin.segments import seconds
from grafana.mixin.thresholds import DEFAULTS
from tests.lab.prometheus import Prometheus, Series

from .history import samples
from .history.samples import SCRAPE_SECONDS, Sample
from .history.targets import BEGIN, END, targets

SHOWN_SECONDS: Final = 6 * 3600


class Replay(Prometheus):
    """A Prometheus that scrapes nothing and answers from blocks.

    In a text file nothing says that a series ends, so one that is not there at a scrape has ended.
    """

    def __init__(self, blocks: Path) -> None:
        super().__init__({"prometheus.yml": "global: {}\n"})
        self._blocks = blocks

    def command(self, listen: str) -> Sequence[str]:
        """Start it with the blocks as its storage."""
        return (
            *("prometheus", "--config.file=prometheus.yml", f"--web.listen-address={listen}"),
            f"--storage.tsdb.path={self._blocks}",
            f"--query.lookback-delta={SCRAPE_SECONDS * 1000 - 1}ms",
        )


@contextmanager
def replay() -> Iterator[Prometheus]:
    """Serve the history, with ALERTS, while the block lasts."""
    with TemporaryDirectory() as home:
        blocks = Path(home) / "blocks"
        text = Path(home) / "history.om"
        with text.open("w") as file:
            samples.write(targets(), BEGIN, END, file)
        _make_blocks(text, blocks)
        with Replay(blocks) as prometheus:
            raised = list(_alerts(prometheus))
        with text.open("w") as file:
            samples.write_at(raised, file)
        _make_blocks(text, blocks)
        with Replay(blocks) as prometheus:
            yield prometheus


def _make_blocks(text: Path, blocks: Path) -> None:
    subprocess.run(
        ["promtool", "tsdb", "create-blocks-from", "openmetrics", text, blocks],
        check=True,
        stdout=subprocess.DEVNULL,
    )


def _alerts(prometheus: Prometheus) -> Iterator[tuple[int, Sample]]:
    """What Prometheus would have recorded, had it evaluated the rules at each scrape."""
    every = groups(DEFAULTS)
    known = records(every)
    for rule in (rule for group in every for rule in group.rules):
        if isinstance(rule, Alert):
            expr = inlined(rule.expr, known)
            for series in prometheus.query_range(expr, END - SHOWN_SECONDS, END, SCRAPE_SECONDS):
                yield from _states(rule, series)


def _states(rule: Alert, series: Series) -> Iterator[tuple[int, Sample]]:
    since = last = -SCRAPE_SECONDS
    for point, _ in series.points:
        time = int(point)
        if time != last + SCRAPE_SECONDS:
            since = time
        last = time
        state = "firing" if time - since >= seconds(rule.pending) else "pending"
        labels = _labels(rule, series.labels)
        yield time, ("ALERTS", {**labels, "alertstate": state}, 1.0)
        yield time, ("ALERTS_FOR_STATE", labels, since)


def _labels(rule: Alert, found: Mapping[str, str]) -> Mapping[str, str]:
    kept = {label: text for label, text in found.items() if label != "__name__"}
    return {**kept, **rule.labels, "alertname": rule.name, "severity": rule.severity}

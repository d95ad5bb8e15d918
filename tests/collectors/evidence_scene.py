"""A collector over tables and evidence that a test fills itself, without a pipeline."""

from __future__ import annotations

from collections.abc import Callable

from l2exporter.collectors.base import Collector, Context, ReloadStatus
from l2exporter.evidence.ledger import Ledger
from tests.evidence.guarding import Wire

Samples = dict[tuple[str, ...], float]


class EvidenceScene(Wire):
    """What the wire shows, and what a collector makes of it."""

    def __init__(self, make: Callable[[Context], Collector]) -> None:
        super().__init__()
        ledger = Ledger(self.tables)
        self.protected, self.routers = ledger.protected, ledger.routers
        self.known_proxies = ledger.proxies
        context = Context(
            tables=self.tables,
            ledger=ledger,
            lanes=lambda: (),
            reload=lambda: ReloadStatus(successful=True, last_success=0.0),
            monotonic=lambda: self.now,
        )
        self.collector = make(context)

    def samples(self, name: str) -> Samples:
        """The samples of this name, by their label values in the order of the labels."""
        return {
            tuple(sample.labels.values()): sample.value
            for family in self.collector.collect()
            for sample in family.samples
            if sample.name == name
        }

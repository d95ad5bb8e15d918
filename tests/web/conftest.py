"""A served application on a port of its own, with metrics that a test may set."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

import pytest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric

from l2exporter.web.application import Application
from l2exporter.web.server import WebServer

from .client import Address


def moves() -> Iterator[Metric]:
    family = CounterMetricFamily("l2_arp_moves", "Moves.", labels=("device", "ip"))
    family.add_metric(("eth0", "192.0.2.1"), 3)
    family.add_metric(('a"b\\c\nd', "192.0.2.2"), 0)
    yield family


def entries() -> Iterator[Metric]:
    family = GaugeMetricFamily("l2_neighbor_entries", "Entries.", labels=("device", "state"))
    family.add_metric(("eth0", "reachable"), 7)
    yield family


def large() -> Iterator[Metric]:
    """More than the kernel buffers for a client that does not read: 12 MB."""
    family = GaugeMetricFamily("l2_large", "Large.", labels=("text",))
    for number in range(12):
        family.add_metric((f"{number}" + "x" * 1_000_000,), 1)
    yield family


@dataclass
class FakeMetrics:
    """Named sources of families; `asked` records what was collected."""

    sources: dict[str, Callable[[], Iterable[Metric]]] = field(
        default_factory=lambda: {"arp": moves, "neighbor": entries}
    )
    asked: list[frozenset[str] | None] = field(default_factory=list)

    @property
    def names(self) -> list[str]:
        return list(self.sources)

    def collect(self, only: frozenset[str] | None) -> Iterator[Metric]:
        self.asked.append(only)
        for name, source in self.sources.items():
            if only is None or name in only:
                yield from source()


Serve = Callable[..., Address]


@pytest.fixture
def metrics() -> FakeMetrics:
    return FakeMetrics()


@pytest.fixture
def application(metrics: FakeMetrics) -> Application:
    return Application(metrics, lambda: None, version="1.2.3")


@pytest.fixture
def serve(application: Application) -> Iterator[Serve]:
    """`serve()` starts a server (the test sets limits first) and returns its address."""
    servers: list[WebServer] = []

    def start(host: str = "127.0.0.1") -> Address:
        server = WebServer(application, [(host, 0)])
        servers.append(server)
        server.start()
        return server.bound[0]

    yield start
    for server in servers:
        server.stop()

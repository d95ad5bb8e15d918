"""The enabled collectors, run in isolation: one that fails costs its own metrics."""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Final, cast

from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, Metric

from ..errors import L2ExporterError
from .base import Collector, FrameCollector

log = logging.getLogger(__name__)

PARTS: Final = ("evidence", "slow_lane")
"""What all collectors share on the way of frames; their failures are counted beside theirs."""


class Suite:
    """Feeds events to the collectors that want them, and gathers their families.

    A collector that fails at a scrape has no success and none of its metrics there; one that
    fails on frames is counted alone. `evidence`, which tells who holds an address and why it moved,
    and `slow_lane`, which dissects frames one by one, are no collectors, but fail as they do.

    l2_scrape_collector_duration_seconds{collector="arp"} 0.0002
    l2_scrape_collector_success{collector="arp"} 1.0
    l2_collector_errors_total{collector="arp"} 0.0
    """

    def __init__(self, collectors: Mapping[str, Collector]) -> None:
        self.names = tuple(collectors)
        self._collectors = dict(collectors)
        self._observers: list[tuple[str, FrameCollector]] = [
            (name, cast("FrameCollector", collector))
            for name, collector in collectors.items()
            if hasattr(collector, "observes")
        ]
        self._places: dict[type, list[int]] = {}
        self._errors = dict.fromkeys((*collectors, *PARTS), 0)
        self._logged: set[tuple[str, type[Exception]]] = set()

    def observe(self, events: Iterable[object]) -> None:
        """Pass events, and what is derived from them, down the line of collectors."""
        pending = deque((event, 0) for event in events)
        while pending:
            event, start = pending.popleft()
            for place in self._wanting(event):
                if place >= start:
                    name, collector = self._observers[place]
                    for new in self._observe(name, collector, event):
                        pending.append((new, place + 1))

    def _wanting(self, event: object) -> Sequence[int]:
        """Return the places of the collectors that observe this kind of event."""
        places = self._places.get(type(event))
        if places is None:
            places = [
                place
                for place, (_, collector) in enumerate(self._observers)
                if isinstance(event, collector.observes)
            ]
            self._places[type(event)] = places
        return places

    def _observe(self, name: str, collector: FrameCollector, event: object) -> Iterable[object]:
        try:
            return list(collector.observe(event))
        except Exception as error:
            self._fail(name, error)
            return ()

    @contextmanager
    def guard(self, part: str) -> Iterator[None]:
        """Run what is inside; its failure is counted under `part`, one of PARTS, and ends here."""
        try:
            yield
        except Exception as error:
            self._fail(part, error)

    def families(self) -> Iterator[Metric]:
        """Yield the families of all collectors and nothing of how long each took."""
        for name, collector in self._collectors.items():
            yield from self._collect(name, collector) or ()

    def collect(self, only: frozenset[str] | None = None) -> Iterator[Metric]:
        """Yield the families of the collectors in `only` (None: all), then how each fared."""
        durations = GaugeMetricFamily(
            "l2_scrape_collector_duration_seconds",
            "How long a collector took at this scrape.",
            labels=["collector"],
        )
        successes = GaugeMetricFamily(
            "l2_scrape_collector_success",
            "Whether a collector worked at this scrape.",
            labels=["collector"],
        )
        errors = CounterMetricFamily(
            "l2_collector_errors",
            "Times that a collector, or what they share, failed at a scrape or on frames.",
            labels=["collector"],
        )
        for name, collector in self._collectors.items():
            if only is not None and name not in only:
                continue
            began = time.perf_counter()
            families = self._collect(name, collector)
            durations.add_metric([name], time.perf_counter() - began)
            successes.add_metric([name], families is not None)
            errors.add_metric([name], self._errors[name])
            yield from families or ()
        for part in PARTS if only is None else ():
            errors.add_metric([part], self._errors[part])
        yield from (durations, successes, errors)

    def _collect(self, name: str, collector: Collector) -> list[Metric] | None:
        try:
            return list(collector.collect())
        except Exception as error:
            self._fail(name, error)
            return None

    def _fail(self, name: str, error: Exception) -> None:
        self._errors[name] += 1
        kind = name, type(error)
        if kind in self._logged:
            return
        self._logged.add(kind)
        if isinstance(error, L2ExporterError):
            log.error("%s failed; logged once for this kind: %s", name, error)
        else:
            log.error("%s failed; logged once for this kind", name, exc_info=error)

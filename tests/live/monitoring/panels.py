"""What Grafana asks Prometheus for each panel, with all jobs, instances and devices chosen.

A question that is asked of a moment is asked of each moment of the play.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from tests.grafana.reading import Json, call, dashboards, panels, variables
from tests.lab.prometheus import Prometheus
from tests.live.causes.sleepers import IP
from tests.live.monitoring.scenes.conflicts import SHARED6

STEP: Final = 2.0
"""Seconds between the moments that are asked for."""

RATE_INTERVAL: Final = "8s"
"""Grafana's own for a scrape every other second: four of them."""

ADDRESSES: Final = ("192.0.2.2", IP, SHARED6)
"""A gateway that is taken, a sleeper that is held, and two hosts' address of the other family."""

_VARIABLE = re.compile(r"\$([A-Za-z_]\w*)|\$\{(\w+)(?::\w+)?\}")


@dataclass(frozen=True, slots=True)
class Query:
    """One question of one panel."""

    dashboard: str
    panel: str
    ref: str
    expression: str

    @property
    def name(self) -> str:
        """What an exception is listed under."""
        return f"{self.dashboard}: {self.panel}: {self.ref}"


def queries() -> Iterator[Query]:
    """Those of all panels of all dashboards."""
    for stem, dashboard in dashboards().items():
        for panel in panels(dashboard):
            for target in panel.get("targets", ()):
                yield Query(stem, panel["title"], target["refId"], target["expr"])


@dataclass(frozen=True, slots=True)
class Audience:
    """Who looks at the dashboards after a play that began at a time, seconds since 1970."""

    prometheus: Prometheus
    began: float

    def sees(self, query: Query) -> bool:
        """Whether the query has data at any time, for one of ADDRESSES where the page is of one."""
        everything = variables(dashboards()[query.dashboard])
        if "ip" not in everything or "$ip" not in query.expression:
            return self._has_data(substituted(query.expression, everything, self._own()))
        return any(
            self._has_data(substituted(query.expression, everything, {**self._own(), "ip": ip}))
            for ip in ADDRESSES
        )

    def choices(self, variable: Json, everything: Mapping[str, Json]) -> set[str]:
        """What a query variable offers: the values of a label."""
        function, selector, label = call(variable)
        assert function == "label_values", f"{variable['name']}: {function} is not known here"
        found = self.prometheus.series(substituted(selector, everything, self._own()))
        return {series[label] for series in found if label in series}

    def _own(self) -> dict[str, str]:
        """Grafana's own variables."""
        seconds = round(time.time() - self.began)
        return {
            "__rate_interval": RATE_INTERVAL,
            "__interval": "1s",
            "__range": f"{seconds}s",
            "__range_s": f"{seconds}",
        }

    def _has_data(self, expression: str) -> bool:
        return bool(self.prometheus.query_range(expression, self.began, time.time(), STEP))


def substituted(text: str, everything: Mapping[str, Json], own: Mapping[str, str]) -> str:
    """The query with all its variables replaced; KeyError names one that is not known."""

    def value(found: re.Match[str]) -> str:
        name = found[1] or found[2]
        return own[name] if name in own else str(everything[name]["allValue"])

    return _VARIABLE.sub(value, text)

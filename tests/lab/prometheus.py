"""A real Prometheus (2.42) on a free loopback port."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tests.lab.server import Server


@dataclass(frozen=True, slots=True)
class Series:
    """A series of a query's result: labels, and (time, value) one after the other."""

    labels: Mapping[str, str]
    points: tuple[tuple[float, float], ...]

    @property
    def value(self) -> float:
        """The last value."""
        return self.points[-1][1]


@dataclass(frozen=True, slots=True)
class ActiveAlert:
    """An alert as Prometheus sees it: `pending` or `firing`."""

    state: str
    labels: Mapping[str, str]
    annotations: Mapping[str, str]


class Prometheus(Server):
    """`with Prometheus({"prometheus.yml": text, "rules.yml": text}) as prometheus:` is ready."""

    def command(self, listen: str) -> Sequence[str]:
        return (
            *("prometheus", "--config.file=prometheus.yml", "--storage.tsdb.path=data"),
            *(f"--web.listen-address={listen}", "--web.enable-lifecycle"),
            "--rules.alert.resend-delay=1s",
        )

    def query(self, expression: str, at: float | None = None) -> list[Series]:
        """What an expression is now, or was at a time since 1970."""
        when = {} if at is None else {"time": repr(at)}
        data = self._api("query", query=expression, **when)
        if data["resultType"] == "scalar":
            return [Series({}, _points([data["result"]]))]
        return [Series(each["metric"], _points([each["value"]])) for each in data["result"]]

    def query_range(
        self, expression: str, start: float, end: float, step: float = 1.0
    ) -> list[Series]:
        """What an expression was from time to time."""
        span = {"start": repr(start), "end": repr(end), "step": repr(step)}
        data = self._api("query_range", query=expression, **span)
        return [Series(each["metric"], _points(each["values"])) for each in data["result"]]

    def alerts(self) -> list[ActiveAlert]:
        """The alerts that are pending or firing."""
        found = self._api("alerts")["alerts"]
        return [ActiveAlert(each["state"], each["labels"], each["annotations"]) for each in found]

    def rule_errors(self) -> dict[str, str]:
        """The last error of each rule that has one, by its name."""
        groups = self._api("rules")["groups"]
        rules = [rule for group in groups for rule in group["rules"]]
        return {rule["name"]: rule["lastError"] for rule in rules if rule.get("lastError")}

    def series(self, selector: str) -> list[Mapping[str, str]]:
        """The labels of all series that a selector ever matched."""
        found: list[Mapping[str, str]] = self.get("/api/v1/series", **{"match[]": selector})["data"]
        return found

    def _api(self, name: str, **query: str) -> Any:
        return self.get(f"/api/v1/{name}", **query)["data"]


def _points(pairs: Sequence[tuple[float, str]]) -> tuple[tuple[float, float], ...]:
    return tuple((time, float(text)) for time, text in pairs)

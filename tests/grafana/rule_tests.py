"""promtool's unit tests as data: what they feed, and when they expect which alert."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import yaml

from grafana.mixin.segments import seconds
from tests.grafana.reading import ROOT, Json

TESTS = ROOT / "grafana/alerts/tests"


@dataclass(frozen=True, slots=True)
class Story:
    """One test: what happens, the series that tell it, and for each alert that is asked for
    whether it fires, in the order of time.
    """

    name: str
    series: tuple[str, ...]
    firing: dict[str, tuple[bool, ...]]

    def fires(self, alert: str) -> bool:
        """Tell whether it is silent first, then fires, and is silent again."""
        asked = self.firing.get(alert, ())
        return True in asked and not asked[0] and not asked[-1]

    def is_silent(self, alert: str) -> bool:
        """Tell whether it is asked for, twice at least, and never fires."""
        asked = self.firing.get(alert, ())
        return len(asked) > 1 and True not in asked


def files() -> list[Path]:
    """The files, in the order of their names."""
    return sorted(TESTS.glob("*.yml"))


def stories(paths: Iterable[Path]) -> Iterator[Story]:
    """Every test of the files."""
    for path in paths:
        for test in yaml.safe_load(path.read_text())["tests"]:
            yield story(test)


def story(test: Json) -> Story:
    """One test, as YAML has it."""
    asked: dict[str, list[tuple[float, bool]]] = defaultdict(list)
    for case in test.get("alert_rule_test", ()):
        asked[case["alertname"]].append((seconds(case["eval_time"]), bool(case["exp_alerts"])))
    return Story(
        test["name"],
        tuple(given["series"] for given in test["input_series"]),
        {name: tuple(firing for _, firing in sorted(cases)) for name, cases in asked.items()},
    )

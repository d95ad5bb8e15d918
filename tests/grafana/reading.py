"""What is generated, read as it lies in the repository."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parent.parent.parent
DASHBOARDS = ROOT / "grafana/dashboards"
RULES = ROOT / "grafana/alerts/l2exporter.rules.yml"
RUNBOOKS = ROOT / "docs/runbooks"
REFERENCE = ROOT / "docs/metrics.md"

Json = dict[str, Any]


def dashboards() -> dict[str, Json]:
    """The dashboards by the stems of their files."""
    return {path.stem: json.loads(path.read_text()) for path in sorted(DASHBOARDS.glob("*.json"))}


def rules() -> list[Json]:
    """The rules of the rule file, group by group, in their order."""
    return [
        rule for group in yaml.safe_load(RULES.read_text())["groups"] for rule in group["rules"]
    ]


def alerts() -> dict[str, Json]:
    """The alerts among them by name."""
    return {rule["alert"]: rule for rule in rules() if "alert" in rule}


def panels(dashboard: Json) -> Iterator[Json]:
    """Its panels, those of folded rows too, without the rows themselves."""
    for panel in dashboard.get("panels", []):
        if panel["type"] != "row":
            yield panel
        yield from panels(panel)


def variables(dashboard: Json) -> dict[str, Json]:
    """Its variables by name."""
    return {one["name"]: one for one in dashboard.get("templating", {}).get("list", [])}


def query(variable: Json) -> str:
    """The query of a variable, which Grafana writes in two ways."""
    text = variable["query"]
    return str(text["query"] if isinstance(text, dict) else text)


def call(variable: Json) -> tuple[str, str, str]:
    """What a query variable asks for: the function, its PromQL, and the label if it wants one.

    ValueError when it is no call.
    """
    found = re.fullmatch(r"(\w+)\((.*)\)", query(variable))
    if found is None:
        raise ValueError(f"{query(variable)!r} is no call")
    function, argument = found[1], found[2]
    if function != "label_values":
        return function, argument, ""
    metric, _, label = argument.rpartition(",")
    return function, metric, label.strip()

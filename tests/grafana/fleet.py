"""Queries evaluated by promtool on what many hosts tell: on one host a match may seem unique."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path

import yaml
from prometheus_client.parser import text_string_to_metric_families

from tests.conftest import GOLDEN
from tests.grafana.promql import substituted
from tests.lab.promtool import promtool

HOSTS = {"one": {"segment": "office"}, "two": {"segment": "office"}, "three": {}}
"""Two that see the same segment, and one whose scrape configuration names none."""

MINUTES = 10

_VARIABLE = re.compile(r'"\$(\w+|\{\w+\})"')


def evaluate(directory: Path, asked: Iterable[str], rules: Path) -> None:
    """Raise AssertionError with promtool's words if a query or a rule cannot be evaluated.

    The dashboard's variables are set to all that there is.
    """
    queries = [_VARIABLE.sub('".*"', substituted(query)) for query in asked]
    names = series("\n".join(queries) + rules.read_text())
    case = {
        "interval": "1m",
        "input_series": [{"series": name, "values": f"1+1x{MINUTES}"} for name in sorted(names)],
        "promql_expr_test": [_case(query) for query in ("vector(1)", *queries)],
    }
    path = directory / "fleet.yml"
    path.write_text(yaml.safe_dump({"rule_files": [str(rules)], "tests": [case]}))
    promtool("test", "rules", path)


def _case(query: str) -> dict[str, object]:
    """One sample whatever the query finds, so that only an error makes a difference."""
    return {
        "expr": f"vector(1) or on () count({query})",
        "eval_time": f"{MINUTES}m",
        "exp_samples": [{"labels": "{}", "value": 1}],
    }


def series(text: str) -> set[str]:
    """What every golden file tells of the metrics named, as scraped from each host."""
    return {
        f"{sample.name}{{{_labels({**_target(path.stem, host), **own, **sample.labels})}}}"
        for path in GOLDEN.glob("*.prom")
        for family in text_string_to_metric_families(path.read_text())
        for sample in family.samples
        if sample.name in text
        for host, own in HOSTS.items()
    }


def _target(stem: str, host: str) -> dict[str, str]:
    return {"job": "l2exporter", "instance": f"{stem}-{host}:10806"}


def _labels(pairs: Mapping[str, str]) -> str:
    return ",".join(f"{name}={json.dumps(value)}" for name, value in pairs.items())

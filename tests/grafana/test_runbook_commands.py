"""What a runbook tells to run: queries are answered, settings are read, flags are there."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from textwrap import dedent

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from l2exporter import cli, config
from tests.conftest import GOLDEN
from tests.grafana.test_runbooks import PAGES, queries

INSTANCES = ("one:10806", "two:10806")
"""Two, since a query that matches series of one host may find two of a kind on a fleet."""

_FLAG = re.compile(r"--(?:web|capture|config|collector|log)\.[\w.-]*\w")
_SETTINGS = re.compile(r"\n\n((?: +.*\n)*? +(?:limits|protected_addresses):\n(?: {4,}.*\n)+)")


def series(asked: list[str]) -> set[str]:
    """What the golden files tell of the metrics asked for, as scraped from two hosts."""
    texts = {path.stem: path.read_text() for path in GOLDEN.glob("*.prom")}
    samples = [
        (stem, sample)
        for stem, text in texts.items()
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if any(sample.name in query for query in asked)
    ]
    # By job, or the captures of one device would be one series.
    return {
        f"{sample.name}{{{labels({'job': stem, 'instance': instance, **sample.labels})}}}"
        for stem, sample in samples
        for instance in INSTANCES
    }


def labels(pairs: dict[str, str]) -> str:
    return ",".join(f"{name}={json.dumps(value)}" for name, value in pairs.items())


def answered(directory: Path, asked: list[str]) -> str:
    """What promtool says when it evaluates all of them; nothing when each can be."""
    case = {
        "interval": "1m",
        "input_series": [{"series": name, "values": "1+1x10"} for name in sorted(series(asked))],
        # One sample whatever the query finds, so that only an error makes a difference.
        "promql_expr_test": [
            {
                "expr": f"vector(1) or on () count({query})",
                "eval_time": "10m",
                "exp_samples": [{"labels": "{}", "value": 1}],
            }
            for query in asked
        ],
    }
    path = directory / "queries.yml"
    path.write_text(yaml.safe_dump({"tests": [case]}))
    done = subprocess.run(
        ["promtool", "test", "rules", path], capture_output=True, text=True, check=False
    )
    return done.stdout + done.stderr if done.returncode else ""


def test_every_query_can_be_evaluated_on_a_fleet(tmp_path: Path) -> None:
    asked = [query for page in PAGES.values() for query in queries(page)]
    assert answered(tmp_path, asked) == ""


def test_a_query_that_cannot_be_evaluated_is_found(tmp_path: Path) -> None:
    several_a_device = "l2_arp_packets_total * on (device) l2_arp_moves_total"
    assert "many-to-many" in answered(tmp_path, [several_a_device])


def settings() -> list[tuple[str, str]]:
    return [
        (name, dedent(text)) for name, page in PAGES.items() for text in _SETTINGS.findall(page)
    ]


@pytest.mark.parametrize(("name", "text"), settings())
def test_settings_are_read(tmp_path: Path, name: str, text: str) -> None:
    path = tmp_path / "l2exporter.yml"
    path.write_text(text)
    assert config.load(str(path)) != config.FileConfig()


def test_there_are_settings_of_both_kinds() -> None:
    assert {text.partition(":")[0] for _, text in settings()} == {"limits", "protected_addresses"}


def test_flags_are_there(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        cli.main(["--help"])
    there = set(_FLAG.findall(capsys.readouterr().out))
    named = {flag for page in PAGES.values() for flag in _FLAG.findall(page)}
    assert len(named) > 5
    assert named <= there

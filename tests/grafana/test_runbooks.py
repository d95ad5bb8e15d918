"""Every alert has a runbook, every runbook an alert, and what they name exists."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

import pytest

from grafana.mixin.rules import RUNBOOKS as PUBLISHED
from grafana.mixin.thresholds import Thresholds
from tests.grafana.labelling import Labelling
from tests.grafana.promql import parsed
from tests.grafana.reading import ROOT, RUNBOOKS, alerts
from tests.grafana.reference import documented
from tests.grafana.test_queries import SERIES

ALERTS = alerts()
PAGES = {path.stem: path.read_text() for path in sorted(RUNBOOKS.glob("L2*.md"))}
INDEX = (RUNBOOKS / "README.md").read_text()
SECTIONS = ["What it means", "How to confirm", "What to do", "Tuning"]
LINES = range(25, 61)
FIELDS = {field.name for field in fields(Thresholds)}

_METRIC = re.compile(r"(?<![\w:])l2_\w+(?![\w*])")
_LINK = re.compile(r"\]\(([^)#]+)(?:#[^)]*)?\)")
_BLOCK = re.compile(r"```promql\n(.*?)```", re.DOTALL)


def queries(page: str) -> list[str]:
    """The queries in a page's blocks of PromQL, one a line; comments are none."""
    lines = [line for block in _BLOCK.findall(page) for line in block.splitlines()]
    return [line for line in lines if line and not line.startswith("#")]


def severities() -> dict[str, set[str]]:
    """The alerts that the index has under each severity."""
    parts = re.split(r"^## (\w+).*$", INDEX, flags=re.MULTILINE)[1:]
    return {
        severity.lower(): set(re.findall(r"\[(L2\w+)\]\(\1\.md\)", text))
        for severity, text in zip(parts[::2], parts[1::2], strict=True)
    }


def test_every_alert_has_a_page_and_every_page_an_alert() -> None:
    assert set(PAGES) == set(ALERTS)


def test_the_index_has_them_by_severity() -> None:
    expected: dict[str, set[str]] = {}
    for name, alert in ALERTS.items():
        expected.setdefault(alert["labels"]["severity"], set()).add(name)
    assert severities() == expected


@pytest.mark.parametrize("name", ALERTS)
def test_an_alerts_url_leads_to_its_page(name: str) -> None:
    assert ALERTS[name]["annotations"]["runbook_url"] == f"{PUBLISHED}/{name}.md"
    assert PUBLISHED.endswith(str(RUNBOOKS.relative_to(ROOT)))


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_short_and_has_the_sections(name: str) -> None:
    page = PAGES[name]
    assert page.startswith(f"# {name}\n")
    assert re.findall(r"^## (.+)$", page, re.MULTILINE) == SECTIONS
    assert len(page.splitlines()) in LINES


@pytest.mark.parametrize("name", PAGES)
def test_a_page_says_how_bad_it_is(name: str) -> None:
    severity = ALERTS[name]["labels"]["severity"]
    assert re.search(rf"^Severity: {severity}\.", PAGES[name], re.MULTILINE)


@pytest.mark.parametrize("name", PAGES)
def test_metrics_of_a_page_exist(name: str) -> None:
    assert set(_METRIC.findall(PAGES[name])) - set(documented()) - OF_HISTOGRAMS == set()


OF_HISTOGRAMS = {one.removesuffix("_bucket") for one in documented() if one.endswith("_bucket")}


@pytest.mark.parametrize("name", PAGES)
def test_queries_of_a_page_name_what_exists(name: str) -> None:
    assert queries(PAGES[name])
    for query in queries(PAGES[name]):
        labelling = Labelling(SERIES)
        labelling.of(parsed(query))
        assert labelling.complaints == [], query


@pytest.mark.parametrize("name", PAGES)
def test_thresholds_of_a_page_exist(name: str) -> None:
    tuning = PAGES[name].partition("## Tuning")[2]
    named = set(re.findall(r"^- `(\w+)`", tuning, re.MULTILINE))
    assert named
    assert named <= FIELDS


def test_every_threshold_is_on_a_page() -> None:
    text = "".join(page.partition("## Tuning")[2] for page in PAGES.values())
    assert {field for field in FIELDS if f"`{field}`" not in text} == set()


@pytest.mark.parametrize("page", [*PAGES, "README"])
def test_links_of_a_page_lead_to_files(page: str) -> None:
    found = _LINK.findall((RUNBOOKS / f"{page}.md").read_text())
    local = [link for link in found if not link.startswith("https://")]
    assert [link for link in local if not Path(RUNBOOKS, link).exists()] == []

"""Every query of dashboards and rules is PromQL over series and labels that exist."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from promql_parser import MatchOp, VectorSelector

from tests.grafana.labelling import Labelling, Labels
from tests.grafana.promql import parsed, selectors
from tests.grafana.reading import Json, alerts, call, dashboards, panels, rules, variables
from tests.grafana.reference import TARGET, known

DASHBOARDS = dashboards()
RULES = rules()
ALERTS = alerts()
OF_AN_ALERT = frozenset({"alertname", "alertstate", "severity"})
OF_ALERTS = ("ALERTS", "ALERTS_FOR_STATE")
NARROWED = ("device", "vlan", "bridge")
"""Variables that narrow whatever has the label, where a dashboard has them."""

_SERIES = re.compile(r"(?<![\w:])(?:l2_\w+|segment:[\w:]+)")


def recorded() -> dict[str, Labels]:
    """What the rules make: recordings in their order, and Prometheus' own series of alerts."""
    series, fired = known(), TARGET | OF_AN_ALERT
    for rule in RULES:
        labels = Labelling(series).of(parsed(rule["expr"])) | frozenset(rule.get("labels", ()))
        if "record" in rule:
            series[rule["record"]] = labels
        fired |= labels if "alert" in rule else frozenset()
    return series | {"ALERTS": fired, "ALERTS_FOR_STATE": fired - {"alertstate"}}


SERIES = recorded()


def complaints(query: str) -> list[str]:
    labelling = Labelling(SERIES)
    labelling.of(parsed(query))
    return labelling.complaints


def of_panels() -> Iterator[tuple[str, str]]:
    for stem, dashboard in DASHBOARDS.items():
        for panel in panels(dashboard):
            for target in panel.get("targets", []):
                yield f"{stem}: {panel['title']}", target["expr"]


def of_variables() -> Iterator[tuple[str, str]]:
    for stem, dashboard in DASHBOARDS.items():
        for name, one in variables(dashboard).items():
            if one["type"] == "query":
                _, metric, label = call(one)
                # Whether the series have the label is asked as an aggregation by it.
                yield f"{stem}: ${name}", f"count by ({label}) ({metric})" if label else metric


def of_rules() -> Iterator[tuple[str, str]]:
    for rule in RULES:
        yield rule.get("alert") or rule["record"], rule["expr"]


PANELS, VARIABLES = list(of_panels()), list(of_variables())


def test_there_are_queries_of_every_kind() -> None:
    assert len(PANELS) > 50
    assert len(VARIABLES) >= 2 * len(DASHBOARDS)
    assert len(RULES) > 20


@pytest.mark.parametrize(("where", "query"), PANELS + VARIABLES)
def test_a_query_of_a_dashboard_names_what_exists(where: str, query: str) -> None:
    assert complaints(query) == [], where


@pytest.mark.parametrize(("where", "query"), PANELS)
def test_a_query_of_a_dashboard_needs_no_rule_file(where: str, query: str) -> None:
    names = {selector.name for selector, _ in selectors(parsed(query))}
    assert not {name for name in names if name and ":" in name}, where


@pytest.mark.parametrize("stem", DASHBOARDS)
def test_a_dashboards_variables_narrow_every_query_that_they_can(stem: str) -> None:
    dashboard = DASHBOARDS[stem]
    names = [name for name in NARROWED if name in variables(dashboard)]
    assert [found for name in names for found in unnarrowed(dashboard, name)] == []


def unnarrowed(dashboard: Json, label: str) -> Iterator[str]:
    for panel in panels(dashboard):
        for target in panel.get("targets", []):
            for selector, _ in selectors(parsed(target["expr"])):
                narrows = label in SERIES.get(selector.name or "", ())
                if narrows and selector.name not in OF_ALERTS and not chosen(selector, label):
                    yield f"{panel['title']}: {selector}"


def chosen(selector: VectorSelector, label: str) -> bool:
    """Whether the label is that of a variable: its own, or as a bridge is a device, another's."""
    matchers = [one for one in selector.matchers.matchers if one.name == label]
    return any(one.op == MatchOp.Re and one.value.startswith("$") for one in matchers)


@pytest.mark.parametrize(("where", "query"), list(of_rules()))
def test_a_rule_names_what_exists(where: str, query: str) -> None:
    assert complaints(query) == [], where


@pytest.mark.parametrize("name", ALERTS)
def test_what_an_alert_says_names_what_exists(name: str) -> None:
    rule = ALERTS[name]
    text = " ".join(rule["annotations"].values())
    assert {name for name in _SERIES.findall(text) if name not in SERIES} == set()
    labels = Labelling(SERIES).of(parsed(rule["expr"])) | frozenset(rule.get("labels", ()))
    assert set(re.findall(r"\$labels\.(\w+)", text)) <= labels

"""The rules: accepted by promtool, tested there one by one, written as people expect them."""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Iterable
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from grafana.mixin import prometheus_rules
from grafana.mixin.alerts import groups
from grafana.mixin.rules import Alert, Group, Recording
from grafana.mixin.segments import seconds
from grafana.mixin.thresholds import DEFAULTS, Thresholds
from tests.grafana.promql import parsed, selectors
from tests.grafana.reading import ROOT, RULES, rules
from tests.grafana.reference import known
from tests.grafana.rule_tests import files, stories, story
from tests.lab.promtool import promtool

GROUPS = groups(DEFAULTS)
ALERTS = {rule.name: rule for group in GROUPS for rule in group.rules if isinstance(rule, Alert)}
RECORDINGS = [rule for group in GROUPS for rule in group.rules if isinstance(rule, Recording)]
STORIES = list(stories(files()))
FIELDS = [field.name for field in fields(Thresholds)]

_ACTION = re.compile(r"{{.*?}}")


def test_promtool_has_nothing_against_the_file() -> None:
    promtool("check", "rules", "--lint-fatal", RULES)


@pytest.mark.parametrize("path", files(), ids=lambda path: path.stem)
def test_promtools_tests(path: Path) -> None:
    promtool("test", "rules", path)


# Every alert is tested


@pytest.mark.parametrize("name", ALERTS)
def test_an_alert_is_tested_to_fire_and_to_resolve(name: str) -> None:
    assert any(story.fires(name) for story in STORIES), "silent, firing, silent: in no test"


@pytest.mark.parametrize("name", ALERTS)
def test_an_alert_is_tested_to_be_silent_where_it_could_fire(name: str) -> None:
    silent = [story for story in STORIES if story.is_silent(name)]
    assert any(read_by(ALERTS[name]) & metrics(story.series) for story in silent)


def test_what_is_tested_exists() -> None:
    assert {name for story in STORIES for name in story.firing} <= set(ALERTS)


def test_what_is_fed_exists() -> None:
    series = known()
    fed = {text for story in STORIES for text in story.series}
    wrong = {
        text
        for text in fed
        for selector, _ in selectors(parsed(text))
        if not labels(text) <= series.get(selector.name or "", frozenset())
    }
    assert wrong == set()


def metrics(series: Iterable[str]) -> set[str]:
    return {text.partition("{")[0] for text in series}


def labels(series: str) -> set[str]:
    return set(re.findall(r'(\w+)\s*=\s*"', series))


def read_by(rule: Alert | Recording) -> set[str]:
    """The exporter's metrics that a rule rests on, those of its recordings too."""
    names = {selector.name or "" for selector, _ in selectors(parsed(rule.expr))}
    recorded = [record for record in RECORDINGS if record.record in names]
    return names.union(*map(read_by, recorded))


@pytest.mark.parametrize(
    ("firing", "fires", "silent"),
    [
        ([("5m", 0), ("1h5m", 0), ("20m", 1)], True, False),
        ([("5m", 1), ("1h5m", 0)], False, False),
        ([("5m", 0), ("20m", 1)], False, False),
        ([("5m", 0), ("20m", 0)], False, True),
        ([("5m", 0)], False, False),
        ([], False, False),
    ],
)
def test_a_story_is_told_in_the_order_of_time(
    firing: list[tuple[str, int]], fires: bool, silent: bool
) -> None:
    cases = [{"alertname": "L2X", "eval_time": at, "exp_alerts": [{}] * on} for at, on in firing]
    told = story({"name": "it", "input_series": [], "alert_rule_test": cases})
    assert (told.fires("L2X"), told.is_silent("L2X")) == (fires, silent)


# Conventions


@pytest.mark.parametrize("alert", ALERTS.values(), ids=lambda alert: alert.name)
def test_an_alert_keeps_the_conventions(alert: Alert) -> None:
    assert re.fullmatch(r"L2([A-Z][a-z]+)+", alert.name)
    assert alert.severity in {"critical", "warning", "info"}
    assert is_sentence(alert.summary)
    assert "$labels." in alert.summary
    assert re.search(r"\$value|\bquery\b", alert.description)
    assert alert.runbook_url.endswith(f"/docs/runbooks/{alert.name}.md")
    assert re.fullmatch(r"[A-Z].*\.", alert.because)
    seconds(alert.pending)


def is_sentence(text: str) -> bool:
    """One, whatever a template puts into it."""
    said = _ACTION.sub("", text)
    return said.endswith(".") and not re.search(r"\.\s|\n", said)


def test_names_are_unique_and_recordings_say_their_level() -> None:
    names = [group.name for group in GROUPS]
    names += [rule.name for rule in ALERTS.values()] + [rule.record for rule in RECORDINGS]
    assert len(set(names)) == len(names)
    assert len(ALERTS) == sum(isinstance(rule, Alert) for group in GROUPS for rule in group.rules)
    assert [r.record for r in RECORDINGS if not re.fullmatch(r"segment:l2_\w+:\w+", r.record)] == []


# The file


def test_the_file_says_what_the_rules_say() -> None:
    said = [rule.get("alert") or rule["record"] for rule in rules()]
    assert said == [
        rule.name if isinstance(rule, Alert) else rule.record
        for group in GROUPS
        for rule in group.rules
    ]
    for rule in rules():
        if "alert" in rule:
            alert = ALERTS[rule["alert"]]
            assert rule["expr"] == inspect.cleandoc(alert.expr)
            assert rule["for"] == alert.pending
            assert rule["labels"] == {"severity": alert.severity, **alert.labels}
            assert rule["annotations"] == {
                "summary": inspect.cleandoc(alert.summary),
                "description": inspect.cleandoc(alert.description),
                "runbook_url": alert.runbook_url,
            }


def test_each_wait_has_its_reason_above_it() -> None:
    lines = RULES.read_text().splitlines()
    waits = [place for place, line in enumerate(lines) if line.startswith("        for: ")]
    assert len(waits) == len(ALERTS)
    assert {lines[place - 1][:10] for place in waits} == {"        # "}


@pytest.mark.parametrize(
    "text",
    [
        "yes",
        "123",
        "{{ $labels.ip }} is: not # one",
        "a \"quote\", an 'apostrophe', a \\ backslash",
        "a long one, which must be folded. " * 5 + "{{ if $labels.x }}a  b{{ end }}.",
        "First.\n  Then {{ range query `x` }}\n{{ end }}.\n\nLast.",
        "- one",
    ],
)
def test_yaml_takes_each_text_for_what_it_is(text: str) -> None:
    alert = Alert("L2X", "up == 0", "5m", "So.", "warning", text, text, {"team": text})
    written = prometheus_rules.render([Group("it", (alert, Recording("a:b:c", text)))])
    (group,) = yaml.safe_load(written)["groups"]
    assert group["rules"][0]["annotations"]["summary"] == text
    assert group["rules"][0]["annotations"]["description"] == text
    assert group["rules"][1]["expr"] == text


# Thresholds


def is_duration(value: object) -> bool:
    return isinstance(value, str) and re.fullmatch(r"(\d+(ms|[smhdw]))+", value) is not None


def changed(name: str) -> dict[str, Any]:
    value = getattr(DEFAULTS, name)
    if is_duration(value):
        return {name: "1237s"}
    return {name: f"{value}x" if isinstance(value, str) else value + 1}


@pytest.mark.parametrize("name", FIELDS)
def test_a_threshold_is_that_of_a_rule(name: str) -> None:
    other = groups(replace(DEFAULTS, **changed(name)))
    assert prometheus_rules.render(other) != RULES.read_text()


def test_nothing_of_time_is_a_rules_own() -> None:
    """Else a test could not make every alert fire within seconds."""
    durations = [name for name in FIELDS if is_duration(getattr(DEFAULTS, name))]
    given: dict[str, Any] = {name: f"{1000 + place}s" for place, name in enumerate(durations)}
    for group in groups(replace(DEFAULTS, **given)):
        for rule in group.rules:
            assert times(rule) <= {*given.values(), "0s"}, rule


def times(rule: Alert | Recording) -> set[str]:
    """What is told of time by a rule: ranges, steps, offsets, and how long it must hold."""
    parts = re.findall(r"\[([^]:]+):?([^]]*)\]|\boffset (\w+)", rule.expr)
    pending = {rule.pending} if isinstance(rule, Alert) else set()
    return {part for found in parts for part in found if part} | pending


@pytest.mark.parametrize(
    ("window", "pending"),
    [
        (DEFAULTS.neighbor_overflow_window, DEFAULTS.neighbor_overflow_pending),
        (DEFAULTS.capture_drops_window, DEFAULTS.capture_drops_pending),
        (DEFAULTS.collector_errors_window, DEFAULTS.collector_failing_pending),
        (DEFAULTS.table_full_window, DEFAULTS.table_full_pending),
        (DEFAULTS.flooding_window, DEFAULTS.flooding_pending),
    ],
)
def test_what_happens_once_is_out_of_sight_before_it_alerts(window: str, pending: str) -> None:
    assert seconds(window) < seconds(pending)


def test_every_threshold_has_its_reason() -> None:
    """Below it, or below its neighbour where two belong together."""
    source = (ROOT / "grafana/mixin/thresholds.py").read_text()
    (body,) = [node.body for node in ast.parse(source).body if isinstance(node, ast.ClassDef)]
    kinds = "".join("f" if isinstance(node, ast.AnnAssign) else "r" for node in body)
    assert re.fullmatch(r"r(ff?r)+", kinds)

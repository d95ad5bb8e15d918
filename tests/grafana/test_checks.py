"""Each rule and check of the dashboards finds its fault, and nothing in what is sound."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.grafana.layout import CHECKS
from tests.grafana.linter import RULES
from tests.grafana.reading import Json
from tests.grafana.sound import MATCHED, sound

Break = Callable[[Json], object]


def variable(dashboard: Json, name: str) -> Json:
    return next(one for one in dashboard["templating"]["list"] if one["name"] == name)


def without(name: str) -> Break:
    return lambda d: d["templating"]["list"].remove(variable(d, name))


def vary(which: str, **given: object) -> Break:
    return lambda d: variable(d, which).update(given)


def panel(**given: object) -> Break:
    return lambda d: d["panels"][0].update(given)


def target(**given: object) -> Break:
    return lambda d: d["panels"][0]["targets"][0].update(given)


def field(**given: object) -> Break:
    return lambda d: d["panels"][0]["fieldConfig"]["defaults"].update(given)


def place(**given: int) -> Break:
    return lambda d: d["panels"][0]["gridPos"].update(given)


def link(url: str) -> Break:
    return lambda d: d["panels"][0]["links"][0].update(url=url)


def loki(expr: str) -> Break:
    return target(datasource={"type": "loki", "uid": "$datasource"}, expr=expr)


def top(**given: object) -> Break:
    return lambda d: d.update(given)


LINTER: list[tuple[str, Break]] = [
    ("template-datasource-rule", without("datasource")),
    ("template-datasource-rule", vary("datasource", name="source")),
    ("template-datasource-rule", vary("datasource", label="Source")),
    ("template-job-rule", without("job")),
    ("template-job-rule", vary("job", multi=False)),
    ("template-job-rule", vary("job", label="Jobs")),
    ("template-job-rule", vary("job", datasource={"uid": "P1"})),
    ("template-instance-rule", without("instance")),
    ("template-instance-rule", vary("instance", allValue=".*")),
    ("template-instance-rule", vary("instance", type="custom")),
    ("template-label-promql-rule", vary("job", query="label_values(l2_arp{, job)")),
    ("template-label-promql-rule", vary("job", query="tag_values(l2_arp, job)")),
    ("template-label-promql-rule", vary("job", query={"query": "job"})),
    ("template-on-time-change-reload-rule", vary("instance", refresh=1)),
    ("panel-datasource-rule", panel(datasource={"uid": "P1"})),
    ("panel-datasource-rule", panel(datasource=None)),
    ("panel-title-description-rule", panel(description="")),
    ("panel-title-description-rule", panel(title="")),
    ("panel-units-rule", field(unit="")),
    ("panel-units-rule", field(unit="moves")),
    ("panel-no-targets-rule", panel(targets=[])),
    ("target-logql-rule", loki("moves")),
    ("target-logql-auto-rule", loki('rate({job="l2"}[5m])')),
    ("target-promql-rule", target(expr=f"rate(l2_arp_moves_total{{{MATCHED}}})")),
    ("target-promql-rule", target(expr="")),
    ("target-rate-interval-rule", target(expr=f"rate(l2_arp_moves_total{{{MATCHED}}}[5m])")),
    ("target-job-rule", target(expr='l2_capture_up{instance=~"$instance"}')),
    ("target-job-rule", target(expr='l2_capture_up{job="$job",instance=~"$instance"}')),
    ("target-instance-rule", target(expr='l2_capture_up{job=~"$job"}')),
    ("target-counter-agg-rule", target(expr=f"sum(l2_arp_moves_total{{{MATCHED}}})")),
    (
        "target-counter-agg-rule",
        target(expr=f"sum_over_time(l2_arp_moves_total{{{MATCHED}}}[$__rate_interval])"),
    ),
    ("uneditable-dashboard", top(editable=True)),
    ("uneditable-dashboard", lambda d: d.pop("editable")),
]

OURS: list[tuple[str, Break]] = [
    ("settings", top(refresh="5s")),
    ("settings", top(tags=[])),
    ("settings", top(links=[])),
    ("texts", panel(description="")),
    ("texts", field(noValue="")),
    ("texts", lambda d: d["panels"][0].update(type="bargauge") or field(unit="")(d)),
    ("identities", panel(id=2)),
    ("identities", panel(title="Moves 2")),
    ("positions", place(w=10)),
    ("positions", place(x=18)),
    ("positions", place(w=24)),
    ("links", link("/d/l2-nowhere?${__url_time_range}")),
    ("links", link("/d/l2-sound?var-job=a")),
    ("links", link("/d/l2-sound?${__url_time_range}&var-ip=192.0.2.1")),
    ("links", link("/d/l2-sound?${__url_time_range}&${vlan:queryparam}")),
    ("links", link("https://example.net/docs/runbooks/L2Nothing.md")),
    ("links", link("https://example.net/")),
    ("links", field(links=[{"title": "there", "url": "/d/l2-nowhere?${__url_time_range}"}])),
    ("variable_names", target(expr='l2_capture_up{device=~"$device"}')),
    ("variable_names", vary("job", query='label_values(up{device="${device}"}, job)')),
    ("round_trip", panel(colour="red")),
    ("round_trip", top(autor="nobody")),
]


def named(broken: tuple[Any, Break]) -> str:
    return str(broken[0])


def test_every_rule_and_check_is_broken_here() -> None:
    assert {name for name, _ in LINTER} == set(RULES)
    assert {name for name, _ in OURS} == set(CHECKS)


@pytest.mark.parametrize("rule", RULES)
def test_the_linter_finds_nothing_in_what_is_sound(rule: str) -> None:
    assert list(RULES[rule](sound())) == []


@pytest.mark.parametrize("check", CHECKS)
def test_our_checks_find_nothing_in_what_is_sound(check: str) -> None:
    assert list(CHECKS[check](sound(), {"l2-sound": sound()})) == []


@pytest.mark.parametrize("broken", LINTER, ids=named)
def test_a_rule_of_the_linter_finds_its_fault(broken: tuple[str, Break]) -> None:
    rule, spoil = broken
    dashboard = sound()
    spoil(dashboard)
    assert list(RULES[rule](dashboard))


@pytest.mark.parametrize("broken", OURS, ids=named)
def test_a_check_of_ours_finds_its_fault(broken: tuple[str, Break]) -> None:
    check, spoil = broken
    dashboard = sound()
    spoil(dashboard)
    assert list(CHECKS[check](dashboard, {"l2-sound": sound()}))


def test_a_panel_in_a_folded_row_is_looked_at() -> None:
    dashboard = sound()
    folded = dashboard["panels"].pop()
    folded["description"] = ""
    dashboard["panels"].append({"type": "row", "title": "More", "panels": [folded]})
    assert list(RULES["panel-title-description-rule"](dashboard))


def test_queries_of_every_panel_are_looked_at() -> None:
    dashboard = sound()
    panel(type="bargauge")(dashboard)
    target(expr="l2_capture_up")(dashboard)
    assert list(RULES["target-job-rule"](dashboard))


def test_values_that_are_shown_as_words_need_no_unit() -> None:
    dashboard = sound()
    field(unit="", mappings=[{"type": "value"}])(dashboard)
    assert not list(RULES["panel-units-rule"](dashboard))

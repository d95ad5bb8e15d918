"""The rules that Grafana evaluates itself: those of the rule file, in other words."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator, Mapping, Set
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from grafana.mixin import grafana_rules, prometheus_rules
from grafana.mixin.alerts import groups
from grafana.mixin.rules import Alert, Group, Recording
from grafana.mixin.thresholds import DEFAULTS
from tests.grafana import promql, reading, reference, rule_tests
from tests.grafana.labelling import Labelling
from tests.lab.promtool import promtool

GROUPS = groups(DEFAULTS)
RECORDS = {rule.record for group in GROUPS for rule in group.rules if isinstance(rule, Recording)}
PROVISIONED: dict[str, Any] = yaml.safe_load(grafana_rules.render(GROUPS))
RULES: dict[str, Any] = {
    rule["title"]: rule for group in PROVISIONED["groups"] for rule in group["rules"]
}
EXPRESSIONS = {
    rule.name: rule.expr for group in GROUPS for rule in group.rules if isinstance(rule, Alert)
}


def queries(rule: Mapping[str, Any]) -> dict[str, str]:
    """What a rule asks Prometheus, by its refId."""
    models = [each["model"] for each in rule["data"]]
    return {model["refId"]: model["expr"] for model in models if "expr" in model}


def test_each_alert_is_there_with_its_severity_and_wait() -> None:
    found = {
        name: (rule["labels"], rule["for"], rule["annotations"]["runbook_url"])
        for name, rule in RULES.items()
    }
    assert found == {
        name: (rule["labels"], rule["for"], rule["annotations"]["runbook_url"])
        for name, rule in reading.alerts().items()
    }


def test_each_has_an_own_uid_that_grafana_takes() -> None:
    uids = [rule["uid"] for rule in RULES.values()]
    assert len(set(uids)) == len(uids)
    assert all(re.fullmatch(r"[A-Za-z0-9-]{1,40}", uid) for uid in uids)


def test_a_uid_is_of_the_name_alone() -> None:
    """What changes its uid is another rule to Grafana: its silences and history are lost."""
    other = yaml.safe_load(grafana_rules.render(GROUPS[::-1]))
    uids = {rule["title"]: rule["uid"] for group in other["groups"] for rule in group["rules"]}
    assert uids == {name: rule["uid"] for name, rule in RULES.items()}


@pytest.mark.parametrize("name", RULES)
def test_a_rule_fires_for_whatever_its_query_finds(name: str) -> None:
    rule = RULES[name]
    *_, every, fires = rule["data"]
    assert rule["condition"] == fires["refId"]
    assert fires["model"]["expression"] == every["refId"]
    assert fires["model"]["conditions"] == [{"evaluator": {"type": "gt", "params": [0]}}]
    assert every["model"]["expression"] == "is_number($A) || is_nan($A) || is_inf($A)"
    assert (rule["noDataState"], rule["execErrState"]) == ("OK", "Error")
    for each in rule["data"]:
        assert each["model"]["refId"] == each["refId"]
        assert each["model"]["datasource"]["uid"] == each["datasourceUid"]


@pytest.mark.parametrize("name", RULES)
def test_its_queries_parse_and_need_no_record(name: str) -> None:
    for query in queries(RULES[name]).values():
        promql.parsed(query)
        assert not RECORDS & words(query)


def words(expr: str) -> set[str]:
    return set(re.findall(r"[\w:]+", expr))


INLINED = {name for name, expr in EXPRESSIONS.items() if RECORDS & words(expr)}


@pytest.mark.parametrize("name", sorted(RULES.keys() - INLINED))
def test_an_alert_without_a_record_has_its_own_expression(name: str) -> None:
    asked = re.fullmatch(r"\((.*)\) \+ 0", queries(RULES[name])["A"], re.DOTALL)
    assert asked
    assert asked[1].strip() == inspect.cleandoc(EXPRESSIONS[name])


OF_INLINED = [
    path
    for path in rule_tests.files()
    if any(INLINED & story.firing.keys() for story in rule_tests.stories([path]))
]


@pytest.mark.parametrize("tests", OF_INLINED, ids=lambda path: path.stem)
def test_they_pass_the_unit_tests_of_the_rule_file(tests: Path, tmp_path: Path) -> None:
    """With their expressions for those of the alerts, Prometheus finds the same. Descriptions ask
    for records, which stay.
    """
    asked = {name for story in rule_tests.stories([tests]) for name in story.firing}
    (tmp_path / "rules.yml").write_text(prometheus_rules.render(with_queries(asked)))
    units = yaml.safe_load(tests.read_text()) | {"rule_files": ["rules.yml"]}
    (tmp_path / "tests.yml").write_text(yaml.safe_dump(units))
    promtool("test", "rules", tmp_path / "tests.yml")


def with_queries(asked: Set[str]) -> Iterator[Group]:
    """The groups, of alerts only those that are asked for, with the queries of Grafana's rules."""
    for group in GROUPS:
        alerts = (rule for rule in group.rules if isinstance(rule, Alert) and rule.name in asked)
        records = (rule for rule in group.rules if isinstance(rule, Recording))
        inlined = (replace(alert, expr=queries(RULES[alert.name])["A"]) for alert in alerts)
        yield replace(group, rules=(*records, *inlined))


def test_templates_are_gos(tmp_path: Path) -> None:
    """Prometheus parses them as Grafana does, if it is told of a variable `$values`."""
    rules = [
        {
            "alert": name,
            "expr": "up",
            "annotations": {
                key: "{{ $values := .Labels }}" + text for key, text in rule["annotations"].items()
            },
        }
        for name, rule in RULES.items()
    ]
    (tmp_path / "rules.yml").write_text(yaml.safe_dump({"groups": [{"name": "g", "rules": rules}]}))
    promtool("check", "rules", tmp_path / "rules.yml")


@pytest.mark.parametrize("name", RULES)
def test_annotations_tell_the_value_and_the_macs_that_prometheus_tells(name: str) -> None:
    for key, known in reading.alerts()[name]["annotations"].items():
        text = RULES[name]["annotations"][key]
        assert ("$value" in known) == ("$values.A.Value" in text)
        assert not re.search(r"\$value\b|\bquery\b", text)
        told = re.findall(r"\{\{ \.(?:other_)?(\w+) \}\}", text)
        assert told == re.findall(r"\.Labels\.(\w+)", known)
        assert "$$" not in text
        assert "${" not in text  # Grafana would take it for a variable of its environment


ASKING = [name for name, rule in RULES.items() if "B" in queries(rule)]


def test_some_rules_ask_for_macs() -> None:
    assert "L2ProtectedAddressMoved" in ASKING


@pytest.mark.parametrize("name", ASKING)
def test_a_second_query_has_the_labels_that_grafana_finds_it_by(name: str) -> None:
    """All of the first one's, as one label set must include the other, and those that are told.

    None is both, or it would have two values.
    """
    first, second = (labels_of(queries(RULES[name])[ref]) for ref in "AB")
    told = re.findall(r"\{\{ \.(\w+) \}\}", RULES[name]["annotations"]["description"])
    assert told
    assert first <= second
    assert not first & set(told)
    assert set(told) <= second
    assert queries(RULES[name])["B"].endswith("or on () vector(0)")


def labels_of(query: str) -> frozenset[str]:
    labelling = Labelling(reference.known())
    labels = labelling.of(promql.parsed(query))
    assert not labelling.complaints
    return labels


def test_the_second_query_finds_both_macs(tmp_path: Path) -> None:
    """Of an address whose exporter has no `segment`, and that has a role."""
    where = 'instance="a:1", device="eth0", vlan="10", ip="192.0.2.1"'
    macs = 'from_mac="02:00:00:00:00:01", to_mac="02:00:00:00:00:05", cause="suspected_spoofing"'
    role = 'role="gateway", cause="suspected_spoofing"'
    given = {
        f"l2_protected_address_moves_total{{{where}, {role}}}": "0 0 1 1 1",
        f"l2_arp_moves_total{{{where}}}": "0 0 1 1 1",
        f"l2_arp_last_move_timestamp_seconds{{{where}}}": "_ _ 120 120 120",
        f"l2_arp_last_move_info{{{where}, {macs}}}": "_ _ 1 1 1",
    }
    alert = 'segment="a:1/eth0", vlan="10", ip="192.0.2.1", role="gateway"'
    found = f'{{{alert}, other_ip="192.0.2.1", {macs}}}'
    query = queries(RULES["L2ProtectedAddressMoved"])["B"]
    finds(tmp_path, "1m", given, query, {"1m": ("{}", 0), "4m": (found, 1)})


def test_the_second_query_finds_the_router_that_was_known(tmp_path: Path) -> None:
    where = 'instance="a:1", device="eth0", segment="office"'
    rogue, known = (f'ip="fe80::{n}", mac="02:00:00:00:00:0{n}"' for n in (2, 1))
    given = {
        f"l2_ipv6_router_info{{{where}, {known}}}": "1x600",
        f"l2_ipv6_router_info{{{where}, {rogue}}}": "_x590 1x10",
    }
    other = 'other_ip="fe80::1", other_mac="02:00:00:00:00:01"'
    query = queries(RULES["L2RogueRouterAdvertisement"])["B"]
    found = f'{{segment="office", {rogue}, {other}}}'
    finds(tmp_path, "5m", given, query, {"49h": ("{}", 0), "49h30m": (found, 1)})


def finds(
    tmp_path: Path,
    interval: str,
    series: Mapping[str, str],
    query: str,
    samples: Mapping[str, tuple[str, float]],
) -> None:
    """Assert that a query's one result is, at each time, these labels with this value."""
    test = {
        "interval": interval,
        "input_series": [{"series": name, "values": values} for name, values in series.items()],
        "promql_expr_test": [
            {"expr": query, "eval_time": at, "exp_samples": [{"labels": labels, "value": value}]}
            for at, (labels, value) in samples.items()
        ],
    }
    (tmp_path / "tests.yml").write_text(yaml.safe_dump({"tests": [test]}))
    promtool("test", "rules", tmp_path / "tests.yml")


def test_a_rule_is_linked_to_a_panel_that_there_is() -> None:
    titles = {
        (uid, panel["id"]): panel["title"]
        for uid, dashboard in reading.dashboards().items()
        for panel in reading.panels(dashboard)
    }
    linked = {name: rule for name, rule in RULES.items() if "panelId" in rule}
    assert set(RULES) - set(linked) == {"L2RogueRouterAdvertisement"}
    for rule in linked.values():
        assert (rule["dashboardUid"], rule["panelId"]) in titles
        assert rule["annotations"]["__dashboardUid__"] == rule["dashboardUid"]
        assert rule["annotations"]["__panelId__"] == str(rule["panelId"])


ALERT = Alert("L2X", "a:b:c[5m]", "0s", "", "info", "", "")


def test_an_error_names_the_alert() -> None:
    with pytest.raises(ValueError, match=r"L2X, as a rule of Grafana's: .* a:b:c with a modifier"):
        grafana_rules.render([Group("g", (Recording("a:b:c", "up"), ALERT))])


def test_a_name_that_is_too_long_for_a_uid_is_an_error() -> None:
    with pytest.raises(ValueError, match="longer than the 40 characters"):
        grafana_rules.render([Group("g", (replace(ALERT, name="L2" + "X" * 40, expr="up"),))])

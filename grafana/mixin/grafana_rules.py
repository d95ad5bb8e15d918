"""The same alerts for Grafana to evaluate itself: a file for its provisioning of alert rules.

Three things differ from Prometheus' rule file:

- Grafana's own recording rules need a data source that takes writes, so each record is replaced by
  its expression.
- Whatever a rule's query returns is to fire, values of 0 too. Grafana fires where its condition is
  not 0, so an expression makes a 1 of every value: the one that Grafana's import of Prometheus'
  rules makes.
- Templates have `$values` and no `query`: see grafana_templates.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import yaml

from . import alert_panels, grafana_templates, inlining
from .rules import Alert, Group

DATASOURCE = "l2exporter-prometheus"
"""The uid in grafana/provisioning/datasources/prometheus.yml."""
FOLDER = "l2exporter"
INTERVAL = "30s"
"""As Prometheus' evaluation_interval in grafana/prometheus.yml."""

_HEADER = """\
# Written by `make grafana` from grafana/mixin; changes here are lost.
# The alerts of ../../alerts/l2exporter.rules.yml, to be evaluated by Grafana instead of Prometheus.
"""
_MAX_UID = 40
_EXPRESSIONS = "__expr__"
_SECONDS = 600

Query = dict[str, Any]


def render(groups: Iterable[Group]) -> str:
    """Return the YAML text; ValueError names the alert that cannot be written so."""
    groups = tuple(groups)
    records = inlining.records(groups)
    document = {
        "apiVersion": 1,
        "groups": [each for group in groups if (each := _group(group, records))["rules"]],
    }
    return _HEADER + yaml.dump(document, Dumper=_Dumper, sort_keys=False, width=100)


def _group(group: Group, records: Mapping[str, str]) -> dict[str, Any]:
    alerts = [rule for rule in group.rules if isinstance(rule, Alert)]
    return {
        "orgId": 1,
        "name": group.name,
        "folder": FOLDER,
        "interval": INTERVAL,
        "rules": [_rule(alert, records) for alert in alerts],
    }


def _rule(alert: Alert, records: Mapping[str, str]) -> dict[str, Any]:
    try:
        return _written(alert, records)
    except ValueError as error:
        raise ValueError(f"{alert.name}, as a rule of Grafana's: {error}") from error


def _written(alert: Alert, records: Mapping[str, str]) -> dict[str, Any]:
    text = grafana_templates.translate({"summary": alert.summary, "description": alert.description})
    expr = inlining.enclosed(inlining.inlined(alert.expr, records))
    # Prometheus' alerts have no __name__, and by its labels the second query is found.
    data = [_prometheus("A", f"{expr} + 0")]
    if text.asked:
        data.append(_prometheus("B", inlining.inlined(text.asked.query(expr), records)))
    panel, link = _panel(alert)
    return {
        "uid": _uid(alert),
        "title": alert.name,
        "condition": "fires",
        "data": [*data, _any_value("A"), _not_zero("any")],
        **panel,
        "for": alert.pending,
        "noDataState": "OK",
        "execErrState": "Error",
        "missing_series_evals_to_resolve": 1,
        "annotations": {**text.annotations, "runbook_url": alert.runbook_url, **link},
        "labels": {"severity": alert.severity, **alert.labels},
    }


def _panel(alert: Alert) -> tuple[dict[str, object], dict[str, str]]:
    """What links the rule to a panel: Grafana wants it twice, as fields and as annotations."""
    if (shown := alert_panels.panel_of(alert.name)) is None:
        return {}, {}
    dashboard, panel = shown
    fields = {"dashboardUid": dashboard, "panelId": panel}
    return fields, {"__dashboardUid__": dashboard, "__panelId__": str(panel)}


def _uid(alert: Alert) -> str:
    uid = f"l2exporter-{alert.name}"
    if len(uid) > _MAX_UID:
        raise ValueError(f"its uid {uid} is longer than the {_MAX_UID} characters of Grafana's")
    return uid


def _prometheus(ref: str, expr: str) -> Query:
    model = {
        "refId": ref,
        "datasource": {"type": "prometheus", "uid": DATASOURCE},
        "expr": expr,
        "instant": True,
        "range": False,
    }
    return _query(ref, DATASOURCE, _SECONDS, model)


def _any_value(of: str) -> Query:
    expression = f"is_number(${of}) || is_nan(${of}) || is_inf(${of})"
    return _expression("any", "math", {"expression": expression})


def _not_zero(of: str) -> Query:
    conditions = [{"evaluator": {"type": "gt", "params": [0]}}]
    return _expression("fires", "threshold", {"expression": of, "conditions": conditions})


def _expression(ref: str, kind: str, what: Mapping[str, object]) -> Query:
    source = {"type": _EXPRESSIONS, "uid": _EXPRESSIONS}
    return _query(ref, _EXPRESSIONS, 0, {"refId": ref, "datasource": source, "type": kind, **what})


def _query(ref: str, datasource: str, seconds: int, model: Mapping[str, object]) -> Query:
    return {
        "refId": ref,
        "relativeTimeRange": {"from": seconds, "to": 0},
        "datasourceUid": datasource,
        "model": dict(model),
    }


class _Dumper(yaml.SafeDumper):
    """Texts of several lines are written as blocks."""


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.Node:
    style = "|" if "\n" in text else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _text)

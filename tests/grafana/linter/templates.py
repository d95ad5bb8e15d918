"""Rules about a dashboard as a whole and its variables."""

from __future__ import annotations

from collections.abc import Iterator

from tests.grafana.linter.model import Complaint, datasources, is_prometheus, references, uid
from tests.grafana.promql import parsed
from tests.grafana.reading import Json, call, variables

ON_TIME_RANGE_CHANGE = 2
FUNCTIONS = ("label_names", "label_values", "metrics", "query_result")


def template_datasource(dashboard: Json) -> Iterator[Complaint]:
    """Datasource variables have the names and labels that everyone expects."""
    found = datasources(dashboard)
    if not found:
        yield Complaint("no datasource variable")
    for one in found:
        expected = {f"{one['query']}_datasource": f"{one['query'].title()} data source"}
        if len(found) == 1:
            expected["datasource"] = "Data source"
        if one["name"] not in expected:
            yield Complaint(f"datasource variable {one['name']}: name it one of {set(expected)}")
        if one.get("label") not in expected.values():
            yield Complaint(f"datasource variable {one['name']}: the label is {one.get('label')}")


def template_job(dashboard: Json) -> Iterator[Complaint]:
    return _target_variable(dashboard, "job")


def template_instance(dashboard: Json) -> Iterator[Complaint]:
    return _target_variable(dashboard, "instance")


def _target_variable(dashboard: Json, name: str) -> Iterator[Complaint]:
    if not is_prometheus(dashboard):
        return
    one = variables(dashboard).get(name)
    if one is None:
        yield Complaint(f"no variable {name}")
        return
    wanted = {"type": "query", "label": name.title(), "multi": True, "allValue": ".+"}
    for key, value in wanted.items():
        if one.get(key) != value:
            yield Complaint(f"variable {name}: {key} is {one.get(key)!r}, not {value!r}")
    if uid(one) not in references(dashboard):
        yield Complaint(f"variable {name}: its datasource is {uid(one)!r}")


def template_label_promql(dashboard: Json) -> Iterator[Complaint]:
    """Query variables call one of Prometheus' functions, on PromQL."""
    for name, one in variables(dashboard).items():
        if one["type"] != "query" or not is_prometheus(dashboard):
            continue
        try:
            function, argument, label = call(one)
            if function not in FUNCTIONS:
                yield Complaint(f"variable {name}: {function} is none of {FUNCTIONS}")
            parsed(argument or label)
        except ValueError as error:
            yield Complaint(f"variable {name}: {error}")


def template_on_time_change_reload(dashboard: Json) -> Iterator[Complaint]:
    for name, one in variables(dashboard).items():
        if one["type"] == "query" and one.get("refresh") != ON_TIME_RANGE_CHANGE:
            yield Complaint(f"variable {name}: is not refreshed when the time range changes")


def uneditable_dashboard(dashboard: Json) -> Iterator[Complaint]:
    # Without the key Grafana takes it to be editable.
    if dashboard.get("editable", True):
        yield Complaint("is editable")

"""Every dashboard keeps the rules of Grafana's linter, and ours."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from tests.grafana.layout import CHECKS
from tests.grafana.linter import RULES, Complaint
from tests.grafana.reading import DASHBOARDS, Json, dashboards, panels

ALL = dashboards()
BY_UID = {dashboard["uid"]: dashboard for dashboard in ALL.values()}
EXCLUSIONS: dict[str, Json] = yaml.safe_load((DASHBOARDS / ".lint").read_text())["exclusions"]
"""The linter's own file, so that the real one says what this one says."""

PAGES = ("l2-overview", "l2-address", "l2-sleep-proxies", "l2-bridges", "l2-exporter")


def is_excluded(rule: str, dashboard: Json, complaint: Complaint) -> bool:
    here: dict[str, Any] = {
        "dashboard": dashboard["title"],
        "panel": complaint.panel,
        "targetIdx": complaint.target,
    }
    entries = EXCLUSIONS.get(rule, {}).get("entries", [])
    return any(all(here[key] == value for key, value in entry.items()) for entry in entries)


def test_there_are_five_pages_whose_uids_are_their_files_names() -> None:
    assert set(ALL) == set(PAGES)
    assert {stem: dashboard["uid"] for stem, dashboard in ALL.items()} == {
        stem: stem for stem in PAGES
    }


def test_the_linter_has_seventeen_rules() -> None:
    assert len(RULES) == 17


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("stem", PAGES)
def test_the_linter_has_no_complaint(stem: str, rule: str) -> None:
    dashboard = ALL[stem]
    found = RULES[rule](dashboard)
    assert [one for one in found if not is_excluded(rule, dashboard, one)] == []


@pytest.mark.parametrize("check", CHECKS)
@pytest.mark.parametrize("stem", PAGES)
def test_the_layout_is_as_agreed(stem: str, check: str) -> None:
    assert list(CHECKS[check](ALL[stem], BY_UID)) == []


def test_every_panel_of_the_overview_leads_on() -> None:
    dead_ends = [
        panel["title"] for panel in panels(BY_UID["l2-overview"]) if not panel.get("links")
    ]
    assert dead_ends == []


def test_exclusions_have_reasons_and_are_needed() -> None:
    complaints = {
        (rule, dashboard["title"], one.panel)
        for rule in EXCLUSIONS
        for dashboard in ALL.values()
        for one in RULES[rule](dashboard)
    }
    for rule, exclusion in EXCLUSIONS.items():
        assert exclusion["reason"]
        excused = {(rule, entry["dashboard"], entry["panel"]) for entry in exclusion["entries"]}
        assert excused <= complaints


def test_every_page_has_panels() -> None:
    assert all(list(panels(dashboard)) for dashboard in ALL.values())

"""Rules about panels."""

from __future__ import annotations

from collections.abc import Iterator

from tests.grafana.linter.model import FIGURES, Complaint, of_types, references, uid
from tests.grafana.reading import Json

UNITS = frozenset(
    {
        *("none", "string", "short", "percent", "percentunit", "locale", "sishort"),
        *("bytes", "decbytes", "bits", "decbits", "Bps", "binBps", "bps", "binbps", "pps"),
        *("dateTimeAsIso", "dateTimeAsIsoNoDateIfToday", "dateTimeAsLocal", "dateTimeAsSystem"),
        *("dateTimeAsLocalNoDateIfToday", "dateTimeAsUS", "dateTimeFromNow"),
        *("hertz", "ns", "µs", "ms", "s", "m", "h", "d", "dtdurationms", "dtdurations"),
        *("dthms", "dtdhms", "clockms", "clocks", "cps", "ops", "reqps", "rps", "wps", "cpm"),
        *("opm", "rpm", "wpm", "mps", "mpm", "bool", "bool_yes_no", "bool_on_off"),
    }
)
"""Grafana's, without those that no figure of a network has (currencies, masses, radiation)."""


def panel_datasource(dashboard: Json) -> Iterator[Complaint]:
    for panel in of_types(dashboard, FIGURES):
        if uid(panel) not in references(dashboard):
            yield Complaint(f"its datasource is {uid(panel)!r}", panel["title"])


def panel_title_description(dashboard: Json) -> Iterator[Complaint]:
    for panel in of_types(dashboard, FIGURES):
        for key in ("title", "description"):
            if not panel.get(key):
                yield Complaint(f"no {key}", panel.get("title", ""))


def panel_units(dashboard: Json) -> Iterator[Complaint]:
    """Figures have a unit, unless they are shown as words."""
    for panel in of_types(dashboard, FIGURES):
        unit = configured(panel, "unit")
        if unit not in UNITS and not shows_words(panel):
            yield Complaint(f"no valid unit: {unit!r}", panel.get("title", ""))


def panel_no_targets(dashboard: Json) -> Iterator[Complaint]:
    for panel in of_types(dashboard, FIGURES):
        if not panel.get("targets"):
            yield Complaint("no targets", panel["title"])


def configured(panel: Json, key: str) -> object:
    """A property of its fields: of the last override that has it, else the default."""
    settings = panel.get("fieldConfig", {})
    overrides = settings.get("overrides", [])
    properties = [one for override in overrides for one in override.get("properties", [])]
    values = [one.get("value") for one in properties if one["id"] == key]
    return values[-1] if values else settings.get("defaults", {}).get(key)


def shows_words(panel: Json) -> bool:
    """Whether values are mapped to texts, or a stat shows fields that are no figures."""
    fields = panel.get("options", {}).get("reduceOptions", {}).get("fields")
    return bool(configured(panel, "mappings")) or (panel["type"] == "stat" and bool(fields))

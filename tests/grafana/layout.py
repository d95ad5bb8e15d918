"""What our dashboards have beyond the linter's rules: each check yields what is wrong."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from itertools import combinations
from typing import Final

from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.cog.plugins import register_default_plugins
from grafana_foundation_sdk.models.dashboard import Dashboard

from tests.grafana.linter.panels import UNITS, configured, shows_words
from tests.grafana.promql import variables as named
from tests.grafana.reading import RUNBOOKS, Json, panels, query, variables

COLUMNS: Final = 24
WIDTHS: Final = {24, 12, 8, 6}
STAT_WIDTHS: Final = {*WIDTHS, 4}
"""What stays legible at a phone's width, where all are as wide as the screen, and at 1280 px."""

WORDS: Final = ("text", "logs", "dashlist", "alertlist", "state-timeline", "status-history")
"""Types of panels that draw no figures."""

SHOULD_BE: Final = {
    "editable": False,
    "refresh": "30s",
    "schemaVersion": 42,
    "graphTooltip": 1,  # a crosshair in all panels
    "time": {"from": "now-6h", "to": "now"},
}
TAG: Final = "l2exporter"

_PAGE = re.compile(r"/d/([\w-]+)[^?]*(?:\?(.*))?")
_RUNBOOK = re.compile(r"docs/runbooks/([^/?#]+\.md)")

Check = Callable[[Json, Mapping[str, Json]], Iterator[str]]
"""Of a dashboard, among all of them by uid."""


def settings(dashboard: Json, _: Mapping[str, Json]) -> Iterator[str]:
    for key, value in SHOULD_BE.items():
        if dashboard.get(key) != value:
            yield f"{key} is {dashboard.get(key)!r}, not {value!r}"
    if TAG not in dashboard.get("tags", []):
        yield f"is not tagged {TAG}"
    bars = (one for one in dashboard.get("links", []) if one["type"] == "dashboards")
    if not any(TAG in one.get("tags", []) for one in bars):
        yield f"has no bar of links to dashboards tagged {TAG}"


def texts(dashboard: Json, _: Mapping[str, Json]) -> Iterator[str]:
    """Every panel says what it is, what its figures are, and what emptiness means."""
    for panel in panels(dashboard):
        title = panel.get("title") or f"panel {panel.get('id')}"
        for key in ("title", "description"):
            if not panel.get(key):
                yield f"{title}: no {key}"
        if panel["type"] == "text":
            continue
        if not configured(panel, "noValue"):
            yield f"{title}: no noValue"
        figures = panel["type"] not in WORDS and not shows_words(panel)
        if figures and configured(panel, "unit") not in UNITS:
            yield f"{title}: no valid unit: {configured(panel, 'unit')!r}"


def identities(dashboard: Json, _: Mapping[str, Json]) -> Iterator[str]:
    """Ids and titles tell panels apart: links and the linter's exclusions name them."""
    for key in ("id", "title"):
        counts = Counter(panel.get(key) for panel in panels(dashboard))
        for value, count in counts.items():
            if not value or count > 1:
                yield f"{key} {value!r}: {count} panels"


def positions(dashboard: Json, _: Mapping[str, Json]) -> Iterator[str]:
    for panel in panels(dashboard):
        place, title = panel["gridPos"], panel.get("title")
        if place["w"] not in (STAT_WIDTHS if panel["type"] == "stat" else WIDTHS):
            yield f"{title}: {place['w']} columns wide"
        if place["x"] + place["w"] > COLUMNS:
            yield f"{title}: beyond the right edge"
    # Folded rows have positions of their own; what is in two of them is never shown at once.
    shown = [panel for panel in dashboard["panels"] if "gridPos" in panel]
    for one, other in combinations(shown, 2):
        if _overlap(one["gridPos"], other["gridPos"]):
            yield f"{one.get('title')} overlaps {other.get('title')}"


def _overlap(one: Mapping[str, int], other: Mapping[str, int]) -> bool:
    return all(
        one[start] < other[start] + other[size] and other[start] < one[start] + one[size]
        for start, size in (("x", "w"), ("y", "h"))
    )


def links(dashboard: Json, everything: Mapping[str, Json]) -> Iterator[str]:
    """Links lead to pages that exist, take the time along, and set variables that are there."""
    for url in urls(dashboard):
        page, runbook = _PAGE.search(url), _RUNBOOK.search(url)
        if page and page[1] in everything:
            yield from _carried(url, page[2] or "", everything[page[1]])
        elif runbook:
            if "$" not in runbook[1] and not (RUNBOOKS / runbook[1]).exists():
                yield f"{url}: no such page"
        else:
            yield f"{url}: leads nowhere"


def _carried(url: str, parameters: str, there: Json) -> Iterator[str]:
    if "${__url_time_range}" not in parameters:
        yield f"{url}: without the time range"
    known = set(variables(there))
    for name in re.findall(r"(?:^|[&{])var-(\w+)=", parameters):
        if name not in known:
            yield f"{url}: {there['uid']} has no variable {name}"
    for name in re.findall(r"\$\{(\w+):queryparam\}", parameters):
        if name not in known:
            yield f"{url}: {there['uid']} has no variable {name}"


def urls(dashboard: Json) -> Iterator[str]:
    """Every URL of a link, be it of the dashboard, a panel, or a field's value."""
    for holder in (dashboard, *panels(dashboard)):
        fields = holder.get("fieldConfig", {})
        properties = [p for one in fields.get("overrides", []) for p in one.get("properties", [])]
        found = [
            *holder.get("links", []),
            *fields.get("defaults", {}).get("links", []),
            *(link for one in properties if one["id"] == "links" for link in one["value"]),
        ]
        yield from (one["url"] for one in found if one.get("url"))


def variable_names(dashboard: Json, _: Mapping[str, Json]) -> Iterator[str]:
    """Every variable of a query is the dashboard's."""
    own = variables(dashboard)
    asked = [query(one) for one in own.values() if one["type"] == "query"]
    for panel in panels(dashboard):
        asked += [target.get("expr", "") for target in panel.get("targets", [])]
    for text in asked:
        for name in sorted(named(text) - set(own)):
            if not name.isdigit():  # of a label_replace
                yield f"{text}: no variable {name}"


def round_trip(dashboard: Json, _: Mapping[str, Json]) -> Iterator[str]:
    """The SDK knows every key: what it does not know it would drop."""
    again = rewritten(dashboard)
    for link, copy in zip(dashboard.get("links", []), again.get("links", []), strict=True):
        # The SDK puts each link into a menu, whatever it reads; ours are a bar.
        if "placement" not in link:
            copy.pop("placement")
    if again != dashboard:
        yield f"differs after a round trip: {_difference(dashboard, again, '$')}"


def rewritten(dashboard: Json) -> Json:
    """The dashboard as the SDK reads and writes it."""
    register_default_plugins()
    again: Json = json.loads(json.dumps(Dashboard.from_json(dashboard), cls=JSONEncoder))
    return again


def _difference(one: object, other: object, where: str) -> str:
    """The first place where two differ."""
    if isinstance(one, dict) and isinstance(other, dict):
        for key in sorted(one.keys() | other.keys()):
            if one.get(key) != other.get(key):
                return _difference(one.get(key), other.get(key), f"{where}.{key}")
    if isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        for index, (left, right) in enumerate(zip(one, other, strict=True)):
            if left != right:
                return _difference(left, right, f"{where}[{index}]")
    return f"{where}: {one!r} became {other!r}"


CHECKS: Final[dict[str, Check]] = {
    check.__name__: check
    for check in (
        *(settings, texts, identities, positions),
        *(links, variable_names, round_trip),
    )
}

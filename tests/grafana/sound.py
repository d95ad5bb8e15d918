"""A small dashboard that is as it should be, for tests that break it."""

from __future__ import annotations

from tests.grafana.layout import rewritten
from tests.grafana.reading import Json

MATCHED = 'job=~"$job",instance=~"$instance"'
DATASOURCE = {"type": "prometheus", "uid": "$datasource"}


def sound() -> Json:
    """Made anew for each test, as it is changed there; written by the SDK, as ours are."""
    return rewritten(_dashboard())


def _dashboard() -> Json:
    return {
        "uid": "l2-sound",
        "title": "Sound",
        "tags": ["l2exporter"],
        "editable": False,
        "refresh": "30s",
        "schemaVersion": 42,
        "graphTooltip": 1,
        "time": {"from": "now-6h", "to": "now"},
        "links": [_link(type="dashboards", tags=["l2exporter"])],
        "templating": {"list": [_datasource(), _variable("job"), _variable("instance")]},
        "panels": [_panel(1, 0), _panel(2, 12)],
    }


def _link(**given: object) -> Json:
    booleans = dict.fromkeys(("asDropdown", "includeVars", "keepTime", "targetBlank"), False)
    return {"title": "Pages", "icon": "", "tooltip": "", "url": "", **booleans, **given}


def _datasource() -> Json:
    return {
        "name": "datasource",
        "label": "Data source",
        "type": "datasource",
        "query": "prometheus",
        "multi": False,
        "includeAll": False,
    }


def _variable(name: str) -> Json:
    return {
        "name": name,
        "label": name.title(),
        "type": "query",
        "datasource": DATASOURCE,
        "query": f"label_values(l2_exporter_build_info, {name})",
        "multi": True,
        "includeAll": True,
        "allValue": ".+",
        "refresh": 2,
    }


def _panel(number: int, x: int) -> Json:
    return {
        "id": number,
        "type": "timeseries",
        "title": f"Moves {number}",
        "description": "How often addresses move; empty while nothing is captured.",
        "datasource": DATASOURCE,
        "gridPos": {"x": x, "y": 0, "w": 12, "h": 8},
        "fieldConfig": {
            "defaults": {"unit": "cps", "noValue": "Nothing is captured"},
            "overrides": [],
        },
        "links": [
            {
                "title": "More",
                "url": "/d/l2-sound?${__url_time_range}&${job:queryparam}&var-instance=a",
                "targetBlank": False,
            }
        ],
        "targets": [
            {
                "refId": "A",
                "datasource": DATASOURCE,
                "expr": f"sum(rate(l2_arp_moves_total{{{MATCHED}}}[$__rate_interval]))",
            }
        ],
        "options": {},
    }

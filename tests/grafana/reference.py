"""docs/metrics.md as data: which series there are, with which labels."""

from __future__ import annotations

import re

from tests.grafana.reading import REFERENCE

TARGET = frozenset({"job", "instance", "segment"})
"""Labels of the scrape configuration; `segment` is ours, see grafana/prometheus.yml."""

OF_PROMETHEUS = {
    "up": TARGET,
    "scrape_duration_seconds": TARGET,
    "scrape_samples_scraped": TARGET,
    "scrape_samples_post_metric_relabeling": TARGET,
    "scrape_series_added": TARGET,
}
"""What Prometheus adds to each target that it scrapes."""

_ROW = re.compile(r"\| `(\w+)` \| (\w+) \| ([^|]*) \|")


def documented() -> dict[str, frozenset[str]]:
    """Series' names with their own labels, each sample of a histogram by its suffix."""
    found: dict[str, frozenset[str]] = {}
    for line in REFERENCE.read_text().splitlines():
        if row := _ROW.match(line):
            found.update(_series(row[1], row[2], frozenset(re.findall(r"`(\w+)`", row[3]))))
    return found


def _series(name: str, kind: str, labels: frozenset[str]) -> dict[str, frozenset[str]]:
    whole = labels - {"le"}
    if kind == "histogram":
        return {f"{name}_bucket": labels, f"{name}_sum": whole, f"{name}_count": whole}
    if kind == "gaugehistogram":
        stem = name.removesuffix("_bucket")
        return {name: labels, f"{stem}_gsum": whole, f"{stem}_gcount": whole}
    return {name: labels}


def known() -> dict[str, frozenset[str]]:
    """Every series of a target, with the labels that it has in Prometheus."""
    return {name: own | TARGET for name, own in documented().items()} | OF_PROMETHEUS

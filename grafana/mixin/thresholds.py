"""Every figure that decides whether an alert fires, each with its reason: tune them here."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Durations are Prometheus' ("5m"); ratios lie between 0 and 1."""

    job: str = "l2exporter"
    """Of the scrape configuration: what is down is known by it alone."""


DEFAULTS = Thresholds()

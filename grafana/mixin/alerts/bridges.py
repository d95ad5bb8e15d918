"""Alerts."""

from __future__ import annotations

from ..rules import Group
from ..thresholds import Thresholds


def group(t: Thresholds) -> Group:
    """Return the alerts."""
    return Group("bridges", ())

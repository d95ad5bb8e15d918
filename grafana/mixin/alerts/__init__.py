"""All rules: recordings first, then the alerts, one file a theme."""

from __future__ import annotations

from ..recording import recordings
from ..rules import Group
from ..thresholds import Thresholds
from . import addresses, bridges, exporter, neighbors, sleep_proxies

_THEMES = (addresses, sleep_proxies, bridges, neighbors, exporter)


def groups(t: Thresholds) -> tuple[Group, ...]:
    """Return every group, in the order of the rule file."""
    return (*recordings(t), *(theme.group(t) for theme in _THEMES))

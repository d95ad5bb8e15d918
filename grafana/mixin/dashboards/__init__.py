"""The dashboards, by the stem of the file that each is written to."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from grafana_foundation_sdk.models.dashboard import Dashboard

from .. import pages
from . import address, bridges, exporter, overview, sleep_proxies

DASHBOARDS: Final[Mapping[str, Callable[[], Dashboard]]] = {
    pages.OVERVIEW.uid: overview.dashboard,
    pages.ADDRESS.uid: address.dashboard,
    pages.SLEEP_PROXIES.uid: sleep_proxies.dashboard,
    pages.BRIDGES.uid: bridges.dashboard,
    pages.EXPORTER.uid: exporter.dashboard,
}

"""Which panel shows what an alert is about: Grafana marks it there, and links to it."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Final

from .dashboards import DASHBOARDS
from .pages import BRIDGES, EXPORTER, OVERVIEW, SLEEP_PROXIES, Page

_SHOWN: Final[Mapping[str, tuple[Page, str]]] = {
    "L2ProtectedAddressClaimed": (OVERVIEW, "Protected addresses"),
    "L2ProtectedAddressMoved": (OVERVIEW, "Protected addresses"),
    "L2SuspectedSpoofing": (OVERVIEW, "Moves by cause"),
    "L2DuplicateAddress": (OVERVIEW, "Moves by cause"),
    "L2UnexplainedMoves": (OVERVIEW, "Moves by cause"),
    "L2GratuitousArpStorm": (OVERVIEW, "Gratuitous ARP"),
    "L2SleepProxyHoldStuck": (SLEEP_PROXIES, "Which holds outlast the norm?"),
    "L2SleepProxyHoldLost": (SLEEP_PROXIES, "Do holds end without their owner?"),
    "L2UnknownUnicastFlooding": (BRIDGES, "How much is flooded?"),
    "L2BridgeFdbNearLimit": (BRIDGES, "How near is each bridge to its limit?"),
    "L2NeighborsOutliveFdb": (BRIDGES, "Do neighbour entries outlive the FDB?"),
    "L2NeighborsMissingFromFdb": (BRIDGES, "Which neighbours has the bridge forgotten?"),
    "L2NeighborTableNearLimit": (BRIDGES, "Fullest neighbour table"),
    "L2NeighborTableOverflow": (BRIDGES, "What went wrong with neighbours?"),
    "L2ExporterDown": (EXPORTER, "Which exporters are there?"),
    "L2CaptureDown": (EXPORTER, "On which devices are frames captured?"),
    "L2CaptureDrops": (EXPORTER, "Frames dropped, by lane"),
    "L2CollectorFailing": (EXPORTER, "Collectors that fail"),
    "L2TableFull": (EXPORTER, "Tables against their caps"),
    "L2ExporterMemoryHigh": (EXPORTER, "Memory"),
}
"""By alert; no panel shows router advertisements."""


def panel_of(alert: str) -> tuple[str, int] | None:
    """Return the uid of the dashboard and the id of the panel; ValueError where it has gone."""
    if alert not in _SHOWN:
        return None
    page, title = _SHOWN[alert]
    if title not in (ids := _ids(page.uid)):
        raise ValueError(f"there is no panel {title!r} on {page.uid}")
    return page.uid, ids[title]


@cache
def _ids(dashboard: str) -> Mapping[str, int]:
    panels = DASHBOARDS[dashboard]().panels or ()
    return {panel.title: panel.id_val for panel in panels if panel.title and panel.id_val}

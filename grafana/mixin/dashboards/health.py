"""Figures that say whether the exporters themselves see everything."""

from __future__ import annotations

from grafana_foundation_sdk.builders.stat import Panel

from ..colours import CRITICAL, INFO, WARNING, from_zero
from ..panels import NONE, now, stat
from ..thresholds import DEFAULTS
from ..variables import DEVICE, increase_in_range, series


def health() -> tuple[Panel, ...]:
    """Exporters that are down, see nothing, lose frames or fail in part."""
    return (_down(), _blind(), _dropped(), _failing())


def _down() -> Panel:
    known = f"max_over_time({series('l2_exporter_build_info')}[$__range])"
    return stat(
        "Exporters down",
        now(f"sum({series('up')} == bool 0 and on (job) {known})"),
        description="Exporters that do not answer Prometheus: of their segments nothing is known. "
        "Counted are the targets of jobs in which an exporter answered in the time range.",
        empty="No exporter answered",
        unit="short",
        width=4,
        steps=from_zero((1, CRITICAL)),
        words=NONE,
    )


def _blind() -> Panel:
    return stat(
        "Blind devices",
        now(f"sum({series('l2_capture_up', DEVICE)} == bool 0)"),
        description="Devices on which no frames are captured: they are down, or CAP_NET_RAW is "
        "missing. What happens there is not seen. Empty: no exporter captures.",
        empty="No exporter captures",
        unit="short",
        width=4,
        steps=from_zero((1, WARNING)),
        words=NONE,
    )


def _dropped() -> Panel:
    drops = f"sum({increase_in_range('l2_capture_drops_total', DEVICE)})"
    frames = f"sum({increase_in_range('l2_capture_frames_total', DEVICE)})"
    return stat(
        "Dropped frames",
        now(f"{drops} / ({drops} + {frames} > 0)"),
        description="Share of the time range's frames that the kernel dropped because a ring was "
        "full: moves and claims may be among them. Empty: no frame was captured.",
        empty="No frame captured",
        unit="percentunit",
        width=4,
        steps=from_zero((0.0001, INFO), (DEFAULTS.capture_drops_ratio, WARNING)),
        words=NONE,
    ).decimals(2)


def _failing() -> Panel:
    return stat(
        "Collectors failing",
        now(f"sum({series('l2_scrape_collector_success')} == bool 0)"),
        description="Collectors that failed at the last scrape: their metrics are missing. Empty: "
        "no exporter answers.",
        empty="No exporter answers",
        unit="short",
        width=4,
        steps=from_zero((1, WARNING)),
        words=NONE,
    )

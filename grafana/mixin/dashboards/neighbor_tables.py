"""The kernel's neighbour tables: how full they are, in which states, and what found no place."""

from __future__ import annotations

from grafana_foundation_sdk.builders import stat as stat_builder
from grafana_foundation_sdk.builders import timeseries as timeseries_builder
from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.models.common import StackingConfig, StackingMode
from grafana_foundation_sdk.models.dashboard import Panel

from ..colours import CRITICAL, INFO, WARNING, from_zero
from ..panels import Built, coloured, counted, now, over_time, stat, timeseries
from ..thresholds import DEFAULTS
from ..variables import DEVICE, highest, increase, increase_in_range, series
from .lines import drawn


def panels() -> tuple[Builder[Panel], ...]:
    """All about them."""
    return (_fill("ipv4", "IPv4"), _fill("ipv6", "IPv6"), _states(), _troubles())


def fill() -> str:
    """PromQL of the share of gc_thresh3 that is taken, by host and family."""
    entries = series("l2_neighbor_table_entries")
    most = series("l2_neighbor_gc_threshold", 'level="3"')
    return f"{entries} / ignoring (level) {most}"


def fullest() -> stat_builder.Panel:
    """Of all hosts and both families."""
    return stat(
        "Fullest neighbour table",
        now(f"max({fill()})"),
        description="Entries of the fullest neighbour table against gc_thresh3, beyond which none "
        "is added.",
        empty="The kernel does not tell",
        unit="percentunit",
        width=8,
        height=3,
        steps=from_zero((DEFAULTS.neighbor_limit_ratio, WARNING)),
    )


def overflows() -> stat_builder.Panel:
    """Hosts that could not be reached for want of room."""
    return stat(
        "Neighbours without a place",
        now(f"sum({increase_in_range('l2_neighbor_table_overflows_total')})"),
        description="How often in the time shown an entry found no place in a full table: packets "
        "to that neighbour are lost.",
        empty="The kernel does not tell",
        unit="none",
        width=8,
        height=3,
        steps=from_zero((0.5, CRITICAL)),
    ).decimals(0)


def _fill(family: str, name: str) -> timeseries_builder.Panel:
    matcher = f'family="{family}"'
    entries = series("l2_neighbor_table_entries", matcher)
    levels = series("l2_neighbor_gc_threshold", matcher)
    panel = timeseries(
        f"Has the {name} neighbour table room?",
        over_time(highest(f"max by (instance) ({entries})"), "{{instance}}"),
        over_time(f"min by (level) ({levels})", "gc_thresh{{level}}"),
        description="Entries of the whole kernel, of all its network namespaces. Below gc_thresh1 "
        "idle entries are kept for ever, from gc_thresh2 on others are removed by force, at "
        "gc_thresh3 none is added. Of several hosts the lowest thresholds are drawn.",
        empty="The kernel does not tell",
        unit="none",
    )
    drawn(panel, "B", dashed=True)
    return coloured(panel, gc_thresh1=INFO, gc_thresh2=WARNING, gc_thresh3=CRITICAL)


def _states() -> timeseries_builder.Panel:
    panel = timeseries(
        "Which states are neighbours in?",
        over_time(
            f"sum by (family, state) ({series('l2_neighbor_entries', DEVICE)}) > 0",
            "{{family}} {{state}}",
        ),
        description="Entries by the kernel's states. Many that are incomplete or failed are of "
        "addresses where nobody is, as during a scan.",
        empty="No neighbours",
        unit="none",
    )
    stacked = StackingConfig(mode=StackingMode.NORMAL, group="A")
    return panel.stacking(Built(stacked)).fill_opacity(60)


def _troubles() -> timeseries_builder.Panel:
    kinds = {
        "no place": "l2_neighbor_table_overflows_total",
        "removed by force": "l2_neighbor_forced_gc_runs_total",
        "packets dropped": "l2_neighbor_unresolved_discards_total",
        "nobody answered": "l2_neighbor_failed_resolutions_total",
    }
    panel = counted(
        "What went wrong with neighbours?",
        *(over_time(f"sum({increase(metric)})", kind) for kind, metric in kinds.items()),
        description="Entries that found no place, runs that removed entries by force because the "
        "table was full, packets dropped while too many waited for an answer, and questions that "
        "nobody answered.",
        empty="The kernel does not tell",
        unit="none",
    )
    return coloured(
        panel,
        **{
            "no place": CRITICAL,
            "removed by force": WARNING,
            "packets dropped": "yellow",
            "nobody answered": INFO,
        },
    )

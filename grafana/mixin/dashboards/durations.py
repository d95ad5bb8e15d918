"""How long sleep proxies hold addresses."""

from __future__ import annotations

from typing import Final

from grafana_foundation_sdk.builders import stat as stat_builder
from grafana_foundation_sdk.builders import timeseries as timeseries_builder
from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.models.dashboard import Panel

from ..colours import GOOD, INFO, WARNING
from ..panels import coloured, counted, now, over_time, stat
from ..variables import DEVICE, VLAN, increase, increase_in_range
from .chosen import EACH

BUCKETS: Final = "l2_sleep_proxy_hold_duration_seconds_bucket"


def durations() -> tuple[Builder[Panel], ...]:
    """What half of them and nearly all do not exceed, and in classes over time."""
    return (
        _quantile(0.5, "How long does half of them last?", "Half of the holds"),
        _quantile(0.95, "How long do the longest last?", "95 of 100 holds"),
        _classes(),
    )


def _classes() -> timeseries_builder.Panel:
    minute, hour, lease, ever = map(_ended_within, ("60.0", "3600.0", "7200.0", "+Inf"))
    panel = counted(
        "How long had those lasted that ended?",
        over_time(minute, "up to a minute"),
        over_time(f"{hour} - {minute}", "up to an hour"),
        over_time(f"{lease} - {hour}", "up to two hours"),
        over_time(f"{ever} - {lease}", "longer"),
        description="Holds that were released, expired or lost, by how long they had lasted: a "
        "minute is a client that does not find its sleep, two hours are the usual lease. "
        f"{EACH}",
        empty="No sleep proxy was seen",
        unit="none",
        width=24,
    )
    return coloured(
        panel,
        **{
            "up to a minute": WARNING,
            "up to an hour": GOOD,
            "up to two hours": INFO,
            "longer": "purple",
        },
    )


def _ended_within(bound: str) -> str:
    within = f'le="{bound}"'
    return f"sum({increase(BUCKETS, DEVICE, VLAN, within)})"


def _quantile(quantile: float, title: str, which: str) -> stat_builder.Panel:
    buckets = f"sum by (le) ({increase_in_range(BUCKETS, DEVICE, VLAN)})"
    return stat(
        title,
        now(f"histogram_quantile({quantile:g}, {buckets}) >= 0"),
        description=f"{which} that ended in the time shown had lasted no longer. A day stands for "
        "a day or more.",
        empty="No hold ended in the time shown",
        unit="s",
        width=12,
    )

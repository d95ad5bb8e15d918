"""The variables at the top of every dashboard, and series that are narrowed by them.

`series("l2_arp_packets_total", DEVICE, VLAN, 'type="probe"')` is a selector that obeys the chosen
jobs and instances, and the matchers given; `rate` and `increase` are those of a graph's step,
`increase_in_range` that of the dashboard's whole time range; what has a line for each instance is
`highest`.
"""

from __future__ import annotations

from typing import Final

from grafana_foundation_sdk.models.common import DataSourceRef
from grafana_foundation_sdk.models.dashboard import (
    VariableModel,
    VariableOption,
    VariableRefresh,
    VariableSort,
    VariableType,
)

DATASOURCE: Final = DataSourceRef(type_val="prometheus", uid="${datasource}")

JOB: Final = 'job=~"$job"'
INSTANCE: Final = 'instance=~"$instance"'
DEVICE: Final = 'device=~"$device"'
VLAN: Final = 'vlan=~"$vlan"'
IP: Final = 'ip="$ip"'

LINES: Final = 20
"""As many as can be told apart in a graph."""

ANY: Final = ".+"
"""What `All` stands for where a label is never empty."""
ANY_OR_NONE: Final = ".*"
"""The same where it may be, as `vlan` of untagged frames."""


def series(metric: str, *matchers: str) -> str:
    """`metric` of the chosen jobs and instances, narrowed by `matchers`."""
    return f"{metric}{{{', '.join((JOB, INSTANCE, *matchers))}}}"


def rate(metric: str, *matchers: str) -> str:
    """Of a counter, a second, at each step of a graph."""
    return f"rate({series(metric, *matchers)}[$__rate_interval])"


def increase(metric: str, *matchers: str) -> str:
    """Of a counter, at each step of a graph."""
    return f"increase({series(metric, *matchers)}[$__rate_interval])"


def increase_in_range(metric: str, *matchers: str) -> str:
    """Of a counter, in the time that the dashboard shows."""
    return f"increase({series(metric, *matchers)}[$__range])"


def highest(expr: str) -> str:
    """Those of a fleet's series that are highest at each step of a graph."""
    return f"topk({LINES}, {expr})"


def datasource() -> VariableModel:
    """Which Prometheus is asked."""
    return VariableModel(
        type_val=VariableType.DATASOURCE,
        name="datasource",
        label="Data source",
        description="The Prometheus that scrapes the exporters.",
        query="prometheus",
    )


def choice(
    name: str, label: str, selector: str, description: str, *, all_value: str = ANY
) -> VariableModel:
    """Any number of the values of the label `name` that `selector` has in the time range."""
    variable = single(name, label, selector, description)
    variable.multi = True
    variable.include_all = True
    variable.all_value = all_value
    variable.current = VariableOption(selected=True, text=["All"], value=["$__all"])
    return variable


def single(name: str, label: str, selector: str, description: str) -> VariableModel:
    """One of the values of the label `name` that `selector` has in the time range."""
    query = f"label_values({selector}, {name})"
    return VariableModel(
        type_val=VariableType.QUERY,
        name=name,
        label=label,
        description=description,
        query=query,
        definition=query,
        datasource=DATASOURCE,
        refresh=VariableRefresh.ON_TIME_RANGE_CHANGED,
        sort=VariableSort.NATURAL_ASC,
    )


def common() -> tuple[VariableModel, ...]:
    """Those of every dashboard."""
    return (
        datasource(),
        choice("job", "Job", "l2_exporter_build_info", "Scrape jobs of the exporters."),
        choice(
            "instance",
            "Instance",
            f"l2_exporter_build_info{{{JOB}}}",
            "Exporters. Those of one segment all count what happens there: choose one of them to "
            f"see it once. Of many, graphs have the {LINES} highest lines.",
        ),
    )


def device(metric: str = "l2_capture_frames_total") -> VariableModel:
    """Devices that `metric` tells of."""
    return choice("device", "Device", series(metric), "Network devices that are watched.")


def vlan() -> VariableModel:
    """VLANs that neighbour discovery or ARP was seen in."""
    return choice(
        "vlan",
        "VLAN",
        series("", '__name__=~"l2_(arp|ndp)_packets_total"', DEVICE),
        "802.1Q VLANs. All has untagged frames too.",
        all_value=ANY_OR_NONE,
    )

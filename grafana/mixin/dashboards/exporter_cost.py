"""What the exporter page says of CPU, memory and time."""

from __future__ import annotations

from grafana_foundation_sdk.builders.timeseries import Panel

from ..colours import WARNING
from ..panels import over_time, timeseries
from ..thresholds import DEFAULTS
from ..variables import highest, rate, series


def cost() -> tuple[Panel, ...]:
    """What the process uses, and how long it takes to answer."""
    return (_cpu(), _memory(), _scrape(), _collectors())


def of_exporters(expr: str) -> str:
    """What every program tells of itself, of the exporters alone."""
    return f"{expr} and on (job, instance) {series('l2_exporter_build_info')}"


def _cpu() -> Panel:
    used = of_exporters(rate("process_cpu_seconds_total"))
    return timeseries(
        "CPU",
        over_time(highest(f"sum by (instance) ({used})"), "{{instance}}"),
        description="Cores that each exporter uses; 100 % is one core. Empty: none answers.",
        empty="No exporter answers",
        unit="percentunit",
    )


def _memory() -> Panel:
    resident = of_exporters(series("process_resident_memory_bytes"))
    return timeseries(
        "Memory",
        over_time(highest(f"sum by (instance) ({resident})"), "{{instance}}"),
        description="Resident memory. With all tables full it stays below the line; what is above "
        "it is a leak. Empty: none answers.",
        empty="No exporter answers",
        unit="bytes",
        steps=((DEFAULTS.memory_bytes, WARNING),),
    ).axis_soft_max(1.1 * DEFAULTS.memory_bytes)


def _scrape() -> Panel:
    took = of_exporters(series("scrape_duration_seconds"))
    return timeseries(
        "How long does a scrape take?",
        over_time(highest(f"max by (instance) ({took})"), "{{instance}}"),
        description="As Prometheus saw it, transport included. It must stay below the scrape "
        "timeout, 10 s by default. Empty: none answers.",
        empty="No exporter answers",
        unit="s",
    )


def _collectors() -> Panel:
    took = series("l2_scrape_collector_duration_seconds")
    slowest = f"topk(8, max by (collector) (max_over_time({took}[$__range] @ end())))"
    return timeseries(
        "Scrape time, by collector",
        over_time(f"max by (collector) ({took}) and on (collector) {slowest}", "{{collector}}"),
        description="The eight collectors that take longest at a scrape, on the slowest of "
        "the chosen instances. Empty: none answers.",
        empty="No exporter answers",
        unit="s",
    )

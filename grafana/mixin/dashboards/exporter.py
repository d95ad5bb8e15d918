"""L2 exporter: does it see everything, and what does it cost?"""

from __future__ import annotations

from grafana_foundation_sdk.builders import stat as stat_builder
from grafana_foundation_sdk.builders import statetimeline as timeline_builder
from grafana_foundation_sdk.builders import table as table_builder
from grafana_foundation_sdk.builders import timeseries as timeseries_builder
from grafana_foundation_sdk.models.dashboard import Dashboard

from ..colours import CRITICAL, GOOD, INFO, WARNING, from_zero
from ..layout import Section, dashboard_of
from ..pages import EXPORTER
from ..panels import NONE, Word, coloured, counted, now, over_time, stat, state_timeline, timeseries
from ..tables import Column, table
from ..thresholds import DEFAULTS
from ..variables import DEVICE, device, highest, increase, increase_in_range, rate, series
from .exporter_cost import cost, of_exporters
from .exporter_tables import kernel, tables
from .health import health

UP = {"0": Word("down", CRITICAL), "1": Word("up", GOOD)}


def dashboard() -> Dashboard:
    """Whether it can be trusted; then frames, cost, its own tables and the kernel's."""
    return dashboard_of(
        EXPORTER,
        "Can what the other pages show be trusted? Whether the exporters see every frame, what "
        "they skip or cannot read, what they cost, and whether their tables have room.",
        (device(),),
        Section("", (*health(), _configuration(), _lost(), _exporters())),
        Section("Is every frame seen?", (_frames(), _drops(), _ring(), _captures())),
        Section("What could not be read?", (_malformed(), _slow(), _skipped(), _errors())),
        Section("What does it cost?", cost()),
        Section("Do its tables have room?", tables()),
        Section("Is what the kernel knows complete?", kernel()),
    )


def _configuration() -> stat_builder.Panel:
    return stat(
        "Configuration errors",
        now(f"sum({series('l2_config_last_reload_successful')} == bool 0)"),
        description="Exporters whose configuration file was bad when it was last read: they go on "
        "with what was good before. Empty: no exporter answers.",
        empty="No exporter answers",
        unit="short",
        width=4,
        steps=from_zero((1, WARNING)),
        words=NONE,
    )


def _lost() -> stat_builder.Panel:
    evicted = increase_in_range("l2_tracked_evictions_total", f'table!~"{DEFAULTS.ageing_tables}"')
    refused = increase_in_range("l2_tracked_refusals_total")
    return stat(
        "Lost entries",
        now(f"sum({evicted}) + sum({refused})"),
        description="Entries in the time range that gave way in a full table, and sightings that "
        "found no place: totals count them, details have gaps. Evictions of tables whose entries "
        "nobody needs any more are left out. Empty: no exporter answers.",
        empty="No exporter answers",
        unit="short",
        width=4,
        steps=from_zero((1, WARNING)),
        words=NONE,
    ).decimals(0)


def _exporters() -> table_builder.Panel:
    by = "max by (job, instance)"
    started = of_exporters(series("process_start_time_seconds"))
    return table(
        "Which exporters are there?",
        {
            "instance": Column("Instance"),
            "job": Column("Job"),
            "version": Column("Version"),
            "Value #B": Column("Started", unit="dateTimeFromNow"),
            "Value #C": Column("Configuration read", unit="dateTimeFromNow"),
            "Value #D": Column("Devices captured"),
        },
        now(f"group by (job, instance, version) ({series('l2_exporter_build_info')})"),
        now(f"1000 * {by} ({started})"),
        now(f"1000 * {by} ({series('l2_config_last_reload_success_timestamp_seconds')})"),
        now(f"sum by (job, instance) ({series('l2_capture_up', DEVICE)})"),
        description="Exporters that answer now, with their version. One that is missing here is "
        "down, or is no target of this Prometheus.",
        empty="No exporter answers",
        unit="short",
        height=6,
    )


def _frames() -> timeseries_builder.Panel:
    frames = rate("l2_capture_frames_total", DEVICE)
    return timeseries(
        "Frames handled, by lane",
        over_time(
            highest(f"sum by (instance, device, lane) ({frames})"),
            "{{instance}} {{device}} {{lane}}",
        ),
        description="Frames a second that were taken from the rings. The fast lane has ARP and "
        "neighbour discovery, the slow lane what is dissected one by one (mDNS, DHCP, VRRP...). "
        "Empty: nothing is captured.",
        empty="Nothing is captured",
        unit="pps",
    )


def _drops() -> timeseries_builder.Panel:
    drops = rate("l2_capture_drops_total", DEVICE)
    return timeseries(
        "Frames dropped, by lane",
        over_time(
            highest(f"sum by (instance, device, lane) ({drops})"),
            "{{instance}} {{device}} {{lane}}",
        ),
        description="Frames a second that the kernel dropped because a ring was full: a storm, or "
        "too little CPU. Moves and claims may be among them. Empty: nothing is captured.",
        empty="Nothing is captured",
        unit="pps",
    )


def _ring() -> timeseries_builder.Panel:
    used = series("l2_capture_ring_used_ratio", DEVICE)
    return timeseries(
        "How full do the rings get?",
        over_time(
            highest(f"max by (instance, device, lane) ({used})"), "{{instance}} {{device}} {{lane}}"
        ),
        description="Highest share of a ring that was found full within two minutes: at 100 % "
        "frames are dropped. Empty: nothing is captured.",
        empty="Nothing is captured",
        unit="percentunit",
        steps=((1, WARNING),),
    ).max(1)


def _captures() -> timeline_builder.Panel:
    up = series("l2_capture_up", DEVICE)
    return state_timeline(
        "On which devices are frames captured?",
        over_time(f"min by (instance, device) ({up})", "{{instance}} {{device}}"),
        description="A device that is down, or an exporter without CAP_NET_RAW, captures nothing. "
        "A gap: the exporter did not answer, or there was no such device.",
        empty="Nothing is captured",
        unit="none",
        width=12,
        words=UP,
    )


def _malformed() -> timeseries_builder.Panel:
    errors = increase("l2_frame_errors_total", DEVICE)
    return counted(
        "Malformed frames, by reason",
        over_time(f"sum by (protocol, reason) ({errors}) > 0", "{{protocol}}: {{reason}}"),
        description="Frames that are not what their protocol says: a broken sender, or "
        "somebody who tries what happens. They change nothing that is known. Of the slow "
        "lane's protocols (DHCP, mDNS...) each one's first begins the count, and is not here. "
        "Empty: none came.",
        empty="No malformed frame",
        unit="short",
    )


def _slow() -> timeseries_builder.Panel:
    packets = rate("l2_slow_packets_total", DEVICE)
    return coloured(
        timeseries(
            "Slow lane, by result",
            over_time(f"sum by (result) ({packets})", "{{result}}"),
            description="Packets a second that are dissected one by one. Passed over: a look told "
            "that nothing in them matters. Skipped: there was no CPU time left for them. Empty: "
            "none came.",
            empty="Nothing to dissect",
            unit="pps",
        ),
        dissected=GOOD,
        passed_over=INFO,
        skipped=WARNING,
        malformed=CRITICAL,
    )


def _skipped() -> timeseries_builder.Panel:
    skipped = increase("l2_slow_packets_total", DEVICE, 'result="skipped"')
    return counted(
        "Skipped dissections, by protocol",
        over_time(
            highest(f"sum by (instance, protocol) ({skipped}) > 0"), "{{instance}} {{protocol}}"
        ),
        description="Packets that might have mattered, but the CPU time for dissection, "
        "or their sender's share of it, was used up: causes of moves may be unknown meanwhile. "
        "Empty: none was skipped.",
        empty="No packet was skipped",
        unit="short",
    )


def _errors() -> timeseries_builder.Panel:
    errors = increase("l2_collector_errors_total")
    return counted(
        "Collectors that fail",
        over_time(
            highest(f"sum by (instance, collector) ({errors}) > 0"), "{{instance}} {{collector}}"
        ),
        description="Errors at scrapes or on frames: what the collector tells is "
        "missing or incomplete, and the log names the error. Empty: none fails.",
        empty="No collector fails",
        unit="short",
    )

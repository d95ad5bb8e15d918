"""The exporter itself: what it does not see, it does not report."""

from __future__ import annotations

from ..rules import Alert, Group
from ..thresholds import Thresholds


def group(t: Thresholds) -> Group:
    """Return the alerts about the exporter."""
    alerts = _down(t), _capture_down(t), _drops(t), _failing(t), _table_full(t), _memory(t)
    return Group("l2_exporter", alerts)


def _down(t: Thresholds) -> Alert:
    """A share of scrapes, so that one that is started again and again does not pass for up."""
    up = f'up{{job="{t.job}"}}[{t.exporter_down_window}]'
    return Alert(
        name="L2ExporterDown",
        expr=f"""
            avg_over_time({up}) < {t.exporter_answered_ratio:g}
            or
            absent_over_time({up}) - 1
        """,
        pending=t.exporter_down_pending,
        because="A host that boots is back within minutes, and that must wake nobody.",
        severity="critical",
        summary=(
            "{{ if $labels.instance }}l2exporter on {{ $labels.instance }} does not answer."
            "{{ else }}Prometheus scrapes no l2exporter.{{ end }}"
        ),
        description=(
            "{{ if $labels.instance }}{{ $labels.instance }} answered"
            f" {{{{ $value | humanizePercentage }}}} of the scrapes of {t.exporter_down_window}."
            f"{{{{ else }}}}There was no target of the job {t.job} for {t.exporter_down_window}."
            "{{ end }} Meanwhile nothing tells of moves, claims or floods there."
        ),
    )


def _capture_down(t: Thresholds) -> Alert:
    return Alert(
        name="L2CaptureDown",
        expr="l2_capture_up == 0",
        pending=t.capture_down_pending,
        because="Devices are down while a host starts, and for short maintenance.",
        severity="warning",
        summary="No frames are captured on {{ $labels.device }} of {{ $labels.instance }}.",
        description=(
            "l2_capture_up of {{ $labels.device }} is {{ $value }}: the device is down or gone,"
            " CAP_NET_RAW is missing, or there are more devices than limits.devices. What happens"
            " there is not seen."
        ),
    )


def _drops(t: Thresholds) -> Alert:
    drops = f"rate(l2_capture_drops_total[{t.capture_drops_window}])"
    frames = f"rate(l2_capture_frames_total[{t.capture_drops_window}])"
    return Alert(
        name="L2CaptureDrops",
        expr=f"""
            {drops}
            / ({drops} + {frames})
              > {t.capture_drops_ratio:g}
        """,
        pending=t.capture_drops_pending,
        because="A pause of the machine overfills a ring once; drops that go on hide moves.",
        severity="warning",
        summary=(
            "Frames on {{ $labels.device }} of {{ $labels.instance }} are dropped before the"
            " exporter sees them."
        ),
        description=(
            "{{ $value | humanizePercentage }} of the frames for the {{ $labels.lane }} lane of"
            " {{ $labels.device }} are dropped, since its ring is full: there is a storm, or the"
            " exporter gets too little CPU. Moves and claims may be among them."
        ),
    )


def _failing(t: Thresholds) -> Alert:
    """Errors tell of frames too, where l2_scrape_collector_success is of scrapes alone."""
    return Alert(
        name="L2CollectorFailing",
        expr=f"increase(l2_collector_errors_total[{t.collector_errors_window}]) > 0",
        pending=t.collector_failing_pending,
        because=(
            "A kernel table that changes while it is read can fail a collector once; what fails"
            " again and again does not mend itself."
        ),
        severity="warning",
        summary="Collector {{ $labels.collector }} fails on {{ $labels.instance }}.",
        description=(
            'It failed {{ $value | printf "%.0f" }} times within'
            f" {t.collector_errors_window}. Where a scrape finds it failing, all of its metrics are"
            " absent; where it fails on frames, they are not counted. The log names the error once."
        ),
    )


def _table_full(t: Thresholds) -> Alert:
    """To be full is no loss, and a refusal none where it only bounds how fast new ones enter."""
    evictions = f'l2_tracked_evictions_total{{table!~"{t.ageing_tables}"}}'
    return Alert(
        name="L2TableFull",
        expr=f"""
            (
              increase(l2_tracked_refusals_total[{t.table_full_window}]) > 0
              and l2_tracked_entries >= l2_tracked_limit
            )
            or
            increase({evictions}[{t.table_full_window}]) > 0
        """,
        pending=t.table_full_pending,
        because=(
            "A scan or a flood fills a table and passes; a table that is too small for its network"
            " goes on to lose what it should hold."
        ),
        severity="warning",
        summary="Table {{ $labels.table }} of l2exporter on {{ $labels.instance }} is full.",
        description=(
            '{{ $value | printf "%.0f" }} times within'
            f" {t.table_full_window} something found no place in {{{{ $labels.table }}}}, or took"
            " that of what is still needed. Totals count it all the same; what is told of single"
            " addresses, hosts or holds has gaps."
        ),
    )


def _memory(t: Thresholds) -> Alert:
    """Every Python program has this metric: it is known by the version beside it."""
    return Alert(
        name="L2ExporterMemoryHigh",
        expr=f"""
            process_resident_memory_bytes > {t.memory_bytes}
            and on (job, instance) l2_exporter_build_info
        """,
        pending=t.memory_pending,
        because="A scrape of full tables takes some MB for a moment.",
        severity="warning",
        summary="l2exporter on {{ $labels.instance }} needs more memory than its tables can take.",
        description=(
            "{{ $value | humanize }}B are resident. With every table full it should be less than"
            f" {t.memory_bytes / 1e6:.0f} MB, whatever happens on the wire: it looks like a leak."
        ),
    )

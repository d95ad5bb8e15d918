"""What the exporter page says of tables: the exporter's own, and those that it reads."""

from __future__ import annotations

from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.models.dashboard import Panel

from ..colours import GOOD, INFO, WARNING, from_zero
from ..panels import Word, bar_gauge, counted, now, over_time, state_timeline, timeseries
from ..variables import highest, increase, rate, series


def tables() -> tuple[Builder[Panel], ...]:
    """Entries against caps, and what gave way or was turned away."""
    return (_fill(), _evictions(), _refusals())


def kernel() -> tuple[Builder[Panel], ...]:
    """Whether readings succeed, and whether the FDB's events all arrive."""
    return (_netlink(), _events(), _synchronized())


def _fill() -> Builder[Panel]:
    filled = f"{series('l2_tracked_entries')} / {series('l2_tracked_limit')}"
    return bar_gauge(
        "Tables against their caps",
        now(f"sort_desc(max by (table) ({filled}))", "{{table}}"),
        description="How full each of the exporter's tables is, on the instance where it is "
        "fullest. A full table costs nothing as long as nothing that is needed gives way: see "
        "below. Empty: no exporter answers.",
        empty="No exporter answers",
        unit="percentunit",
        width=24,
        height=16,
        steps=from_zero((0.8, INFO)),
    )


def _evictions() -> Builder[Panel]:
    evicted = increase("l2_tracked_evictions_total")
    return counted(
        "Evictions, by table",
        over_time(highest(f"sum by (instance, table) ({evicted}) > 0"), "{{instance}} {{table}}"),
        description="Entries that gave way to new ones, the oldest that never moved "
        "first. Devices, VLANs and moving MACs are nothing to worry about: only what is gone or "
        "idle gives way there. Empty: none gave way.",
        empty="Nothing gave way",
        unit="short",
    )


def _refusals() -> Builder[Panel]:
    refused = increase("l2_tracked_refusals_total")
    return counted(
        "Refusals, by table",
        over_time(highest(f"sum by (instance, table) ({refused}) > 0"), "{{instance}} {{table}}"),
        description="Sightings that are in totals only, because a table had no place or "
        "admits no faster: a scan, a flood, or a network larger than the cap. Empty: none was "
        "turned away.",
        empty="Nothing was turned away",
        unit="short",
    )


def _netlink() -> Builder[Panel]:
    return counted(
        "Readings that went wrong",
        *(
            over_time(f"sum({increase(f'l2_netlink_{what}_total')})", words)
            for what, words in (
                ("dump_failures", "failed"),
                ("dump_interruptions", "begun anew"),
                ("malformed_messages", "malformed"),
                ("overruns", "events lost"),
            )
        ),
        description="Readings that failed, that were begun anew because the table "
        "changed meanwhile, messages left out because they could not be believed, and times that "
        "the kernel dropped events, for which a new reading makes up. Empty: nothing of the kernel "
        "is read.",
        empty="Nothing of the kernel is read",
        unit="short",
    )


def _events() -> Builder[Panel]:
    readings, events = rate("l2_netlink_dumps_total"), rate("l2_netlink_events_total")
    return timeseries(
        "Readings and events",
        over_time(highest(f"sum by (instance) ({readings})"), "{{instance}}: readings"),
        over_time(highest(f"sum by (instance) ({events})"), "{{instance}}: events"),
        description="Complete readings of kernel tables, and changes between them that the kernel "
        "told of, a second. Empty: nothing of the kernel is read.",
        empty="Nothing of the kernel is read",
        unit="ops",
    )


def _synchronized() -> Builder[Panel]:
    return state_timeline(
        "Are all FDB entries known?",
        over_time(f"min by (instance) ({series('l2_bridge_fdb_synchronized')})", "{{instance}}"),
        description="Whether all entries of the bridges' FDBs are known: not so before the first "
        "reading, and after lost events until the next. What is missing from the FDB is not told "
        "meanwhile. Empty: no FDB is read.",
        empty="No FDB is read",
        unit="none",
        height=6,
        words={"0": Word("in part", WARNING), "1": Word("all", GOOD)},
    )

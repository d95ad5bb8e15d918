"""Bridges that forget a host which its neighbours remember, and what is flooded then."""

from __future__ import annotations

from typing import Final

from grafana_foundation_sdk.builders import stat as stat_builder
from grafana_foundation_sdk.builders import statetimeline as timeline_builder
from grafana_foundation_sdk.builders import table as table_builder
from grafana_foundation_sdk.builders import timeseries as timeseries_builder

from ..colours import CRITICAL, GOOD, INFO, NO_DATA, WARNING, from_zero
from ..pages import ADDRESS
from ..panels import Word, coloured, counted, now, over_time, stat, state_timeline, timeseries
from ..tables import Column, table
from ..thresholds import DEFAULTS
from ..variables import DEVICE, highest, increase, increase_in_range, rate, series
from .lines import drawn

BRIDGE: Final = 'bridge=~"$bridge"'

AGEING: Final = series("l2_bridge_ageing_seconds", BRIDGE)

IN_DEMAND: Final = 'event="aged_out_in_demand"'


def missing_now() -> stat_builder.Panel:
    """It is about to happen."""
    return stat(
        "Forgotten neighbours",
        now(f"sum({series('l2_neighbor_missing_from_fdb', BRIDGE)})"),
        description="Neighbours of the hosts themselves whose MAC a bridge does not know: the next "
        "frame to each is flooded.",
        empty="No bridge, or its FDB is not known in full",
        unit="none",
        width=8,
        height=3,
        steps=from_zero((1, WARNING)),
    )


def flooded_now() -> stat_builder.Panel:
    """It is happening."""
    return stat(
        "Flooded frames",
        now(f"max({rate('l2_unknown_unicast_frames_total', DEVICE)})"),
        description="Frames a second, at the device with most, that were not for who got them.",
        empty="Not counted: see docs/flooding.md",
        unit="pps",
        width=8,
        height=3,
        steps=from_zero((DEFAULTS.flooding_frames_per_second, WARNING)),
    )


def forgotten_in_demand() -> stat_builder.Panel:
    """It is happening, whoever sends."""
    events = increase_in_range("l2_bridge_fdb_events_total", BRIDGE, IN_DEMAND)
    return stat(
        "Forgotten in demand",
        now(f"sum({events})"),
        description="MACs that aged out in the time shown while frames for them were coming. "
        f"{DEFAULTS.aged_out_in_demand} of one bridge within {DEFAULTS.aged_out_window} alert.",
        empty="No bridge",
        unit="none",
        width=8,
        height=3,
        steps=from_zero((0.5, INFO), (DEFAULTS.aged_out_in_demand, WARNING)),
    ).decimals(0)


def crossing() -> timeseries_builder.Panel:
    """Where a neighbour's line is above its bridge's, frames can be flooded."""
    kept = series("l2_neighbor_retention_seconds", 'device=~"$bridge"', 'bound="max"')
    of_bridges = (
        f'label_replace({kept}, "bridge", "$1", "device", "(.+)")'
        f" and on (job, instance, bridge) {AGEING}"
    )
    panel = timeseries(
        "Do neighbour entries outlive the FDB?",
        over_time(AGEING, "{{bridge}} remembers ({{instance}})"),
        over_time(f"({of_bridges}) < Inf", "{{family}} on {{bridge}} kept ({{instance}})"),
        over_time(
            f"clamp_max(({of_bridges}) == Inf, 2 * scalar(max({AGEING})))",
            "{{family}} on {{bridge}} kept without limit ({{instance}})",
        ),
        description="How long a bridge remembers a MAC that is silent, and for how long at most "
        "the host keeps an idle neighbour behind it. The lines must not cross: where a neighbour "
        "is kept for longer, a frame to a quiet host is flooded. Kept without limit, as it is "
        "below gc_thresh1, is drawn at twice the longest of the bridges' times.",
        empty="No bridge",
        unit="s",
    )
    drawn(panel, "A", GOOD)
    drawn(panel, "B", WARNING)
    return drawn(panel, "C", CRITICAL, dashed=True)


def verdicts() -> timeline_builder.Panel:
    """Of settings, topology change and fill of the neighbour table together."""
    return state_timeline(
        "When could a quiet host be flooded?",
        over_time(
            f"max by (instance, bridge, family) ({series('l2_neighbor_outlives_fdb', BRIDGE)})",
            "{{bridge}} {{family}} {{instance}}",
        ),
        description="Whether an idle neighbour can be kept for longer than the bridge keeps its "
        "MAC, by all devices on top of the bridge. docs/flooding.md has the remedies.",
        empty="No bridge",
        unit="none",
        width=12,
        words={"0": Word("no", GOOD), "1": Word("yes", WARNING)},
    )


def missing() -> table_builder.Panel:
    """Up to a cap."""
    labels = ("ip", "mac", "bridge", "device", "instance")
    info = series("l2_neighbor_missing_from_fdb_info", BRIDGE, DEVICE)
    return table(
        "Which neighbours has the bridge forgotten?",
        {
            "ip": Column("Address", url=ADDRESS.url(ip="${__value.raw}"), url_title=ADDRESS.title),
            "mac": Column("MAC"),
            "bridge": Column("Bridge"),
            "device": Column("Device"),
            "instance": Column("Instance"),
        },
        now(f"max by ({', '.join(labels)}) ({info})"),
        description="Addresses that the host would send to without asking, and whose MAC the "
        "bridge does not know: at most 128 of them are named.",
        empty="None on these devices: bridges know every neighbour in use, or there is no bridge",
        unit="none",
        height=6,
    )


def missing_over_time() -> timeseries_builder.Panel:
    """The number is exact."""
    absent = series("l2_neighbor_missing_from_fdb", BRIDGE)
    return timeseries(
        "How many had a bridge forgotten?",
        over_time(
            highest(f"max by (instance, bridge, family) ({absent})"),
            "{{bridge}} {{family}} {{instance}}",
        ),
        description="A host that is spoken to answers, and is known again: a number that stays up "
        "is of hosts that do not answer.",
        empty="No bridge, or its FDB is not known in full",
        unit="none",
    )


def flooded() -> timeseries_builder.Panel:
    """Opt-in."""
    frames = rate("l2_unknown_unicast_frames_total", DEVICE)
    return timeseries(
        "How much is flooded?",
        over_time(
            highest(f"max by (instance, device) ({frames})"),
            "{{instance}} {{device}}",
        ),
        description="Unicast frames that reached a device though they were not for it or anybody "
        "behind it. A mirror port has them always; while a MAC moves back and forth they count "
        "too. The dashed line is the alert's.",
        empty="Not counted: see --capture.unknown-unicast and --capture.guest-unknown-unicast",
        unit="pps",
        steps=((DEFAULTS.flooding_frames_per_second, WARNING),),
    )


def events() -> timeseries_builder.Panel:
    """What the bridge learned and forgot."""
    changes = increase("l2_bridge_fdb_events_total", BRIDGE)
    panel = counted(
        "What do bridges learn and forget?",
        over_time(f"sum by (event) ({changes})", "{{event}}"),
        description="Changes of the FDBs. aged_out_in_demand are MACs that were forgotten while "
        "frames for them were coming: from then on these are flooded. flushed are many at once "
        "when a port goes down or the topology changes.",
        empty="No bridge",
        unit="none",
    )
    return coloured(
        panel,
        learned=GOOD,
        aged_out=INFO,
        aged_out_in_demand=WARNING,
        moved="yellow",
        flushed="purple",
        added=NO_DATA,
        removed=NO_DATA,
    )

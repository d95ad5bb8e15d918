"""L2 bridges and neighbours: what does each of them remember, and have they room?"""

from __future__ import annotations

from grafana_foundation_sdk.builders import stat as stat_builder
from grafana_foundation_sdk.builders import statetimeline as timeline_builder
from grafana_foundation_sdk.builders import table as table_builder
from grafana_foundation_sdk.builders import timeseries as timeseries_builder
from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.models.dashboard import Dashboard, Panel, VariableModel

from ..codes import PORT_STATE, timeline
from ..colours import CRITICAL, GOOD, WARNING, from_zero
from ..layout import Section, dashboard_of
from ..pages import BRIDGES
from ..panels import Word, counted, now, over_time, stat, state_timeline, timeseries
from ..tables import Column, table
from ..thresholds import DEFAULTS
from ..variables import ANY_OR_NONE, VLAN, choice, highest, increase, increase_in_range, series
from . import forgetting, neighbor_tables
from .forgetting import BRIDGE
from .lines import drawn


def dashboard() -> Dashboard:
    """The dashboard."""
    return dashboard_of(
        BRIDGES,
        "Do bridges and neighbour tables remember the same, and have they room?",
        (_bridge(), _device(), _vlan()),
        Section("", _figures()),
        Section("Can a quiet host be flooded?", (forgetting.crossing(), forgetting.verdicts())),
        Section(
            "Is one forgotten, and is anything flooded?",
            (forgetting.missing(), forgetting.missing_over_time(), forgetting.flooded()),
        ),
        Section("How full are the bridges?", (_learned(), _by_port())),
        Section(
            "What do bridges learn, forget and see move?",
            (forgetting.events(), _moves(), _moving()),
        ),
        Section("Does the topology change?", (_port_states(), _topology())),
        Section("Have the neighbour tables room?", neighbor_tables.panels()),
    )


def _bridge() -> VariableModel:
    return choice("bridge", "Bridge", series("l2_bridge_ageing_seconds"), "Linux bridges.")


def _device() -> VariableModel:
    metrics = '__name__=~"l2_neighbor_entries|l2_unknown_unicast_frames_total"'
    return choice(
        "device", "Device", series("", metrics), "Devices with neighbours, or that are flooded."
    )


def _vlan() -> VariableModel:
    return choice(
        "vlan",
        "VLAN",
        series("l2_bridge_fdb_entries", BRIDGE),
        "VLANs of the FDBs. All has bridges that tell none apart too.",
        all_value=ANY_OR_NONE,
    )


def _figures() -> tuple[Builder[Panel], ...]:
    """From what is about to happen to what is too late."""
    return (
        *(forgetting.missing_now(), forgetting.forgotten_in_demand(), forgetting.flooded_now()),
        *(_fullest(), neighbor_tables.fullest(), neighbor_tables.overflows()),
    )


def _fullest() -> stat_builder.Panel:
    learned = series("l2_bridge_fdb_learned_entries", BRIDGE)
    limit = series("l2_bridge_fdb_learned_limit", BRIDGE)
    return stat(
        "Fullest bridge",
        now(f"max({learned} / {limit})"),
        description="Learned MACs against the limit of the bridge; 0 where it has none.",
        empty="No bridge, or an older kernel",
        unit="percentunit",
        width=8,
        height=3,
        steps=from_zero((DEFAULTS.fdb_limit_ratio, WARNING)),
    )


def _learned() -> timeseries_builder.Panel:
    learned = series("l2_bridge_fdb_learned_entries", BRIDGE)
    limit = series("l2_bridge_fdb_learned_limit", BRIDGE)
    shown = highest(f"max by (instance, bridge) ({learned})")
    limits = f"max by (instance, bridge) ({limit} < Inf) and {shown}"
    panel = timeseries(
        "How near is each bridge to its limit?",
        over_time(shown, "{{instance}} {{bridge}}"),
        over_time(limits, "limit of {{instance}} {{bridge}}"),
        description="MACs that each bridge has learned, and how many it may. At the limit it "
        "learns no more, and floods what is sent to newcomers. By default there is no limit.",
        empty="No bridge, or an older kernel that does not count",
        unit="none",
    )
    return drawn(panel, "B", CRITICAL, dashed=True)


def _by_port() -> timeseries_builder.Panel:
    entries = series("l2_bridge_fdb_entries", BRIDGE, VLAN, 'kind!="local"')
    return timeseries(
        "Behind which port are the MACs?",
        over_time(
            highest(f"sum by (instance, bridge, port) ({entries})"),
            "{{instance}} {{bridge}} {{port}}",
        ),
        description="FDB entries by port, without the host's own addresses. A port with far more "
        "than its guests leads to another switch, or somebody there makes MACs up.",
        empty="No bridge, or its FDB was not read yet",
        unit="none",
    )


def _moves() -> timeseries_builder.Panel:
    moves = increase("l2_bridge_fdb_moves_total", BRIDGE, VLAN)
    return counted(
        "Do MACs move between ports?",
        over_time(
            highest(f"sum by (instance, bridge, vlan) ({moves})"),
            "{{instance}} {{bridge}} {{vlan}}",
        ),
        description="MACs seen behind another port than before: a guest that migrates moves once, "
        "a loop or a copied MAC moves without end.",
        empty="No bridge, or its FDB was not read yet",
        unit="none",
    )


def _moving() -> table_builder.Panel:
    moves = increase_in_range("l2_bridge_fdb_mac_moves_total", BRIDGE, VLAN)
    return table(
        "Which MACs move?",
        {
            "mac": Column("MAC"),
            "Value": Column("Moves"),
            "bridge": Column("Bridge"),
            "vlan": Column("VLAN"),
            "instance": Column("Instance"),
        },
        now(f"topk(10, sum by (mac, bridge, vlan, instance) ({moves}) > 0)"),
        description="The ten that moved most in the time shown. A MAC's first move is where "
        "its count begins: only those that move again are here.",
        empty="No MAC moved more than once",
        unit="none",
        height=6,
    ).decimals(0)


def _port_states() -> timeline_builder.Panel:
    return timeline(
        "Which ports forward?",
        PORT_STATE,
        "bridge, port, instance",
        series("l2_bridge_port_state_info", BRIDGE),
        description="The spanning tree state of each port: disabled while it is down, blocking "
        "where it would close a loop.",
        empty="No bridge has a port",
        unit="none",
        width=12,
    )


def _topology() -> timeline_builder.Panel:
    change = series("l2_bridge_topology_change", BRIDGE)
    return state_timeline(
        "When did the topology change?",
        over_time(f"max by (instance, bridge) ({change})", "{{bridge}} {{instance}}"),
        description="While a spanning tree changes, its bridges forget MACs after the forward "
        "delay, 15 s, instead of the ageing time, and flood until they learn anew.",
        empty="No bridge",
        unit="none",
        width=12,
        words={"0": Word("stable", GOOD), "1": Word("changing", WARNING)},
    )

"""L2 overview: is anything wrong on my segments now?"""

from __future__ import annotations

from grafana_foundation_sdk.builders import bargauge as bargauge_builder
from grafana_foundation_sdk.builders import stat as stat_builder
from grafana_foundation_sdk.builders import table as table_builder
from grafana_foundation_sdk.builders import timeseries as timeseries_builder
from grafana_foundation_sdk.models.dashboard import Dashboard

from ..colours import CRITICAL, WARNING, from_zero
from ..layout import Section, dashboard_of
from ..pages import ADDRESS, BRIDGES, EXPORTER, OVERVIEW
from ..panels import bar_gauge, by_cause, counted, leading_to, now, over_time, timeseries
from ..tables import Column, table
from ..thresholds import DEFAULTS
from ..variables import (
    DEVICE,
    VLAN,
    device,
    highest,
    increase,
    increase_in_range,
    rate,
    series,
    vlan,
)
from . import neighbor_tables
from .chosen import EACH
from .firing import alerts
from .gateways import protected
from .health import health
from .verdicts import verdicts


def dashboard() -> Dashboard:
    """Verdicts first, then what is behind each of them."""
    return dashboard_of(
        OVERVIEW,
        "Is anything wrong on my segments now? What is green needs nobody; every panel leads to "
        "the page that tells more.",
        (device(), vlan()),
        Section("", (*verdicts(), *_health(), alerts())),
        Section("Which addresses move, and why?", (_moves(), _gratuitous(), _movers())),
        Section("Are gateways and servers where they belong?", (protected(),)),
        Section("Have bridges and neighbour tables room?", (_fill(), _missing())),
    )


def _health() -> tuple[stat_builder.Panel, ...]:
    return tuple(leading_to(EXPORTER, panel) for panel in health())


def _moves() -> timeseries_builder.Panel:
    moves = increase("l2_moves_by_cause_total", DEVICE, VLAN)
    return by_cause(
        counted(
            "Moves by cause",
            over_time(f"sum by (cause) ({moves}) > 0", "{{cause}}"),
            description="How often addresses moved to another MAC, by what it was. Blue, green and "
            "purple are sleep proxies, failovers, leases and hosts with two interfaces; yellow is "
            f"unexplained, orange a duplicate address, red suspected spoofing. {EACH}",
            empty="No address moved",
            unit="short",
            page=ADDRESS,
        )
    )


def _gratuitous() -> timeseries_builder.Panel:
    sent = rate("l2_arp_packets_total", DEVICE, VLAN, 'type=~"announcement|gratuitous_reply"')
    return timeseries(
        "Gratuitous ARP",
        over_time(highest(f"sum by (instance, device) ({sent})"), "{{instance}} {{device}}"),
        description="Gratuitous ARP packets a second, by device. A few when hosts start, wake or "
        "fail over; a steady stream is a storm or a conflict. Above the line the alert compares it "
        "with what is usual there. Empty: no ARP was received.",
        empty="No ARP was received",
        unit="pps",
        steps=((DEFAULTS.storm_packets_per_second, WARNING),),
        page=ADDRESS,
    )


def _movers() -> table_builder.Panel:
    by = "sum by (instance, device, vlan, ip)"
    arp = f"{by} ({increase_in_range('l2_arp_moves_total', DEVICE, VLAN)})"
    ndp = f"{by} ({increase_in_range('l2_ndp_moves_total', DEVICE, VLAN)})"
    return table(
        "Which addresses moved most?",
        {
            "ip": Column(
                "Address",
                url=ADDRESS.url(ip="${__value.raw}", instance="${__data.fields.instance}"),
                url_title="What happened to this address",
            ),
            "Value": Column("Moves", width=90),
            "instance": Column("Instance"),
            "device": Column("Device"),
            "vlan": Column("VLAN"),
        },
        now(f"topk(10, ({arp} or {ndp}) > 0)"),
        description="The ten addresses that moved most in the time range, as each exporter saw "
        "it. Empty: none moved.",
        empty="No address moved",
        unit="short",
        page=ADDRESS,
    ).decimals(0)


def _fill() -> bargauge_builder.Panel:
    learned = series("l2_bridge_fdb_learned_entries")
    limit = series("l2_bridge_fdb_learned_limit")
    return bar_gauge(
        "How full are the kernel's tables?",
        now(f"topk(8, {learned} / ({limit} < +Inf))", "{{instance}} {{bridge}}: FDB"),
        now(f"topk(8, {neighbor_tables.fill()})", "{{instance}} {{family}}: neighbours"),
        description="Learned MACs of bridges that have a limit, and neighbour entries against "
        "gc_thresh3. A full FDB floods what is sent to newcomers; with a full neighbour table "
        "hosts cannot be reached. Shown are the eight fullest of each; bridges without a limit are "
        "not.",
        empty="Nothing is told of bridges' limits and neighbour tables",
        unit="percentunit",
        steps=from_zero(
            (min(DEFAULTS.fdb_limit_ratio, DEFAULTS.neighbor_limit_ratio), WARNING), (1, CRITICAL)
        ),
        page=BRIDGES,
    )


def _missing() -> timeseries_builder.Panel:
    missing = series("l2_neighbor_missing_from_fdb")
    aged_out = increase("l2_bridge_fdb_events_total", 'event="aged_out_in_demand"')
    return timeseries(
        "Does a bridge forget and flood?",
        over_time(
            highest(f"sum by (instance, bridge) ({missing})"), "{{instance}} {{bridge}}: forgotten"
        ),
        over_time(
            highest(f"sum by (instance, bridge) ({aged_out})"),
            "{{instance}} {{bridge}}: aged out in use",
        ),
        description="Neighbours that a host uses while its bridge has forgotten behind which port "
        "they are, and MACs that aged out while frames for them were coming: both are flooded to "
        "every port (docs/flooding.md). Empty: no bridge is watched.",
        empty="No bridge with neighbours",
        unit="short",
        page=BRIDGES,
    ).decimals(0)

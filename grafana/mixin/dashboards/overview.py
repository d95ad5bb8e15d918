"""L2 overview: is anything wrong on my segments now?"""

from __future__ import annotations

from grafana_foundation_sdk.builders import bargauge as bargauge_builder
from grafana_foundation_sdk.builders import stat as stat_builder
from grafana_foundation_sdk.builders import table as table_builder
from grafana_foundation_sdk.builders import timeseries as timeseries_builder
from grafana_foundation_sdk.models.common import TableSortByFieldState
from grafana_foundation_sdk.models.dashboard import Dashboard

from ..colours import CRITICAL, INFO, WARNING, from_zero
from ..layout import Section, dashboard_of
from ..pages import ADDRESS, BRIDGES, EXPORTER, OVERVIEW
from ..panels import (
    Built,
    Word,
    bar_gauge,
    by_cause,
    counted,
    leading_to,
    now,
    over_time,
    timeseries,
)
from ..recording import BENIGN
from ..rules import RUNBOOKS
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
from .chosen import EACH, SAME
from .health import health
from .verdicts import verdicts


def dashboard() -> Dashboard:
    """Verdicts first, then what is behind each of them."""
    return dashboard_of(
        OVERVIEW,
        "Is anything wrong on my segments now? What is green needs nobody; every panel leads to "
        "the page that tells more.",
        (device(), vlan()),
        Section("", (*verdicts(), *_health(), _alerts())),
        Section("Which addresses move, and why?", (_moves(), _gratuitous(), _movers())),
        Section("Are gateways and servers where they belong?", (_protected(),)),
        Section(
            "Have bridges and neighbour tables room?",
            (_fill(), _missing()),
        ),
    )


def _health() -> tuple[stat_builder.Panel, ...]:
    return tuple(leading_to(EXPORTER, panel) for panel in health())


def _alerts() -> table_builder.Panel:
    firing = 'ALERTS{alertstate="firing", alertname=~"L2.*"}'
    since = 'ALERTS_FOR_STATE{alertname=~"L2.*"}'
    columns = {
        "Value": Column("Since", unit="dateTimeFromNow", width=150),
        "severity": Column(
            "Severity",
            width=90,
            words={
                "critical": Word("critical", CRITICAL),
                "warning": Word("warning", WARNING),
                "info": Word("info", INFO),
            },
        ),
        "alertname": Column(
            "Alert",
            width=240,
            url=f"{RUNBOOKS}/${{__value.raw}}.md",
            url_title="What it means and what to do",
        ),
        "segment": Column("Segment"),
        "instance": Column("Instance"),
        "ip": Column(
            "Address",
            url=ADDRESS.url(ip="${__value.raw}"),
            url_title="What happened to this address",
        ),
        "vlan": Column("VLAN"),
        "device": Column("Device"),
        "bridge": Column("Bridge"),
        "collector": Column("Collector"),
        "table": Column("Table"),
    }
    return table(
        "Which alerts fire?",
        columns,
        now(f"1000 * {since} and ignoring (alertstate) {firing}"),
        description="Alerts of l2exporter's rules that fire now, whatever is chosen above; the "
        "name leads to the page that says what to do, the address to its history. Rules that "
        "Grafana evaluates itself are on its own alerting page.",
        empty="No alert fires",
        unit="none",
        height=9,
        page=ADDRESS,
    ).sort_by([Built(TableSortByFieldState(display_name="Since", desc=True))])


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


def _protected() -> table_builder.Panel:
    known = series("l2_protected_address_info")
    claims = increase_in_range("l2_protected_address_claims_total", DEVICE, VLAN)
    moves = increase_in_range("l2_protected_address_moves_total", DEVICE, VLAN)
    thefts = increase_in_range(
        "l2_protected_address_moves_total", DEVICE, VLAN, f'cause!~"{BENIGN}"'
    )
    when = series("l2_protected_address_last_claim_timestamp_seconds", DEVICE, VLAN)
    who = series("l2_protected_address_last_claim_info", DEVICE, VLAN)
    claimant = (
        f'label_replace({when} * {SAME} group_right () {who}, "claimant", "$1", "mac", "(.*)")'
    )
    panel = table(
        "Protected addresses",
        {
            "ip": Column(
                "Address",
                url=ADDRESS.url(ip="${__value.raw}"),
                url_title="What happened to this address",
            ),
            "role": Column("Role", width=110),
            "mac": Column("MAC it should have"),
            "Value #B": Column("Moves", width=90),
            "Value #C": Column("Not benign", width=110, steps=from_zero((1, CRITICAL))),
            "Value #D": Column("Claims", width=90, steps=from_zero((1, WARNING))),
            "claimant": Column("Last claimed by"),
        },
        now(f"group by (ip, role, mac) ({known})"),
        *(
            now(f"max by (ip) (sum by (instance, ip) ({count}))")
            for count in (moves, thefts, claims)
        ),
        now(f"topk by (ip) (1, max by (ip, claimant) ({claimant}))"),
        description="Gateways, DHCP and DNS servers and the addresses of the configuration: the "
        "MAC that each should have; in the time range its moves, those of them for no benign "
        "reason (failover, lease, the same host's other interface) and claims of others on it, as "
        "the exporter saw them that saw most; and who claimed it last. Several MACs of one address "
        "are a failover group. Empty: no such address is known.",
        empty="No gateway, server or configured address is known",
        unit="short",
        page=ADDRESS,
    ).decimals(0)
    return panel.sort_by([Built(TableSortByFieldState(display_name="Not benign", desc=True))])


def _fill() -> bargauge_builder.Panel:
    learned = series("l2_bridge_fdb_learned_entries")
    limit = series("l2_bridge_fdb_learned_limit")
    entries = series("l2_neighbor_table_entries")
    most = series("l2_neighbor_gc_threshold", 'level="3"')
    return bar_gauge(
        "How full are the kernel's tables?",
        now(f"topk(8, {learned} / ({limit} < +Inf))", "{{instance}} {{bridge}}: FDB"),
        now(f"topk(8, {entries} / ignoring (level) {most})", "{{instance}} {{family}}: neighbours"),
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

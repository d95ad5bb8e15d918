"""L2 address: what happened to this address?"""

from __future__ import annotations

from typing import Final

from grafana_foundation_sdk.builders import stat as stat_builder
from grafana_foundation_sdk.builders import statetimeline as timeline_builder
from grafana_foundation_sdk.builders import table as table_builder
from grafana_foundation_sdk.builders import timeseries as timeseries_builder
from grafana_foundation_sdk.models.common import TableSortByFieldState
from grafana_foundation_sdk.models.dashboard import (
    Dashboard,
    DataTransformerConfig,
    VariableModel,
)

from ..codes import CAUSE, timeline
from ..colours import INFO, WARNING
from ..layout import Section, dashboard_of
from ..pages import ADDRESS
from ..panels import Built, coloured, counted, now, over_time, stat
from ..tables import Column, table
from ..variables import (
    DEVICE,
    VLAN,
    device,
    increase,
    increase_in_range,
    series,
    single,
    vlan,
)
from . import protection
from .chosen import HERE, MOST, PLACE, SAME
from .holds import held, held_timeline

MOVED: Final = "from_mac, to_mac, cause, device, vlan"

SAMPLED: Final = (
    "Of moves that follow each other within a step of the time range (of an hour a scrape, of a "
    "week ten minutes) the last is seen."
)

MOVE: Final = {
    "Value": Column("When", unit="dateTimeAsIso", width=165),
    "from_mac": Column("From", width=145),
    "to_mac": Column("To", width=145),
    "cause": Column("Cause", words=CAUSE.cells),
    **PLACE,
}


def dashboard() -> Dashboard:
    """The dashboard; other pages link to it by `var-ip=`."""
    return dashboard_of(
        ADDRESS,
        "What happened to this address?",
        (device(), vlan(), _address()),
        Section("", (_holder(), _why(), _moves(), _flip_flops(), protection.claims())),
        Section("Which MAC had it, and when?", (_timeline(), _last_moves())),
        Section("How restless is it?", (_restless(), _announced())),
        Section("Does a sleep proxy answer for it?", (held(), held_timeline())),
        Section("Is it protected, and who else claims it?", protection.panels()),
        Section("Who has several addresses?", (_several(),)),
    )


def _address() -> VariableModel:
    tracked = series("", '__name__=~"l2_arp_moves_total|l2_ndp_moves_total"', DEVICE, VLAN)
    return single("ip", "Address", tracked, "IPv4 or IPv6 address that an exporter tracks.")


def _either(expr: str) -> str:
    """`expr` of ARP, else of neighbour discovery: an address has one of them."""
    return f"{expr.replace('PROTOCOL', 'arp')} or {expr.replace('PROTOCOL', 'ndp')}"


def _last_move(by: str, *matchers: str) -> str:
    """When it last moved, in milliseconds, for each value of the labels `by`."""
    moved = series("l2_PROTOCOL_last_move_timestamp_seconds", *HERE)
    what = series("l2_PROTOCOL_last_move_info", *HERE, *matchers)
    both = _either(f"{moved} * {SAME} group_right () {what}")
    return f"1000 * round(max by ({by}) ({both}))"


def _last_move_info() -> str:
    return _either(series("l2_PROTOCOL_last_move_info", *HERE))


def _holder() -> table_builder.Panel:
    return table(
        "Who has it now?",
        {
            "to_mac": Column("MAC"),
            "Value": Column("Since", unit="dateTimeAsIso", width=165),
            "from_mac": Column("Before it"),
            "cause": Column("Cause", words=CAUSE.cells),
            **PLACE,
            "instance": Column("Instance"),
        },
        now(_last_move(f"{MOVED}, instance")),
        description="The MAC that the address moved to last, as each exporter has seen it.",
        empty="It never moved while an exporter watched: its MAC is the one it always had",
        unit="none",
        height=6,
    )


def _why() -> stat_builder.Panel:
    return stat(
        "Why did it move last?",
        now(f"max({CAUSE.of(_last_move_info())})"),
        description="The cause of the last move: pending for half a minute, while what follows it "
        "is awaited. docs/causes.md tells what each cause rests on.",
        empty="It never moved",
        unit="none",
        words=CAUSE.words,
    )


def _moves() -> stat_builder.Panel:
    return stat(
        "How often did it move?",
        now(f"max({_either(increase_in_range('l2_PROTOCOL_moves_total', *HERE))})"),
        description="Packets in the time shown that bind the address to another MAC than before. "
        f"{MOST}",
        empty="No exporter tracks it",
        unit="none",
    ).decimals(0)


def _flip_flops() -> stat_builder.Panel:
    return stat(
        "How often did it move back?",
        now(f"max({_either(increase_in_range('l2_PROTOCOL_flip_flops_total', *HERE))})"),
        description="Those of the moves that went back to the MAC held just before: one for each "
        f"sleep and wake, many where two hosts quarrel. {MOST}",
        empty="No exporter tracks it",
        unit="none",
    ).decimals(0)


def _timeline() -> timeline_builder.Panel:
    return timeline(
        "Which MAC had it, and why?",
        CAUSE,
        "to_mac",
        _last_move_info(),
        description="A line for each MAC that the address moved to, for as long as it stayed, in "
        f"the colour of the move's cause. Before its first move nothing is drawn. {SAMPLED}",
        empty="It did not move, in the time shown or before: its MAC is the one it always had",
        unit="none",
    )


def _last_moves() -> table_builder.Panel:
    panel = table(
        "What were its last moves?",
        MOVE,
        over_time(_last_move(MOVED, 'cause!="pending"')),
        description="Moves in the time shown, and the last one before it. A move is here once its "
        f"cause is known, half a minute later. {SAMPLED}",
        empty="It did not move, in the time shown or before",
        unit="none",
    )
    return _once(panel, *(column.heading for column in MOVE.values()))


def _once(panel: table_builder.Panel, *headings: str) -> table_builder.Panel:
    """Each row once, however many steps of the time range had it; the latest first."""
    fields = {heading: {"aggregations": [], "operation": "groupby"} for heading in headings}
    panel.with_transformation(DataTransformerConfig(id_val="groupBy", options={"fields": fields}))
    panel.sort_by([Built(TableSortByFieldState(display_name=headings[0], desc=True))])
    # A phone's width would leave out moves.
    return panel.max_data_points(1500)


def _restless() -> timeseries_builder.Panel:
    moves = increase("l2_PROTOCOL_moves_total", *HERE)
    back = increase("l2_PROTOCOL_flip_flops_total", *HERE)
    panel = counted(
        "When did it move?",
        over_time(f"max({_either(f'({moves} - {back})')})", "on"),
        over_time(f"max({_either(back)})", "back"),
        description="Moves on to another MAC, and moves back to the one held just before "
        f"(flip-flops). {MOST}",
        empty="No exporter tracks it",
        unit="none",
    )
    return coloured(panel, on=INFO, back=WARNING)


def _announced() -> timeseries_builder.Panel:
    return counted(
        "When was it announced?",
        over_time(f"max({increase('l2_gratuitous_arp_total', *HERE)})", "gratuitous ARP"),
        over_time(f"max({increase('l2_ndp_overrides_total', *HERE)})", "NDP overrides"),
        description="Packets that tell everybody, unasked, who has the address: gratuitous ARP of "
        "IPv4, unsolicited advertisements that override of IPv6. A host sends a few when it comes "
        f"up or takes an address over; a storm is many without end. {MOST}",
        empty="No exporter tracks it",
        unit="none",
    )


def _several() -> table_builder.Panel:
    same = "on (job, instance, device, vlan, mac)"
    number = series("l2_mac_addresses", DEVICE, VLAN)
    role = series("l2_mac_role_info", DEVICE, VLAN)
    both = f"{role} * {same} group_left () {number} or {same} {number}"
    panel = table(
        "Which MACs have several addresses?",
        {
            "mac": Column("MAC"),
            "Value": Column("Addresses"),
            "role": Column("Role"),
            **PLACE,
        },
        now(f"max by (mac, role, device, vlan) ({both})"),
        description="Sleep proxies, routers that answer for others, hosts with several addresses, "
        "and spoofers that took theirs before an exporter watched. The role is what the MAC was "
        "seen to be; it does not say that all is well.",
        empty="No MAC has more than one address",
        unit="none",
    )
    return panel.sort_by([Built(TableSortByFieldState(display_name="Addresses", desc=True))])

"""Of the chosen address, if it is protected: which MACs it should have, and who else claims it."""

from __future__ import annotations

from grafana_foundation_sdk.builders import stat as stat_builder
from grafana_foundation_sdk.builders import table as table_builder
from grafana_foundation_sdk.builders import timeseries as timeseries_builder
from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.models.dashboard import Panel

from ..colours import WARNING, from_zero
from ..panels import by_cause, coloured, counted, now, over_time, stat
from ..tables import Column, table
from ..variables import IP, increase, increase_in_range, series
from .chosen import HERE, MOST, PLACE, SAME


def panels() -> tuple[Builder[Panel], ...]:
    """All about it."""
    return (_expected(), _claimants(), _moves(), _claims_over_time())


def claims() -> stat_builder.Panel:
    """Whether there is anything to look at."""
    return stat(
        "Was it claimed by a stranger?",
        now(f"max({increase_in_range('l2_protected_address_claims_total', *HERE)})"),
        description="Packets in the time shown that bind this protected address to a MAC that it "
        f"should not have. A failover claims too, until it is judged. {MOST}",
        empty="Not a protected address",
        unit="none",
        steps=from_zero((0.5, WARNING)),
    ).decimals(0)


def _expected() -> table_builder.Panel:
    return table(
        "Which MACs should it have?",
        {"role": Column("Role"), "mac": Column("MAC")},
        now(f"max by (role, mac) ({series('l2_protected_address_info', IP)})"),
        description="Its role, and the MACs that are expected: those of the configuration, else "
        "what was learned. None while it was seen nowhere.",
        empty="Not protected: no gateway, DHCP or DNS server, nor named in the configuration",
        unit="none",
        width=12,
        height=6,
    )


def _claimants() -> table_builder.Panel:
    when = series("l2_protected_address_last_claim_timestamp_seconds", *HERE)
    who = series("l2_protected_address_last_claim_info", *HERE)
    return table(
        "Who else claimed it last?",
        {"Value": Column("When", unit="dateTimeAsIso", width=165), "mac": Column("MAC"), **PLACE},
        now(f"1000 * max by (mac, device, vlan) ({when} * {SAME} group_right () {who})"),
        description="The last MAC that claimed this protected address although it should not "
        "have it.",
        empty="Nobody else claimed it, or it is not protected",
        unit="none",
        width=12,
        height=6,
    )


def _moves() -> timeseries_builder.Panel:
    moves = increase("l2_protected_address_moves_total", *HERE)
    return by_cause(
        counted(
            "Why did it move while protected?",
            over_time(f"max by (cause) ({moves}) > 0", "{{cause}}"),
            description="Moves of this protected address by cause, counted when that is known. "
            f"{MOST}",
            empty="It did not move, or is not protected",
            unit="none",
        )
    )


def _claims_over_time() -> timeseries_builder.Panel:
    claims = increase("l2_protected_address_claims_total", *HERE)
    panel = counted(
        "When did others claim it?",
        over_time(f"max by (role) ({claims})", "{{role}}"),
        description="Packets that bind this protected address to a MAC that it should not have, "
        f"under the address's role. {MOST}",
        empty="Not a protected address",
        unit="none",
    )
    return coloured(panel, gateway=WARNING)

"""Protected addresses, gateways first of all: whether they are where they belong."""

from __future__ import annotations

from typing import Final

from grafana_foundation_sdk.builders import stat as stat_builder
from grafana_foundation_sdk.builders import table as table_builder
from grafana_foundation_sdk.models.common import TableSortByFieldState

from ..colours import CRITICAL, WARNING, from_zero
from ..pages import ADDRESS
from ..panels import NONE, Built, now, stat
from ..recording import BENIGN
from ..tables import Column, table
from ..variables import DEVICE, VLAN, increase_in_range, series
from .chosen import EACH, SAME

CLAIMS: Final = increase_in_range("l2_protected_address_claims_total", DEVICE, VLAN)
MOVES: Final = increase_in_range("l2_protected_address_moves_total", DEVICE, VLAN)
THEFTS: Final = increase_in_range(
    "l2_protected_address_moves_total", DEVICE, VLAN, f'cause!~"{BENIGN}"'
)


def claims() -> stat_builder.Panel:
    """By others, failovers included."""
    return stat(
        "Gateway claims",
        now(f"sum({CLAIMS})"),
        description="Packets in the time range by which a MAC that should not have it claimed the "
        "address of a gateway, server or other protected address. A failover claims too, until it "
        f"is judged. {EACH} Empty: no protected address was seen.",
        empty="No protected address seen",
        unit="short",
        width=4,
        steps=from_zero((1, WARNING)),
        words=NONE,
        page=ADDRESS,
    ).decimals(0)


def thefts() -> stat_builder.Panel:
    """Moves without a benign cause."""
    return stat(
        "Gateways moved",
        now(f"sum({THEFTS})"),
        description="Moves of protected addresses in the time range for which there is no benign "
        f"cause: not a failover, a new lease or the same host's other interface. {EACH} Empty: no "
        "protected address was seen.",
        empty="No protected address seen",
        unit="short",
        width=4,
        steps=from_zero((1, CRITICAL)),
        words=NONE,
        page=ADDRESS,
    ).decimals(0)


def protected() -> table_builder.Panel:
    """Each of them."""
    known = series("l2_protected_address_info")
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
            for count in (MOVES, THEFTS, CLAIMS)
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

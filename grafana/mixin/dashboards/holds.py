"""Addresses that sleep proxies hold: who, for whom, since when, and how sure that is."""

from __future__ import annotations

from typing import Final

from grafana_foundation_sdk.builders import statetimeline as timeline_builder
from grafana_foundation_sdk.builders import table as table_builder
from grafana_foundation_sdk.models.common import TableSortByFieldState

from ..codes import CONFIDENCE, timeline
from ..pages import ADDRESS, SLEEP_PROXIES
from ..panels import Built, now
from ..segments import seconds
from ..tables import Column, table
from ..thresholds import DEFAULTS
from ..variables import DEVICE, VLAN, series
from .chosen import HERE, PLACE, SAME

SAME_PROXY: Final = "on (job, instance, device, vlan, proxy_mac)"
"""What two metrics of a sleep proxy have in common."""

NORM_SECONDS: Final = seconds(DEFAULTS.hold_longest)

WHAT: Final = {
    "ip": Column(
        "Address", width=135, url=ADDRESS.url(ip="${__value.raw}"), url_title=ADDRESS.title
    )
}

WHO: Final = {
    "owner_mac": Column("Owner"),
    "name": Column("Proxy"),
    "proxy_mac": Column("Proxy's MAC"),
    "confidence": Column("Confidence", words=CONFIDENCE.cells),
    **PLACE,
}


def number_held() -> str:
    """How many addresses are held on the chosen segments, however many exporters see it."""
    held = series("l2_sleep_proxy_held_addresses", DEVICE, VLAN)
    return f"sum(max by (vlan, proxy_mac) ({held}))"


def held_since(by: str, *matchers: str) -> str:
    """Since when addresses are held, in seconds since 1970, for each value of the labels `by`."""
    since = series("l2_sleep_proxy_held_since_timestamp_seconds", *matchers)
    held = series("l2_sleep_proxy_held", *matchers)
    return f"min by ({by}) ({since} * {SAME} group_right () {held})"


def named(held: str, *matchers: str) -> str:
    """`held`, which has all labels, with the proxy's name; one without an offer has none."""
    proxies = series("l2_sleep_proxy_info", *matchers)
    return f"({held} * {SAME_PROXY} group_left (name) {proxies} or ignoring (name) {held})"


def _since() -> str:
    """Each hold once, where exporters agree on it and call its device the same."""
    labels = "job, instance, device, vlan, ip, owner_mac, proxy_mac, confidence"
    every = named(held_since(labels, DEVICE, VLAN), DEVICE, VLAN)
    return f"min by ({', '.join((*WHAT, *WHO))}) ({every})"


def all_holds() -> table_builder.Panel:
    """Those of the chosen segments."""
    panel = table(
        "Which addresses are held?",
        {**WHAT, "Value": Column("Since", unit="dateTimeAsIso", width=165), **WHO},
        now(f"1000 * {_since()}"),
        description="Every address that a sleep proxy answers for now, the sleeper that it belongs "
        "to, and how sure that is: confirmed where the registration was seen.",
        empty="Nothing is held: nobody sleeps, or no sleep proxy was seen",
        unit="none",
    )
    return panel.sort_by([Built(TableSortByFieldState(display_name="Since", desc=False))])


def outlasting() -> table_builder.Panel:
    """Those of them that an alert is about."""
    panel = table(
        "Which holds outlast the norm?",
        {**WHAT, "Value": Column("Held for", unit="s", width=100), **WHO},
        now(f"time() - {_since()} > {NORM_SECONDS:g}"),
        description="Holds that last longer than L2SleepProxyHoldStuck allows: the owner may be "
        "gone for good, or does not wake when it should.",
        empty=f"No hold has lasted longer than {DEFAULTS.hold_longest}",
        unit="none",
        height=6,
    )
    return panel.sort_by([Built(TableSortByFieldState(display_name="Held for", desc=True))])


def held() -> table_builder.Panel:
    """Of the chosen address, now."""
    labels = "proxy_mac, owner_mac, confidence, device, vlan"
    return table(
        "Who holds it, for whom, since when?",
        {
            "Value": Column("Since", unit="dateTimeAsIso", width=165),
            "proxy_mac": Column("Proxy"),
            "owner_mac": Column("Owner"),
            "confidence": Column("Confidence", words=CONFIDENCE.cells),
            **PLACE,
        },
        now(f"1000 * {held_since(labels, *HERE)}"),
        description="The sleep proxy that answers for the address now, the sleeper that it "
        "belongs to, and how sure that is.",
        empty="No sleep proxy answers for it now",
        unit="none",
        width=12,
        height=6,
        page=SLEEP_PROXIES,
    )


def held_timeline() -> timeline_builder.Panel:
    """Of the chosen address, then."""
    return timeline(
        "When did a sleep proxy hold it?",
        CONFIDENCE,
        "proxy_mac",
        series("l2_sleep_proxy_held", *HERE),
        description="A line for each proxy, while it answered for the address, in the colour of "
        "how sure that is.",
        empty="No sleep proxy answered for it in the time shown",
        unit="none",
        width=12,
        height=6,
        page=SLEEP_PROXIES,
    )

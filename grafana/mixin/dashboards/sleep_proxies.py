"""L2 sleep proxies: who holds what, for whom, since when?"""

from __future__ import annotations

from typing import Final

from grafana_foundation_sdk.builders import stat as stat_builder
from grafana_foundation_sdk.builders import table as table_builder
from grafana_foundation_sdk.builders import timeseries as timeseries_builder
from grafana_foundation_sdk.models.common import TableSortByFieldState
from grafana_foundation_sdk.models.dashboard import Dashboard

from ..colours import GOOD, INFO, NO_DATA, WARNING, from_zero
from ..layout import Section, dashboard_of
from ..pages import SLEEP_PROXIES
from ..panels import Built, coloured, counted, now, over_time, stat, timeseries
from ..tables import Column, table
from ..thresholds import DEFAULTS
from ..variables import DEVICE, VLAN, device, increase, increase_in_range, series, vlan
from .chosen import EACH, PLACE
from .durations import durations
from .holds import NORM_SECONDS, SAME_PROXY, all_holds, named, number_held, outlasting

SEGMENTS: Final = (DEVICE, VLAN)
"""Those that are chosen."""

NO_PROXY: Final = "No sleep proxy was seen"


def dashboard() -> Dashboard:
    """The dashboard."""
    return dashboard_of(
        SLEEP_PROXIES,
        "Who holds what, for whom, since when?",
        (device(), vlan()),
        Section("", (_number(), _proxies(), _longest(), _lost())),
        Section("Who holds what, for whom, since when?", (all_holds(), outlasting())),
        Section("Why do sleepers wake?", (_wakes(), _magic_packets())),
        Section("How do holds go on, and how do they end?", (_going_on(), _ending_badly())),
        Section("How long do holds last?", durations()),
        Section("Which proxies are there?", (_ranks(), _held_by_proxy())),
    )


def _number() -> stat_builder.Panel:
    return stat(
        "How many addresses are held?",
        now(number_held()),
        description="Addresses that sleep proxies answer for now, while their owners sleep.",
        empty=NO_PROXY,
        unit="none",
    )


def _proxies() -> stat_builder.Panel:
    return stat(
        "By how many proxies?",
        now(f"count(max by (proxy_mac) ({series('l2_sleep_proxy_info', *SEGMENTS)}))"),
        description="Sleep proxies that offer their service now, or hold an address.",
        empty=NO_PROXY,
        unit="none",
    )


def _longest() -> stat_builder.Panel:
    since = series("l2_sleep_proxy_held_since_timestamp_seconds", *SEGMENTS)
    return stat(
        "How long is the longest hold?",
        now(f"time() - min({since})"),
        description="How long the address that is held longest is held by now. A sleeper wakes "
        "by itself now and then to renew its registration.",
        empty="Nothing is held",
        unit="s",
        steps=from_zero((NORM_SECONDS, WARNING)),
    )


def _lost() -> stat_builder.Panel:
    lost = increase_in_range("l2_sleep_proxy_transitions_total", *SEGMENTS, 'transition="lost"')
    return stat(
        "How many holds were lost?",
        now(f"sum({lost})"),
        description="Holds that ended in the time shown because nobody answered for the address "
        f"any more, although its owner did not return: the sleeper cannot be reached. {EACH}",
        empty=NO_PROXY,
        unit="none",
        steps=from_zero((DEFAULTS.holds_lost + 0.5, WARNING)),
    ).decimals(0)


def _wakes() -> timeseries_builder.Panel:
    wakes = increase("l2_sleep_proxy_wakes_total", *SEGMENTS)
    panel = counted(
        "What woke the sleepers?",
        over_time(f"sum by (reason) ({wakes})", "{{reason}}"),
        description="Returns of sleeping hosts: on demand after a magic packet of their proxy, or "
        f"by themselves for maintenance, as to renew a registration. {EACH}",
        empty=NO_PROXY,
        unit="none",
    )
    return coloured(panel, demand=INFO, maintenance="purple")


def _magic_packets() -> timeseries_builder.Panel:
    packets = increase("l2_wake_on_lan_packets_total", *SEGMENTS)
    return counted(
        "When were magic packets sent?",
        over_time(f"sum by (device, vlan) ({packets})", "{{device}} {{vlan}}"),
        description="Wake-on-LAN packets, whoever sent them: a sleep proxy sends up to fifteen for "
        "one wake. Packets without a wake mean that a sleeper does not hear them.",
        empty="No segment was seen",
        unit="none",
    )


def _transitions(kinds: str) -> str:
    matcher = f'transition=~"{kinds}"'
    steps = increase("l2_sleep_proxy_transitions_total", *SEGMENTS, matcher)
    return f"sum by (transition) ({steps})"


def _going_on() -> timeseries_builder.Panel:
    panel = counted(
        "Do hosts fall asleep and return?",
        over_time(_transitions("hold|renew|hand_off|release"), "{{transition}}"),
        description="Holds that begin, are renewed, go to another proxy, or end because the owner "
        f"is back. Many of each in turn are a host that wakes and sleeps without end. {EACH}",
        empty=NO_PROXY,
        unit="none",
    )
    return coloured(panel, hold=INFO, renew="purple", hand_off="yellow", release=GOOD)


def _ending_badly() -> timeseries_builder.Panel:
    panel = counted(
        "Do holds end without their owner?",
        over_time(_transitions("lost|expire|dropped"), "{{transition}}"),
        description="Lost: nobody answers for the address any more. Expired: the lease is over. "
        f"Dropped: it was no hold, as when the owner is awake and contests it. {EACH}",
        empty=NO_PROXY,
        unit="none",
    )
    return coloured(panel, lost=WARNING, expire="yellow", dropped=NO_DATA)


def _ranks() -> table_builder.Panel:
    figures = '"intent", "portability", "marginal_power", "total_power"'
    proxies = series("l2_sleep_proxy_info", *SEGMENTS)
    held = series("l2_sleep_proxy_held_addresses", *SEGMENTS)
    ranked = f'label_join({proxies}, "rank", "-", {figures})'
    known = f'label_replace({ranked}, "rank", "not known", "rank", "-+")'
    panel = table(
        "Which proxies would a sleeper ask first?",
        {
            "rank": Column("Rank"),
            "name": Column("Name"),
            "proxy_mac": Column("MAC"),
            "Value": Column("Holds"),
            "features": Column("Features"),
            **PLACE,
        },
        now(
            f"max by (rank, name, proxy_mac, features, device, vlan)"
            f" ({known} * {SAME_PROXY} group_left () {held})"
        ),
        description="A proxy's rank is what it says of itself by mDNS: intent, portability, "
        "marginal and total power. The lowest is asked first.",
        empty=NO_PROXY,
        unit="none",
        height=6,
    )
    return panel.sort_by([Built(TableSortByFieldState(display_name="Rank", desc=False))])


def _held_by_proxy() -> timeseries_builder.Panel:
    held = series("l2_sleep_proxy_held_addresses", *SEGMENTS)
    return timeseries(
        "How much does each proxy hold?",
        over_time(f"max by (name, proxy_mac) ({named(held, *SEGMENTS)})", "{{name}} {{proxy_mac}}"),
        description="Addresses that each sleep proxy holds. One that falls to none while another "
        "rises has handed its holds on.",
        empty=NO_PROXY,
        unit="none",
        width=24,
    )

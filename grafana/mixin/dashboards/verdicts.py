"""Figures at the top of the overview: each says yes or no."""

from __future__ import annotations

from grafana_foundation_sdk.builders.stat import Panel

from ..colours import CRITICAL, GOOD, INFO, WARNING, from_zero
from ..pages import ADDRESS, SLEEP_PROXIES
from ..panels import NONE, now, stat
from ..variables import DEVICE, VLAN, increase_in_range, series
from . import gateways
from .chosen import EACH
from .firing import number_firing
from .holds import number_held


def verdicts() -> tuple[Panel, ...]:
    """Whether alerts fire, who quarrels about an address, and what sleep proxies do."""
    return (
        number_firing("Critical alerts", "critical"),
        number_firing("Warnings", "warning"),
        _caused("Spoofing moves", "suspected_spoofing", CRITICAL),
        _caused("Duplicate IPs", "duplicate_address", WARNING),
        gateways.claims(),
        gateways.thefts(),
        _held(),
        _doubtful(),
    )


def _caused(title: str, cause: str, colour: str) -> Panel:
    moves = increase_in_range("l2_moves_by_cause_total", DEVICE, VLAN, f'cause="{cause}"')
    return stat(
        title,
        now(f"sum({moves})"),
        description=f"Moves in the time range that were judged {cause} (docs/causes.md). A move "
        f"is judged half a minute after it was seen. {EACH} Empty: no exporter tracks an address.",
        empty="No address is tracked",
        unit="short",
        width=4,
        steps=from_zero((1, colour)),
        words=NONE,
        page=ADDRESS,
    ).decimals(0)


def _held() -> Panel:
    return stat(
        "Held addresses",
        now(number_held()),
        description="Addresses that sleep proxies answer for now, so that their owners can sleep: "
        "nothing is wrong with that. Empty: no sleep proxy is known.",
        empty="No sleep proxy",
        unit="short",
        width=4,
        steps=((0, GOOD), (1, INFO)),
        page=SLEEP_PROXIES,
    )


def _doubtful() -> Panel:
    low = series("l2_sleep_proxy_held", DEVICE, VLAN, 'confidence="low"')
    dropped = increase_in_range(
        "l2_sleep_proxy_transitions_total", DEVICE, VLAN, 'transition="dropped"'
    )
    return stat(
        "Doubtful holds",
        now(f"sum({dropped}) + (sum({low}) or vector(0))"),
        description="Holds of low confidence now, and those of the time range that turned out to "
        "be none: their owner was awake and contested them, as when somebody plays sleep proxy. "
        f"{EACH} Empty: no sleep proxy is known.",
        empty="No sleep proxy",
        unit="short",
        width=4,
        steps=from_zero((1, WARNING)),
        words=NONE,
        page=SLEEP_PROXIES,
    ).decimals(0)

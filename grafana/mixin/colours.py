"""Colours that mean the same everywhere, and the steps at which a value changes its own.

They are names of Grafana's palette, which is legible on light and dark.
"""

from __future__ import annotations

from typing import Final

from grafana_foundation_sdk.models.dashboard import Threshold, ThresholdsConfig, ThresholdsMode

GOOD: Final = "green"
INFO: Final = "blue"
WARNING: Final = "orange"
CRITICAL: Final = "red"
NO_DATA: Final = "#8e8e8e"
"""What is not known is neither good nor bad."""

SEVERITIES: Final = {"critical": CRITICAL, "warning": WARNING, "info": INFO}

CAUSES: Final = {
    "sleep_proxy_hold": "blue",
    "sleep_proxy_release": "light-blue",
    "failover": "semi-dark-green",
    "dhcp_reassignment": "light-green",
    "same_host_interface": "purple",
    "suspected_spoofing": "red",
    "duplicate_address": "orange",
    "unknown": "yellow",
    "pending": NO_DATA,
}
"""Why an address moved (docs/causes.md): the cool ones are nobody's trouble."""

Steps = tuple[tuple[float, str], ...]
"""From each value upwards its colour."""


def from_zero(*above: tuple[float, str]) -> Steps:
    """Good from 0 on, then `above`; where there is no value, neither."""
    return ((0, GOOD), *above)


def thresholds(steps: Steps) -> ThresholdsConfig:
    """`steps` as Grafana has them: below the first, and without a value, the colour is neutral."""
    return ThresholdsConfig(
        mode=ThresholdsMode.ABSOLUTE,
        steps=[
            Threshold(value=None, color=NO_DATA),
            *(Threshold(value=value, color=colour) for value, colour in steps),
        ],
    )

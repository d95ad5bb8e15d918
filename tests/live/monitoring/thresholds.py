"""The rules' figures, made quick: what takes hours in earnest takes seconds here.

Windows stay shorter than waits where they are in earnest, so what happens once still fires nothing.
"""

from __future__ import annotations

import re
import subprocess
from dataclasses import replace
from typing import Final

from grafana.mixin.thresholds import DEFAULTS, Thresholds

WINDOW, WAIT = "8s", "9s"

SHORT: Final[Thresholds] = replace(
    DEFAULTS,
    # Moves are judged half a minute after they happen, in a test too.
    protected_window="10s",
    claimed_pending="35s",
    judged_window="20s",
    last_moves_window="2m",
    unexplained_window="20s",
    unexplained_moves=2,
    storm_window=WINDOW,
    storm_baseline="1m",
    storm_baseline_age="15s",
    storm_pending=WAIT,
    history_step="1s",
    router_window=WINDOW,
    router_known_after="12s",
    router_history="1m",
    router_settled="5s",
    router_pending="1s",
    hold_longest="35s",
    holds_lost_window="10s",
    flooding_window=WINDOW,
    flooding_pending=WAIT,
    fdb_limit_pending=WAIT,
    neighbors_outlive_fdb_pending=WAIT,
    missing_from_fdb_gap=WINDOW,
    missing_from_fdb_pending=WAIT,
    neighbor_limit_pending=WAIT,
    neighbor_overflow_window=WINDOW,
    neighbor_overflow_pending=WAIT,
    exporter_down_window=WINDOW,
    # Longer than it takes until Prometheus has its first target.
    exporter_down_pending="20s",
    capture_down_pending=WAIT,
    capture_drops_window=WINDOW,
    capture_drops_pending=WAIT,
    collector_errors_window=WINDOW,
    collector_failing_pending=WAIT,
    table_full_window=WINDOW,
    table_full_pending=WAIT,
    memory_pending=WAIT,
)

NEIGHBORS: Final = 130
"""In the kernel's table that are too many here: it is the machine's own, and is not to be full."""


def quick() -> Thresholds:
    """The short figures, with those that this machine's kernel decides."""
    shown = subprocess.run(
        ["ip", "-4", "ntable", "show"], capture_output=True, text=True, check=True
    )
    found = re.search(r"thresh3 (\d+)", shown.stdout)
    assert found is not None, shown.stdout
    return replace(SHORT, neighbor_limit_ratio=NEIGHBORS / int(found[1]))

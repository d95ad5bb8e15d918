"""What is played: troubles with their alerts, and what looks like trouble and is none."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from tests.live.monitoring.scenes import ailing, benign, bridges, conflicts, sleepers
from tests.live.monitoring.stage import WatchedScene

SCENES: Final[Mapping[str, WatchedScene]] = {
    scene.__name__: scene
    for scene in (
        conflicts.gateway_spoofed,
        conflicts.duplicate,
        conflicts.taken_over,
        conflicts.rogue_router,
        sleepers.never_wakes,
        benign.sleep_and_wake,
        benign.gateway_fails_over,
        bridges.forgetful_bridge,
        ailing.overwhelmed,
        ailing.gone,
    )
}
"""By name; each has a segment and an exporter of that name."""

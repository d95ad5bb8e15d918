"""The scenes that are played before a real Prometheus."""

from __future__ import annotations

from typing import Final

from tests.live.monitoring.scenes import ailing, benign, bridges, conflicts, sleepers
from tests.live.monitoring.stage import WatchedScene

TROUBLE: Final[tuple[WatchedScene, ...]] = (
    conflicts.gateway_spoofed,
    conflicts.host_spoofed,
    conflicts.duplicate,
    conflicts.taken_over,
    conflicts.rogue_router,
    sleepers.proxy_leaves,
    sleepers.never_wakes,
    bridges.forgetful_bridge,
    bridges.full_tables,
    ailing.gone,
    ailing.overwhelmed,
    ailing.faulty,
)
"""Somebody is told of each."""

BENIGN: Final[tuple[WatchedScene, ...]] = (
    benign.gateway_fails_over,
    benign.virtual_gateway_fails_over,
    benign.lease_goes_to_another,
    benign.host_changes_its_card,
    benign.sleep_and_wake,
)
"""Nobody is woken by these."""

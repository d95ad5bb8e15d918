"""For how long the kernel keeps a neighbour entry that nothing uses, and a bridge a MAC.

The formulas are those of Linux 6.x: net/core/neighbour.c neigh_periodic_work(),
neigh_rand_reach_time(), neigh_alloc(), neigh_forced_gc(); net/bridge/br_fdb.c hold_time().
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from .bridges import Bridge
from .neighbor_tables import NeighborTable, Parameters

FORCED_SECONDS = 5.0
"""Since its last change of state, before a forced collection may take an entry."""


@dataclass(frozen=True, slots=True)
class Retention:
    """Bounds of the time in seconds for which an idle entry is kept; `most` may be infinite."""

    least: float
    most: float


def retention(table: NeighborTable, device: Parameters) -> Retention:
    """For how long an idle entry of `device` is kept while the table is as full as it is now.

    Below gc_thresh1 the collection rests and `most` is infinite. `least` stays finite there: any
    other entry may fill the table up to gc_thresh1, and what is idle for longer then goes at once.
    From gc_thresh2 on a new entry may force out any that has not changed for five seconds.
    """
    bounds = collected(table, device)
    resting, forcing, _ = table.thresholds
    return Retention(
        least=min(bounds.least, FORCED_SECONDS) if table.entries >= forcing else bounds.least,
        most=math.inf if table.entries < resting else bounds.most,
    )


def collected(table: NeighborTable, device: Parameters) -> Retention:
    """For how long an idle entry of `device` is kept where the periodic collection works.

    An entry leaves REACHABLE after 0.5 to 1.5 times base_reachable, drawn anew every 300 s, and
    goes when it is idle for gc_stale too; the collection comes by every half base_reachable of
    the table's defaults. gc_interval is not used by the kernel.
    """
    return Retention(
        least=max(device.gc_stale, 0.5 * device.base_reachable),
        most=max(device.gc_stale, 1.5 * device.base_reachable) + table.defaults.base_reachable / 2,
    )


def fdb_seconds(bridge: Bridge) -> float:
    """For how long a bridge remembers a MAC that is silent; 0: it learns none and always floods."""
    return bridge.forward_delay_seconds if bridge.topology_change else bridge.ageing_seconds

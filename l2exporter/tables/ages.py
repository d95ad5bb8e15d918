"""How long ago the MACs that a bridge learned were last seen as a source."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from ..kernel.fdb import KINDS, NEVER, FdbRows

AGE_BOUNDS: Final = (1, 5, 15, 30, 60, 120, 300, 600, 1800)
"""Seconds, each the highest age in its bucket; 300 is the kernel's default ageing time."""

DYNAMIC: Final = np.isin(KINDS, ("learned", "extern_learned", "offloaded", "locked"))
"""By kind: whether traffic or a control plane made the entry, rather than the host's own set-up."""

_TICKS = 100  # NDA_CACHEINFO counts in 1/100 s (USER_HZ)


@dataclass(frozen=True, slots=True)
class Ages:
    """One bridge's dynamic entries by age, at the last dump.

    counts   entries in each bucket of AGE_BOUNDS, not cumulative; the last one: older than all
    seconds  sum of the ages
    """

    counts: tuple[int, ...]
    seconds: float


def ages(rows: FdbRows) -> dict[int, Ages]:
    """Return the ages by bridge, for every bridge that has a row of any kind."""
    aged = DYNAMIC[rows.kind] & (rows.updated != NEVER)
    bridges, which = np.unique(rows.bridge, return_inverse=True)
    which = which[aged]
    seconds = rows.updated[aged] / _TICKS
    width = len(AGE_BOUNDS) + 1
    places = which * width + np.searchsorted(AGE_BOUNDS, seconds)
    counts = np.bincount(places, minlength=len(bridges) * width).reshape(-1, width)
    sums = np.bincount(which, seconds, minlength=len(bridges))
    return {
        bridge: Ages(tuple(row), total)
        for bridge, row, total in zip(bridges.tolist(), counts.tolist(), sums.tolist(), strict=True)
    }

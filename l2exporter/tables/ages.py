"""How long ago the MACs that a bridge learned were last seen as a source."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from ..kernel.fdb import KINDS, NEVER, FdbRows

AGE_BOUNDS: Final = (1, 5, 15, 30, 60, 120, 300, 600, 1800)
"""Seconds, each the highest age in its bucket; 300 is the kernel's default ageing time."""

DYNAMIC: Final = np.isin(KINDS, ("learned", "extern_learned", "offloaded", "locked"))
"""By kind: whether traffic or a control plane made the entry, rather than the host's own set-up."""

_TICKS = 100  # NDA_CACHEINFO counts in 1/100 s (USER_HZ)
_BOUND_TICKS = np.array(AGE_BOUNDS) * _TICKS


@dataclass(frozen=True, slots=True)
class Ages:
    """One bridge's dynamic entries by age, at the last dump.

    counts   entries in each bucket of AGE_BOUNDS, not cumulative; the last one: older than all
    seconds  sum of the ages
    """

    counts: tuple[int, ...]
    seconds: float


class AgeCounts:
    """The ages of many rows, some at a time."""

    def __init__(self) -> None:
        self._sums: dict[int, npt.NDArray[np.float64]] = {}  # by bridge: counts, then all ticks

    def add(self, rows: FdbRows) -> None:
        """Count the rows that are dynamic; a bridge of others is known as well."""
        aged = DYNAMIC[rows.kind] & (rows.updated != NEVER)
        bridges, which = np.unique(rows.bridge, return_inverse=True)
        which, ticks = which[aged], rows.updated[aged]
        width = len(AGE_BOUNDS) + 1
        places = which * width + np.searchsorted(_BOUND_TICKS, ticks)
        counts = np.bincount(places, minlength=len(bridges) * width).reshape(-1, width)
        sums = np.column_stack([counts, np.bincount(which, ticks, minlength=len(bridges))])
        for bridge, row in zip(bridges.tolist(), sums, strict=True):
            self._sums[bridge] = self._sums.get(bridge, 0) + row

    def ages(self) -> dict[int, Ages]:
        """Return the ages by bridge, for every bridge that had a row of any kind."""
        rows = {bridge: row.tolist() for bridge, row in self._sums.items()}
        return {
            bridge: Ages(tuple(map(int, counts)), ticks / _TICKS)
            for bridge, (*counts, ticks) in rows.items()
        }

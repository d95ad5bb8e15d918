"""Whose multicast DNS is worth dissecting: the MACs that evidence is being gathered of."""

from __future__ import annotations

from math import inf
from typing import Final

import numpy as np

from .ledger import Ledger

REFRESH_SECONDS: Final = 0.5
"""Between two lookings-through of the windows; in a storm there are thousands."""


class Interest:
    """Sleep proxies, those that sleep, and the MACs of addresses whose moves wait for a verdict."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._moving: frozenset[int] = frozenset()
        self._refreshed = -inf

    def macs(self, now: float) -> frozenset[int]:
        """Return the MACs; `now` is monotonic. Use under `tables.lock`."""
        if now >= self._refreshed + REFRESH_SECONDS:
            self._refreshed = now
            self._moving = self._waiting() | self._ledger.holds.owner_macs()
        return self._moving.union(self._ledger.proxies.macs().tolist())

    def _waiting(self) -> frozenset[int]:
        macs: list[int] = []
        for windows in self._ledger.pending.windows.values():
            if len(windows):
                open_ = np.isfinite(windows.until)
                macs += np.concatenate((windows.first[open_], windows.last[open_])).ravel().tolist()
        return frozenset(macs)

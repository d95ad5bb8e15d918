"""The highest figure of late."""

from __future__ import annotations


class Peak:
    """Highest figure of the current and the previous period, so that no scrape can miss it."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._period = 0
        self._current = self._previous = 0.0

    def note(self, value: float, now: float) -> None:
        """Take a figure in; `now` is monotonic, in seconds."""
        self._turn(now)
        self._current = max(self._current, value)

    def value(self, now: float) -> float:
        """Return the peak as of `now`."""
        self._turn(now)
        return max(self._current, self._previous)

    def _turn(self, now: float) -> None:
        period = int(now // self._seconds)
        if period > self._period:
            self._previous = self._current if period == self._period + 1 else 0.0
            self._current = 0.0
            self._period = period

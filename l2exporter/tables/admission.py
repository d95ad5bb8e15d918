"""Who may enter a table, and how often: token buckets on a clock that is passed in."""

from __future__ import annotations


class TokenBucket:
    """`burst` tokens at once, then `rate` a second; time is whatever clock the caller uses."""

    def __init__(self, burst: float, rate: float) -> None:
        self.burst = burst
        self.rate = rate
        self._level = burst
        self._updated: float | None = None

    def take(self, wanted: int, now: float) -> int:
        """Return how many of `wanted` tokens are granted at `now` (seconds, never going back)."""
        if self._updated is not None:
            self._level = min(self.burst, self._level + (now - self._updated) * self.rate)
        self._updated = now
        granted = min(wanted, int(self._level))
        self._level -= granted
        return granted

"""Evidence that waits: so much of it, for so long, and the oldest gives way."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Pool(Generic[K, V]):
    """At most `limit` values by key, in the order in which they were put; times are monotonic."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.evictions = 0
        self._values: OrderedDict[K, tuple[float, V]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._values)

    def get(self, key: K, since: float = float("-inf")) -> V | None:
        """Return what was put under `key` at `since` or later."""
        at, value = self._values.get(key, (float("-inf"), None))
        return value if at >= since else None

    def put(self, key: K, value: V, at: float) -> V | None:
        """Put it last; return the first, which gives way when there is no room."""
        self._values.pop(key, None)
        evicted = None
        if len(self._values) >= self.limit:
            evicted = self._values.popitem(last=False)[1][1]
            self.evictions += 1
        self._values[key] = at, value
        return evicted

    def pop(self, key: K) -> V | None:
        """Take it out."""
        return self._values.pop(key, (0.0, None))[1]

    def expire(self, before: float) -> list[V]:
        """Forget what was put before then, and return it."""
        gone = []
        while self._values and next(iter(self._values.values()))[0] < before:
            gone.append(self._values.popitem(last=False)[1][1])
        return gone

    def __iter__(self) -> Iterator[K]:
        """Go through the keys, the oldest first."""
        return iter(self._values)

    def rekey(self, change: Callable[[K], K | None]) -> None:
        """Give every value the key that `change` makes of its own; None forgets it."""
        kept = ((change(key), entry) for key, entry in self._values.items())
        self._values = OrderedDict((key, entry) for key, entry in kept if key is not None)

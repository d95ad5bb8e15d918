"""What collectors of tables share: figures of rows, counts of values, counts by too many labels."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

import numpy as np
import numpy.typing as npt
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, Metric

Row = TypeVar("Row")
Key = tuple[str, ...]

OTHER = "other"


@dataclass(frozen=True, slots=True)
class Figure(Generic[Row]):
    """A metric with one sample for each row of which `of` is known.

    name   the family's name, without `_total`
    text   what the figure is
    of     takes it from a row; None where it is not known: absent, never zero
    """

    name: str
    text: str
    of: Callable[[Row], float | None]

    def gauge(self, labels: Sequence[str], rows: Iterable[tuple[Sequence[str], Row]]) -> Metric:
        """Return the family; `rows` come with their label values."""
        return self._fill(GaugeMetricFamily(self.name, self.text, labels=labels), rows)

    def counter(self, labels: Sequence[str], rows: Iterable[tuple[Sequence[str], Row]]) -> Metric:
        """Return the family as one that only grows."""
        return self._fill(CounterMetricFamily(self.name, self.text, labels=labels), rows)

    def _fill(
        self,
        family: GaugeMetricFamily | CounterMetricFamily,
        rows: Iterable[tuple[Sequence[str], Row]],
    ) -> Metric:
        for values, row in rows:
            value = self.of(row)
            if value is not None:
                family.add_metric(values, value)
        return family


def frequencies(values: npt.NDArray[np.int64]) -> Iterable[tuple[int, int]]:
    """Return each distinct value and how often it is there."""
    distinct, counts = np.unique(values, return_counts=True)
    return zip(distinct.tolist(), counts.tolist(), strict=True)


def fold(counts: Mapping[Key, int], place: int, limit: int) -> Mapping[Key, int]:
    """Sum up the smallest of `counts` under "other" at `place`, so that about `limit` are left.

    Keys are label values. The sum stays exact. One sum for each combination of the other labels
    is always left; only when those alone are more than `limit` are there more.
    """
    if len(counts) <= limit:
        return counts
    sums: dict[Key, int] = {}
    for key in counts:
        sums[_other(key, place)] = 0
    room = max(limit - len(sums), 0)
    kept = set(heapq.nlargest(room, counts, key=lambda key: (counts[key], key)))
    for key, count in counts.items():
        if key not in kept:
            sums[_other(key, place)] += count
    return {**{key: counts[key] for key in counts if key in kept}, **sums}


def _other(key: Key, place: int) -> Key:
    return (*key[:place], OTHER, *key[place + 1 :])

"""What collectors of tables share: figures of rows, counts of values, counts by too many labels."""

from __future__ import annotations

from collections import Counter
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
    """Sum up the smallest of `counts` under "other" at `place`, so that at most `limit` are left.

    Keys are label values. The sum stays exact. There is one sum for each combination of the other
    labels, even if these alone are more than `limit`.
    """
    if len(counts) <= limit:
        return counts
    sums = {_other(key, place) for key in counts}
    room = max(limit - len(sums), 0)
    # All that are as small as the first without a place: a series must not depend on their order.
    smallest = sorted(counts.values(), reverse=True)[room]
    folded: Counter[Key] = Counter()
    for key, count in counts.items():
        folded[key if count > smallest else _other(key, place)] += count
    return folded


def _other(key: Key, place: int) -> Key:
    return (*key[:place], OTHER, *key[place + 1 :])

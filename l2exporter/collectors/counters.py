"""Families that several collectors build alike: counts of segments; of devices by two labels."""

from __future__ import annotations

from collections.abc import Container, Sequence
from typing import Final

import numpy as np
import numpy.typing as npt
from prometheus_client.metrics_core import CounterMetricFamily, Metric

from ..tables.state import Tables

Counts = npt.NDArray[np.uint64]


def of_segments(tables: Tables, counts: Counts, name: str, text: str) -> Metric:
    """Return a sample for each segment seen; `counts` is a column of the segments."""
    with tables.lock:
        labels = tables.segments.labels()
        figures = counts[list(labels)].tolist()
    family = CounterMetricFamily(name, text, labels=["device", "vlan"])
    for label, figure in zip(labels.values(), figures, strict=True):
        family.add_metric(label, figure)
    return family


class DeviceCounts:
    """Counts of each device by protocol and something else: `places` are all such pairs.

    Those of the protocols in `always` are shown from zero on, the others' once one of them has
    counted: there are many protocols, and most devices see few.
    """

    def __init__(
        self, tables: Tables, places: Sequence[tuple[str, str]], always: Container[str] = ()
    ) -> None:
        self._tables = tables
        self._places: Final = {place: column for column, place in enumerate(places)}
        self._always = always
        self._counts: Counts = tables.segments.device_columns.add(np.uint64, len(places))

    def add(self, device: int, place: tuple[str, str], count: int) -> None:
        """Count so many more."""
        self._counts[device, self._places[place]] += np.uint64(count)

    def family(self, name: str, text: str, label: str) -> Metric:
        """Return the samples of each device; `label` is what the second of a pair is called."""
        with self._tables.lock:
            devices = self._tables.segments.device_names()
            counts = self._counts[list(devices)].tolist()
        family = CounterMetricFamily(name, text, labels=["device", "protocol", label])
        for device, figures in zip(devices.values(), counts, strict=True):
            seen = {place[0] for place, column in self._places.items() if figures[column]}
            for place, column in self._places.items():
                if place[0] in self._always or place[0] in seen:
                    family.add_metric([device, *place], figures[column])
        return family

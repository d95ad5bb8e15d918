"""Asking a running exporter for figures, and waiting until they are what they should be."""

from __future__ import annotations

from collections.abc import Mapping

from tests.lab.exporter import Exporter, Samples
from tests.lab.wait import wait_until

SECONDS = 10.0
"""Far beyond the tenth of a second that a frame may take to be seen."""

Key = tuple[str, frozenset[tuple[str, str]]]


def by(samples: Samples, name: str, label: str, **fixed: str) -> dict[str, float]:
    """The values of `name` by one label, of those samples whose other labels are as `fixed`."""
    found = {}
    for (sample, pairs), value in samples.items():
        labels = dict(pairs)
        if sample == name and fixed.items() <= labels.items() and label in labels:
            found[labels[label]] = value
    return found


def eventually(exporter: Exporter, expected: Mapping[Key, float | None]) -> Samples:
    """Scrape until each sample has its value (None: is absent); AssertionError when it never is.

    Returns one scrape more: collectors are read one after the other, and the first may have been
    read before the frame that a later one already shows.
    """
    samples: Samples = {}

    def so() -> bool:
        nonlocal samples
        samples = exporter.scrape()
        return all(samples.get(key) == value for key, value in expected.items())

    try:
        wait_until(so, "the samples are as expected", SECONDS)
    except TimeoutError:
        found = {key: samples.get(key) for key in expected}
        raise AssertionError(_differences(found, expected)) from None
    return exporter.scrape()


def _differences(found: Mapping[Key, float | None], expected: Mapping[Key, float | None]) -> str:
    return "\n".join(
        f"{name}{dict(labels)}: {found[name, labels]}, not {value}"
        for (name, labels), value in expected.items()
        if found[name, labels] != value
    )


def grows(exporter: Exporter, before: Samples, by_how_much: Mapping[Key, float]) -> Samples:
    """Like `eventually`, with counters that have grown since the scrape `before`."""
    return eventually(
        exporter, {key: before.get(key, 0) + more for key, more in by_how_much.items()}
    )

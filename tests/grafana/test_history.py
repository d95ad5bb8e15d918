"""The made-up history of the pictures has the exporter's own metrics, with their labels."""

from __future__ import annotations

import io
from collections.abc import Iterable
from itertools import pairwise

import pytest

from grafana.screenshots.history import samples
from grafana.screenshots.history.samples import SCRAPE_SECONDS, Sample
from grafana.screenshots.history.story import MINUTE, STUCK, story
from grafana.screenshots.history.targets import BEGIN, END, targets
from tests.grafana.reference import OF_PROMETHEUS, TARGET, documented, known

MOMENTS = (BEGIN, END - 300 * MINUTE, END - 181 * MINUTE, END - 10 * MINUTE, END)
NOT_TOLD = {
    "scrape_samples_scraped",
    "scrape_samples_post_metric_relabeling",
    "scrape_series_added",
}


@pytest.fixture(scope="module")
def told() -> list[Sample]:
    """Everything said at some moments, in the order of time."""
    every = targets()
    return [sample for time in MOMENTS for target in every for sample in target.at(time)]


def test_it_says_what_the_reference_has(told: list[Sample]) -> None:
    reference = known()
    wrong = {
        (name, *sorted(labels))
        for name, labels, _ in told
        if name not in reference or set(labels) != reference[name]
    }
    assert wrong == set()


def test_it_says_all_that_the_reference_has(told: list[Sample]) -> None:
    assert set(documented()) | set(OF_PROMETHEUS) - NOT_TOLD == {name for name, _, _ in told}


def test_every_sample_is_of_a_target(told: list[Sample]) -> None:
    assert all(
        labels.keys() >= TARGET and all(labels[label] for label in TARGET) for _, labels, _ in told
    )


def test_no_series_is_said_twice_at_a_time() -> None:
    for target in targets():
        series = [(name, frozenset(labels.items())) for name, labels, _ in target.at(END)]
        assert len(series) == len(set(series))


def test_no_counter_falls() -> None:
    every = targets()
    times = range(END - 20 * MINUTE, END + 1, 2 * MINUTE)
    scrapes = [_counters(s for target in every for s in target.at(time)) for time in times]
    for before, after in pairwise(scrapes):
        assert [key for key, value in before.items() if after[key] < value] == []


def test_the_story_is_the_same_each_time() -> None:
    assert story() == story()


def test_a_hold_does_not_end() -> None:
    assert [hold.until for hold in story().holds if hold.ip == STUCK] == [None]


def test_it_is_written_as_openmetrics() -> None:
    file = io.StringIO()
    samples.write(targets(), END - SCRAPE_SECONDS, END, file)
    *lines, last = file.getvalue().splitlines()
    assert last == "# EOF"
    assert {line.rsplit(" ", 1)[1] for line in lines} == {str(END - SCRAPE_SECONDS), str(END)}


def _counters(said: Iterable[Sample]) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    return {
        (name, frozenset(labels.items())): value
        for name, labels, value in said
        if name.endswith("_total")
    }

from __future__ import annotations

import logging
from collections.abc import Iterable

import pytest
from prometheus_client.metrics_core import GaugeMetricFamily, Metric

from l2exporter.collectors.suite import Suite
from l2exporter.errors import KernelError


class Table:
    """A collector without events; fails as often as it is told to."""

    def __init__(self, name: str, *failures: Exception) -> None:
        self.name = name
        self.failures = list(failures)

    def collect(self) -> Iterable[Metric]:
        yield GaugeMetricFamily(f"l2_{self.name}", "A figure.", value=1)
        if self.failures:
            raise self.failures.pop(0)


class Watcher(Table):
    """A collector of one kind of event, which says what it saw and derives what it is told to."""

    def __init__(self, name: str, kind: type, *derived: object) -> None:
        super().__init__(name)
        self.observes = kind
        self.derived = derived
        self.seen: list[object] = []

    def observe(self, event: object) -> Iterable[object]:
        self.seen.append(event)
        yield from self.derived
        if event == "bad":
            raise ValueError(event)


def figures(suite: Suite, only: frozenset[str] | None = None) -> dict[tuple[str, ...], float]:
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in suite.collect(only)
        for sample in family.samples
        if sample.name != "l2_scrape_collector_duration_seconds"
    }


def test_each_collector_tells_how_it_fared() -> None:
    assert figures(Suite({"one": Table("one"), "two": Table("two")})) == {
        ("l2_one",): 1,
        ("l2_two",): 1,
        ("l2_scrape_collector_success", "one"): 1,
        ("l2_scrape_collector_success", "two"): 1,
        ("l2_collector_errors_total", "one"): 0,
        ("l2_collector_errors_total", "two"): 0,
        ("l2_collector_errors_total", "evidence"): 0,
        ("l2_collector_errors_total", "slow_lane"): 0,
    }


def test_durations_are_there_for_each() -> None:
    families = {family.name: family for family in Suite({"one": Table("one")}).collect()}
    (sample,) = families["l2_scrape_collector_duration_seconds"].samples
    assert sample.labels == {"collector": "one"}
    assert sample.value >= 0


def test_only_those_asked_for_are_run() -> None:
    suite = Suite({"one": Table("one"), "two": Table("two", ValueError())})
    told = figures(suite, frozenset({"one"}))
    assert ("l2_one",) in told
    assert not any("two" in key or "l2_two" in key for key in told)


def test_one_that_fails_costs_all_of_its_own_metrics_and_no_others() -> None:
    suite = Suite({"bad": Table("bad", ValueError()), "good": Table("good")})
    told = figures(suite)
    assert ("l2_bad",) not in told
    assert told["l2_good",] == 1
    assert told["l2_scrape_collector_success", "bad"] == 0
    assert told["l2_collector_errors_total", "bad"] == 1
    assert told["l2_scrape_collector_success", "good"] == 1
    told = figures(suite)
    assert told["l2_bad",] == told["l2_scrape_collector_success", "bad"] == 1
    assert told["l2_collector_errors_total", "bad"] == 1


def test_each_kind_of_failure_is_logged_once_with_its_traceback(
    caplog: pytest.LogCaptureFixture,
) -> None:
    failures = [ValueError("a"), KeyError("b"), ValueError("c"), KeyError("d")]
    suite = Suite({"bad": Table("bad", *failures), "worse": Table("worse", ValueError("e"))})
    with caplog.at_level(logging.DEBUG):
        for _ in range(5):
            list(suite.families())
    said = [(record.args, record.exc_info and record.exc_info[0]) for record in caplog.records]
    assert said == [(("bad",), ValueError), (("worse",), ValueError), (("bad",), KeyError)]
    assert figures(suite)["l2_collector_errors_total", "bad"] == 4


def test_what_the_kernel_refuses_is_logged_as_a_sentence(caplog: pytest.LogCaptureFixture) -> None:
    suite = Suite({"bad": Table("bad", KernelError("netlink: EPERM"), KernelError("again"))})
    with caplog.at_level(logging.DEBUG):
        for _ in range(3):
            list(suite.families())
    (record,) = caplog.records
    assert record.getMessage().endswith(": netlink: EPERM")
    assert not record.exc_info


def test_events_go_to_those_who_want_them_in_their_order() -> None:
    words, numbers, all_ = Watcher("a", str), Watcher("b", int), Watcher("c", object)
    Suite({"a": words, "t": Table("t"), "b": numbers, "c": all_}).observe(["x", 1, "y"])
    assert words.seen == ["x", "y"]
    assert numbers.seen == [1]
    assert all_.seen == ["x", 1, "y"]


def test_derived_events_are_seen_by_later_collectors_alone() -> None:
    early, source, late = Watcher("a", int), Watcher("b", str, 1, 2), Watcher("c", int)
    Suite({"a": early, "b": source, "c": late}).observe(["x"])
    assert early.seen == []
    assert late.seen == [1, 2]


def test_one_that_derives_what_it_observes_never_feeds_itself() -> None:
    echo = Watcher("a", str, "echo")
    after = Watcher("b", str)
    Suite({"a": echo, "b": after}).observe(["x"])
    assert echo.seen == ["x"]
    assert after.seen == ["x", "echo"]


def test_one_that_fails_on_an_event_leaves_it_to_the_others() -> None:
    bad, good = Watcher("bad", str, 1), Watcher("good", object)
    suite = Suite({"bad": bad, "good": good})
    suite.observe(["bad", "fine"])
    assert good.seen == ["bad", "fine", 1]
    assert figures(suite)["l2_collector_errors_total", "bad"] == 1
    assert figures(suite)["l2_scrape_collector_success", "bad"] == 1


def test_a_part_that_fails_is_counted_and_logged_as_collectors_are(
    caplog: pytest.LogCaptureFixture,
) -> None:
    suite = Suite({"one": Table("one")})
    for _ in range(2):
        with suite.guard("evidence"):
            raise ValueError
    assert figures(suite)["l2_collector_errors_total", "evidence"] == 2
    assert ("l2_collector_errors_total", "evidence") not in figures(suite, frozenset({"one"}))
    assert [record.args for record in caplog.records] == [("evidence",)]


def test_what_ends_the_process_is_not_caught() -> None:
    class Interrupted(Table):
        def collect(self) -> Iterable[Metric]:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        list(Suite({"one": Interrupted("one")}).collect())

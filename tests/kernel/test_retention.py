"""The formulas, by figures worked out by hand from net/core/neighbour.c."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from l2exporter.kernel.retention import Retention, collected, fdb_seconds, retention
from tests.tables.neighborhood import bridge, parameters, table

DEFAULTS = parameters()
"""gc_stale_time 60 s, base_reachable_time 30 s: as the kernel makes them."""


@pytest.mark.parametrize(
    ("entries", "least", "most"),
    [
        (0, 60, math.inf),
        (127, 60, math.inf),
        (128, 60, 75),
        (511, 60, 75),
        (512, 5, 75),
        (1024, 5, 75),
    ],
    ids=["empty", "below 1", "at 1", "below 2", "at 2", "at 3"],
)
def test_with_default_settings_it_is_a_matter_of_how_full_the_table_is(
    entries: int, least: float, most: float
) -> None:
    assert retention(table(entries), DEFAULTS) == Retention(least, most)


def test_without_a_first_threshold_an_empty_table_is_collected_too() -> None:
    assert retention(table(0, thresholds=(0, 512, 1024)), DEFAULTS) == Retention(60, 75)


@pytest.mark.parametrize(
    ("base", "stale", "default_base", "least", "most"),
    [
        (30, 60, 30, 60, 75),
        (30, 10, 30, 15, 60),
        (30, 40, 30, 40, 60),
        (12, 60, 30, 60, 75),
        (0.5, 0, 30, 0.25, 15.75),
        (7200, 60, 30, 3600, 10815),
        (30, 60, 600, 60, 360),
        (30, 14_400, 30, 14_400, 14_415),
    ],
    ids=[
        "defaults",
        "reachable outlasts stale",
        "stale between the two",
        "seldom reachable",
        "next to nothing",
        "reachable for hours",
        "seldom collected",
        "stale for hours",
    ],
)
def test_both_times_of_the_device_and_the_period_of_the_table_count(
    base: float, stale: float, default_base: float, least: float, most: float
) -> None:
    made = table(200, defaults=parameters(default_base, 5))
    assert collected(made, parameters(base, stale)) == Retention(least, most)
    assert retention(made, parameters(base, stale)) == Retention(least, most)


def test_forced_collection_never_lengthens_what_is_shorter() -> None:
    made = table(600)
    assert retention(made, parameters(2, 1)) == Retention(1, 18)
    assert retention(made, parameters(2, 4)) == Retention(4, 19)
    assert retention(made, parameters(2, 6)) == Retention(5, 21)


def test_thresholds_in_an_odd_order_are_each_taken_at_their_word() -> None:
    assert retention(table(20, thresholds=(128, 10, 1024)), DEFAULTS) == Retention(5, math.inf)


SECONDS = st.floats(0, 1e7)


@given(
    entries=st.integers(0, 1 << 31),
    thresholds=st.tuples(*[st.integers(0, 1 << 31)] * 3),
    base=SECONDS,
    stale=SECONDS,
    default_base=SECONDS,
)
def test_the_bounds_are_in_order(
    entries: int,
    thresholds: tuple[int, int, int],
    base: float,
    stale: float,
    default_base: float,
) -> None:
    made = table(entries, thresholds=thresholds, defaults=parameters(default_base))
    bounds = retention(made, parameters(base, stale))
    assert 0 <= bounds.least <= bounds.most
    assert math.isinf(bounds.most) == (entries < thresholds[0])


def test_a_bridge_forgets_sooner_during_a_topology_change() -> None:
    assert fdb_seconds(bridge(ageing_seconds=300)) == 300
    assert fdb_seconds(bridge(ageing_seconds=0)) == 0
    changing = bridge(ageing_seconds=30, forward_delay_seconds=15, topology_change=True)
    assert fdb_seconds(changing) == 15

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from l2exporter.collectors.figures import Figure, fold, frequencies

COUNTS: dict[tuple[str, ...], int] = {
    ("br0", "1", "learned"): 5,
    ("br0", "2", "learned"): 3,
    ("br0", "3", "learned"): 1,
    ("br0", "3", "local"): 1,
    ("br0", "4", "learned"): 2,
}
VLAN = 1

keys = st.tuples(
    st.sampled_from(["br0", "br1"]), st.integers(1, 20).map(str), st.sampled_from("ab")
)


def test_what_is_not_known_of_a_row_has_no_sample() -> None:
    figure: Figure[float | None] = Figure("l2_size", "A size.", lambda row: row)
    rows = [(("a",), 1.5), (("b",), None), (("c",), 0.0)]
    samples = figure.gauge(["row"], rows).samples
    assert [(s.name, s.labels["row"], s.value) for s in samples] == [
        ("l2_size", "a", 1.5),
        ("l2_size", "c", 0.0),
    ]


def test_a_figure_that_only_grows_is_a_counter() -> None:
    figure: Figure[int] = Figure("l2_things", "Things.", lambda row: row)
    family = figure.counter(["row"], [(("a",), 2)])
    assert family.type == "counter"
    assert [sample.name for sample in family.samples] == ["l2_things_total"]


def test_values_are_counted() -> None:
    assert list(frequencies(np.array([7, 3, 7], np.int64))) == [(3, 1), (7, 2)]
    assert list(frequencies(np.array([], np.int64))) == []


def test_counts_within_the_limit_stay_as_they_are() -> None:
    assert fold(COUNTS, VLAN, 5) == COUNTS


def test_the_smallest_are_summed_up_under_other() -> None:
    assert fold(COUNTS, VLAN, 4) == {
        ("br0", "1", "learned"): 5,
        ("br0", "2", "learned"): 3,
        ("br0", "other", "learned"): 3,
        ("br0", "other", "local"): 1,
    }


def test_of_those_that_are_alike_none_is_kept_when_not_all_can_be() -> None:
    alike: dict[tuple[str, ...], int] = {("br0", str(vid), "local"): 1 for vid in range(9)}
    assert fold(alike, VLAN, 8) == {("br0", "other", "local"): 9}


def test_one_sum_for_each_combination_of_the_other_labels_is_left_whatever_the_limit() -> None:
    assert fold(COUNTS, VLAN, 0) == {("br0", "other", "learned"): 11, ("br0", "other", "local"): 1}


@given(st.dictionaries(keys, st.integers(0, 9)), st.integers(0, 50))
def test_no_count_is_lost_and_the_limit_holds(counts: dict[tuple[str, ...], int], n: int) -> None:
    folded = fold(counts, VLAN, n)
    assert sum(folded.values()) == sum(counts.values())
    assert len(folded) <= max(n, len({(bridge, kind) for bridge, _, kind in counts}))

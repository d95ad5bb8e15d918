from __future__ import annotations

import numpy as np
import pytest

from l2exporter.tables.segments import Segments

NOBODY = np.zeros(0, np.intp)


def locate(segments: Segments, device: int, *vlans: int, now: float = 0.0) -> list[int]:
    return list(segments.locate(device, np.array(vlans, np.int32), now))


def labels(segments: Segments) -> list[tuple[str, str]]:
    return sorted(segments.labels().values())


def named(segments: Segments, name: str) -> int:
    number = segments.device(name)
    assert number is not None
    return number


def test_a_device_keeps_its_number() -> None:
    segments = Segments(vlans=4, devices=2)
    one, two = named(segments, "eth0"), named(segments, "eth1")
    assert one != two
    assert named(segments, "eth0") == one
    assert segments.device("eth2") is None
    assert segments.device_names() == {one: "eth0", two: "eth1"}


def test_what_is_untagged_has_its_row_from_the_start() -> None:
    segments = Segments(vlans=4, devices=2)
    one, two = named(segments, "eth0"), named(segments, "eth1")
    assert segments.labels() == {4: ("eth0", ""), 5: ("eth1", "")}
    assert locate(segments, one, 0, 0) + locate(segments, two, 0) == [4, 4, 5]
    assert segments.entries() == 0


def test_each_vlan_of_each_device_is_a_row() -> None:
    segments = Segments(vlans=10, devices=2)
    one, two = named(segments, "eth0"), named(segments, "eth1")
    rows = locate(segments, one, 0, 7, 4095, 7, 0)
    assert rows[0] == rows[4]
    assert rows[1] == rows[3]
    assert len({*rows, *locate(segments, two, 7)}) == 4
    assert labels(segments) == [
        *(("eth0", vlan) for vlan in ("", "4095", "7")),
        *(("eth1", vlan) for vlan in ("", "7")),
    ]
    assert segments.entries() == 3


def test_beyond_the_cap_vlans_are_counted_as_other() -> None:
    segments = Segments(vlans=2, devices=2)
    one, two = named(segments, "eth0"), named(segments, "eth1")
    rows = locate(segments, one, 5, 6, 7, 5, 8, 7, 0)
    assert rows[2] == rows[4] == rows[5] == segments.overflow(one)
    assert rows[6] not in rows[:6]
    assert locate(segments, two, 5) == [segments.overflow(two)]
    assert locate(segments, one, 6, 7, 8) == [rows[1], *[segments.overflow(one)] * 2]
    assert labels(segments) == [
        *(("eth0", vlan) for vlan in ("", "5", "6", "other")),
        *(("eth1", vlan) for vlan in ("", "other")),
    ]
    assert segments.entries() == 2


def test_every_row_is_one_of_the_columns_and_no_two_are_the_same() -> None:
    segments = Segments(vlans=3, devices=4)
    rows = [
        row
        for name in ("eth0", "eth1", "eth2", "eth3")
        for row in locate(segments, named(segments, name), 0, 1, 2)
    ]
    assert set(rows) == set(range(segments.columns.rows)) - {segments.overflow(0)}
    assert segments.overflow(3) == segments.columns.rows - 1


def test_what_was_refused_may_enter_when_a_row_is_free() -> None:
    segments = Segments(vlans=1, devices=2)
    one, two = named(segments, "eth0"), named(segments, "eth1")
    (row,) = locate(segments, one, 5)
    assert locate(segments, two, 6) == [segments.overflow(two)]
    segments.forget(one)
    assert locate(segments, two, 6, 7) == [row, segments.overflow(two)]
    assert labels(segments) == [("eth1", ""), ("eth1", "6"), ("eth1", "other")]


def test_a_removed_vlan_leaves_its_row_and_no_figures_to_the_next() -> None:
    segments = Segments(vlans=1, devices=1)
    figures = segments.columns.add(np.uint64)
    number = named(segments, "eth0")
    (row,) = locate(segments, number, 5)
    assert locate(segments, number, 6) == [segments.overflow(number)]
    figures[row] = 9
    segments.remove(row)
    assert segments.entries() == 0
    assert locate(segments, number, 6, 5) == [row, segments.overflow(number)]
    assert figures[row] == 0
    assert labels(segments) == [("eth0", ""), ("eth0", "6"), ("eth0", "other")]


def test_of_the_idle_the_one_seen_longest_ago_is_told() -> None:
    segments = Segments(vlans=5, devices=2)
    one, two = named(segments, "eth0"), named(segments, "eth1")
    (first,) = locate(segments, one, 1, now=10.0)
    (second,) = locate(segments, two, 1, now=11.0)
    (third,) = locate(segments, one, 3, now=12.0)
    assert segments.idle(10.0, NOBODY) is None
    assert segments.idle(10.5, NOBODY) == first
    assert segments.idle(99.0, np.array([first, segments.overflow(one)])) == second
    assert segments.idle(99.0, np.array([first, second, third])) is None
    locate(segments, one, 1, now=13.0)
    assert segments.idle(99.0, NOBODY) == second
    segments.remove(second)
    assert segments.idle(99.0, NOBODY) == third


def test_what_is_untagged_or_beyond_the_cap_is_never_idle() -> None:
    segments = Segments(vlans=1, devices=1)
    number = named(segments, "eth0")
    (row,) = locate(segments, number, 5, now=5.0)
    locate(segments, number, 0, 6, now=1.0)
    assert segments.idle(4.0, NOBODY) is None
    assert segments.idle(6.0, NOBODY) == row


def test_a_rename_changes_labels_alone() -> None:
    segments = Segments(vlans=4, devices=2)
    number = named(segments, "eth0")
    row = locate(segments, number, 7)
    segments.rename(number, "lan")
    assert labels(segments) == [("lan", ""), ("lan", "7")]
    assert locate(segments, number, 7) == row
    assert named(segments, "lan") == number


def test_a_forgotten_device_takes_all_its_figures_with_it() -> None:
    segments = Segments(vlans=2, devices=2)
    figures = segments.columns.add(np.uint64)
    totals = segments.device_columns.add(np.uint64)
    one, two = named(segments, "eth0"), named(segments, "eth1")
    gone = locate(segments, one, 0, 5, 6, 7)
    kept = locate(segments, two, 0, 5)
    figures[[*gone, *kept]] = 9
    totals[[one, two]] = 9
    assert sorted(segments.forget(one)) == sorted(gone)
    assert figures[gone].tolist() == [0, 0, 0, 0]
    assert figures[kept].tolist() == [9, 9]
    assert (totals[one], totals[two]) == (0, 9)
    assert segments.device_names() == {two: "eth1"}
    assert segments.entries() == 0
    with pytest.raises(KeyError):
        segments.name(one)
    assert named(segments, "eth2") == one


def test_what_is_absorbed_is_added_where_both_know_a_vlan_and_moves_where_not() -> None:
    segments = Segments(vlans=4, devices=2)
    figures = segments.columns.add(np.uint64, 2)
    totals = segments.device_columns.add(np.uint64)
    gone, young = named(segments, "eth0"), named(segments, "tmp0")
    theirs = locate(segments, gone, 0, 5, 6, 7)
    mine = locate(segments, young, 0, 5, 8)
    assert mine[2] == segments.overflow(young)
    figures[theirs] = [[1, 2], [3, 4], [5, 6], [7, 8]]
    figures[mine] = [[10, 20], [30, 40], [50, 60]]
    totals[[gone, young]] = [100, 200]
    segments.rename(young, "eth0")
    pairs = segments.absorb(young, gone)
    assert sorted(pairs) == sorted(zip(theirs[:2], mine[:2], strict=True))
    assert locate(segments, young, 0, 5, 6, 7) == [*mine[:2], *theirs[2:]]
    assert figures[[*mine, *theirs]].tolist() == [
        *([11, 22], [33, 44], [50, 60]),
        *([0, 0], [0, 0], [5, 6], [7, 8]),
    ]
    assert (totals[gone], totals[young]) == (0, 300)
    assert segments.device_names() == {young: "eth0"}
    assert labels(segments) == [("eth0", vlan) for vlan in ("", "5", "6", "7", "other")]
    assert segments.entries() == 3
    assert locate(segments, young, 8) == [theirs[1]]


@pytest.mark.parametrize("known", [False, True])
def test_what_was_beyond_the_cap_is_absorbed_too(known: bool) -> None:
    segments = Segments(vlans=1, devices=2)
    figures = segments.columns.add(np.uint64)
    gone, young = named(segments, "eth0"), named(segments, "tmp0")
    (kept,) = locate(segments, gone, 1)
    figures[locate(segments, gone, 2)] = 5
    if known:
        figures[locate(segments, young, 1)] = 7
    segments.rename(young, "eth0")
    segments.absorb(young, gone)
    assert figures[segments.overflow(young)] == 5 + 7 * known
    assert figures[segments.overflow(gone)] == 0
    assert labels(segments) == [("eth0", ""), ("eth0", "1"), ("eth0", "other")]
    assert locate(segments, young, 1, 2) == [kept, segments.overflow(young)]


def test_every_row_can_be_used_again_and_again() -> None:
    segments = Segments(vlans=3, devices=1)
    for _ in range(5):
        number = named(segments, "eth0")
        assert len(set(locate(segments, number, 0, 1, 2, 3, 4))) == 5
        segments.forget(number)
    assert segments.labels() == {}


def test_an_empty_batch_makes_no_segment() -> None:
    segments = Segments(vlans=3, devices=1)
    assert locate(segments, named(segments, "eth0")) == []
    assert labels(segments) == [("eth0", "")]
    assert segments.entries() == 0


def test_a_segments_device_is_told_until_it_is_forgotten() -> None:
    segments = Segments(vlans=2, devices=2)
    one, two = named(segments, "eth0"), named(segments, "eth1")
    rows = [*locate(segments, one, 0, 7), *locate(segments, two, 0, 7, 8)]
    assert [segments.device_of(row) for row in rows] == [one, one, two, two, two]
    segments.forget(one)
    assert segments.device_of(rows[0]) is None

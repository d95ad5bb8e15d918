from __future__ import annotations

import numpy as np
import pytest

from l2exporter.tables.segments import Segments


def locate(segments: Segments, device: int, *vlans: int) -> list[int]:
    return list(segments.locate(device, np.array(vlans, np.int32)))


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
    assert segments.device_limit == 2


def test_each_vlan_of_each_device_is_a_row() -> None:
    segments = Segments(vlans=10, devices=2)
    one, two = named(segments, "eth0"), named(segments, "eth1")
    rows = locate(segments, one, 0, 7, 4095, 7, 0)
    assert rows[0] == rows[4]
    assert rows[1] == rows[3]
    assert len({*rows, *locate(segments, two, 7)}) == 4
    assert labels(segments) == [("eth0", ""), ("eth0", "4095"), ("eth0", "7"), ("eth1", "7")]


def test_beyond_the_cap_vlans_are_counted_as_other() -> None:
    segments = Segments(vlans=2, devices=2)
    one, two = named(segments, "eth0"), named(segments, "eth1")
    rows = locate(segments, one, 5, 6, 7, 5, 8, 7)
    assert rows[2] == rows[4] == rows[5] == segments.overflow(one)
    assert locate(segments, two, 5) == [segments.overflow(two)]
    assert locate(segments, one, 6) == [rows[1]]
    assert labels(segments) == [("eth0", "5"), ("eth0", "6"), ("eth0", "other"), ("eth1", "other")]
    usage = segments.usage()
    assert (usage.table, usage.entries, usage.limit, usage.refusals) == ("vlans", 2, 2, 4)


def test_what_was_refused_may_enter_when_a_row_is_free() -> None:
    segments = Segments(vlans=1, devices=2)
    one, two = named(segments, "eth0"), named(segments, "eth1")
    locate(segments, one, 5)
    assert locate(segments, two, 6) == [segments.overflow(two)]
    segments.forget(one)
    assert locate(segments, two, 6) != [segments.overflow(two)]
    assert labels(segments) == [("eth1", "6"), ("eth1", "other")]


def test_a_rename_changes_labels_alone() -> None:
    segments = Segments(vlans=4, devices=2)
    number = named(segments, "eth0")
    row = locate(segments, number, 7)
    segments.rename(number, "lan")
    assert labels(segments) == [("lan", "7")]
    assert locate(segments, number, 7) == row
    assert named(segments, "lan") == number


def test_a_forgotten_device_takes_all_its_figures_with_it() -> None:
    segments = Segments(vlans=2, devices=2)
    figures = segments.columns.add(np.uint64)
    totals = segments.device_columns.add(np.uint64)
    one, two = named(segments, "eth0"), named(segments, "eth1")
    gone = locate(segments, one, 5, 6, 7)
    kept = locate(segments, two, 5)
    figures[[*gone, *kept]] = 9
    totals[[one, two]] = 9
    assert sorted(segments.forget(one)) == sorted(gone)
    assert figures[gone].tolist() == [0, 0, 0]
    assert figures[kept].tolist() == [9]
    assert (totals[one], totals[two]) == (0, 9)
    assert segments.device_names() == {two: "eth1"}
    assert segments.usage().entries == 0
    with pytest.raises(KeyError):
        segments.name(one)
    assert named(segments, "eth2") == one


def test_every_row_can_be_used_again_and_again() -> None:
    segments = Segments(vlans=3, devices=1)
    for _ in range(5):
        number = named(segments, "eth0")
        assert len(set(locate(segments, number, 1, 2, 3, 4))) == 4
        segments.forget(number)
    assert segments.labels() == {}


def test_an_empty_batch_makes_no_segment() -> None:
    segments = Segments(vlans=3, devices=1)
    assert locate(segments, named(segments, "eth0")) == []
    assert segments.labels() == {}

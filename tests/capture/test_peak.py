"""The highest figure of late, whenever it is asked for."""

from __future__ import annotations

from itertools import pairwise

from l2exporter.capture.peak import Peak


def test_the_peak_is_of_this_period_and_the_last() -> None:
    peak = Peak(60.0)
    for now, level in ((0.0, 0.2), (1.0, 0.7), (2.0, 0.1)):
        peak.note(level, now)
    seen = [peak.value(now) for now in (59.0, 61.0, 119.0, 120.0)]
    assert seen == [0.7, 0.7, 0.7, 0.0]
    assert all(earlier >= later for earlier, later in pairwise(seen))


def test_the_peak_never_goes_back() -> None:
    peak = Peak(60.0)
    peak.note(0.5, 119.0)
    peak.note(0.9, 121.0)
    peak.note(0.7, 59.0)
    assert [peak.value(now) for now in (0.0, 119.0, 121.0, 239.0)] == [0.9] * 4


def test_the_peak_of_a_period_long_ago_is_forgotten() -> None:
    peak = Peak(60.0)
    peak.note(0.9, 0.0)
    peak.note(0.1, 200.0)
    assert peak.value(200.0) == 0.1

from __future__ import annotations

from dataclasses import replace

import numpy as np

from l2exporter.dissect.frames import LONGEST_BATCH_SECONDS, UNTAGGED, Whole
from tests.dissect.batch import batch


def whole(time: float) -> Whole:
    return Whole(b"", 0, UNTAGGED, False, time)


def test_the_latest_of_a_batch_is_at_its_now() -> None:
    frames = batch([bytes(60)] * 3, time=[1000.0, 1000.25, 1000.125], now=50.0)
    assert frames.at(frames.time).tolist() == [49.75, 50.0, 49.875]


def test_whole_frames_and_columns_share_one_clock() -> None:
    columns = batch([bytes(60)], time=1000.0, now=50.0)
    later = replace(columns, whole=(whole(1000.5), whole(1000.25)))
    assert later.at(later.time).tolist() == [49.5]
    assert later.at(np.array([one.time for one in later.whole])).tolist() == [50.0, 49.75]
    earlier = replace(columns, whole=(whole(999.5),))
    assert earlier.at(np.array([999.5, 1000.0])).tolist() == [49.5, 50.0]


def test_without_columns_the_whole_frames_tell_the_time() -> None:
    frames = batch([], now=50.0, whole=(whole(1000.0), whole(1000.5)))
    assert frames.at(np.array([1000.0, 1000.5])).tolist() == [49.5, 50.0]
    assert frames.at(frames.time).tolist() == []


def test_a_clock_that_was_set_in_between_puts_nothing_far_back_or_ahead() -> None:
    frames = batch([bytes(60)] * 2, time=[-1e9, 1e9], now=50.0)
    assert frames.at(frames.time).tolist() == [50.0 - LONGEST_BATCH_SECONDS, 50.0]
    assert frames.at(np.array([2e9])).tolist() == [50.0]

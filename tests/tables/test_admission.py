from __future__ import annotations

from l2exporter.tables.admission import TokenBucket


def test_a_burst_is_granted_at_once_and_no_more() -> None:
    bucket = TokenBucket(5, 1)
    assert [bucket.take(3, 0), bucket.take(3, 0), bucket.take(3, 0)] == [3, 2, 0]


def test_a_trickle_follows_and_fractions_add_up() -> None:
    bucket = TokenBucket(1, 0.25)
    assert [bucket.take(1, now) for now in range(10)] == [1, 0, 0, 0, 1, 0, 0, 0, 1, 0]


def test_rest_never_saves_up_more_than_the_burst() -> None:
    bucket = TokenBucket(2, 10)
    bucket.take(2, 0)
    assert bucket.take(100, 1e9) == 2


def test_without_a_rate_the_burst_is_all() -> None:
    bucket = TokenBucket(2, 0)
    assert [bucket.take(2, 0), bucket.take(1, 1e9)] == [2, 0]


def test_the_clock_may_start_anywhere() -> None:
    bucket = TokenBucket(3, 1)
    assert [bucket.take(5, 1e9), bucket.take(5, 1e9 + 1)] == [3, 1]


def test_what_is_not_wanted_is_kept() -> None:
    bucket = TokenBucket(3, 0)
    assert [bucket.take(0, 0), bucket.take(2, 0), bucket.take(2, 0)] == [0, 2, 1]

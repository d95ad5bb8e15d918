from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from l2exporter.web.waiting import Waiting


class Guest:
    def __init__(self) -> None:
        self.ended = False

    def hang_up(self) -> None:
        self.ended = True


def test_one_too_many_ends_the_longest_wait() -> None:
    waiting = Waiting(2)
    first, second, third = Guest(), Guest(), Guest()
    for guest in (first, second, first, third):
        waiting.add(guest)
    assert [guest.ended for guest in (first, second, third)] == [True, False, False]


def test_whoever_left_and_came_back_waits_anew() -> None:
    waiting = Waiting(2)
    first, second, third = Guest(), Guest(), Guest()
    for guest in (first, second):
        waiting.add(guest)
    waiting.discard(first)
    for guest in (first, third):
        waiting.add(guest)
    assert [guest.ended for guest in (first, second, third)] == [False, True, False]


def test_once_all_are_ended_nobody_waits_any_more() -> None:
    waiting = Waiting(2)
    early, late = Guest(), Guest()
    waiting.add(early)
    waiting.end_all()
    waiting.add(late)
    assert early.ended
    assert late.ended
    assert len(waiting) == 0


@given(st.integers(0, 4), st.lists(st.tuples(st.booleans(), st.integers(0, 9))))
def test_never_more_than_the_limit_and_nobody_lost(
    limit: int, steps: list[tuple[bool, int]]
) -> None:
    waiting = Waiting(limit)
    guests = [Guest() for _ in range(10)]
    present: set[int] = set()
    for comes, number in steps:
        guests[number].ended = False
        (waiting.add if comes else waiting.discard)(guests[number])
        (present.add if comes else present.discard)(number)
        present = {other for other in present if not guests[other].ended}
        assert len(waiting) == len(present) <= limit

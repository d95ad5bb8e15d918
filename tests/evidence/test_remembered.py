"""A flood pushes out what was heard once, and nothing that has stood its test."""

from __future__ import annotations

from l2exporter.evidence.hosts.remembered import Remembered


def table(limit: int = 8, seconds: float = 100.0) -> Remembered[str, int]:
    return Remembered("things", limit, seconds)


def test_what_was_put_is_there_until_its_time_is_over() -> None:
    things = table(seconds=100.0)

    assert things.put(1, "a", 5, author=9, at=0.0)

    assert things.get(1, "a", 100.0) == 5
    assert things.get(1, "a", 100.1) is None
    assert things.get(2, "a", 0.0) is None


def test_putting_it_again_gives_it_more_time() -> None:
    things = table(seconds=100.0)
    things.put(1, "a", 5, author=9, at=0.0)
    things.put(1, "a", 6, author=9, at=60.0)

    assert things.get(1, "a", 150.0) == 6
    assert len(things) == 1


def test_old_entries_make_room() -> None:
    things = table(limit=8, seconds=100.0)
    for number in range(8):
        things.put(1, str(number), number, author=number, at=0.0)

    things.put(1, "late", 0, author=99, at=101.0)

    assert len(things) == 1
    assert things.usage().evictions == 0


def test_a_flood_of_senders_evicts_what_is_loose_oldest_first() -> None:
    things = table(limit=8)
    things.put(1, "loose", 1, author=1, at=0.0)
    things.put(1, "firm", 2, author=2, at=0.0, firm=True)

    for number in range(100):
        assert things.put(1, f"flood {number}", 0, author=100 + number, at=1.0)

    assert things.get(1, "loose", 1.0) is None
    assert things.get(1, "firm", 1.0) == 2
    assert len(things) == 8
    assert things.usage().evictions == 94


def test_one_sender_has_a_quarter() -> None:
    things = table(limit=8)

    taken = [things.put(1, str(number), 0, author=1, at=0.0) for number in range(10)]

    assert taken == [True, True, *[False] * 8]
    assert things.usage().refusals == 8
    assert things.put(1, "another's", 0, author=2, at=0.0)


def test_a_senders_place_is_free_again_when_its_entry_ends() -> None:
    things = table(limit=8)
    things.put(1, "a", 0, author=1, at=0.0)
    things.put(1, "b", 0, author=1, at=0.0)

    things.discard(1, "a")

    assert things.put(1, "c", 0, author=1, at=0.0)
    assert not things.put(1, "d", 0, author=1, at=0.0)


def test_half_may_be_firm_so_that_newcomers_have_a_place() -> None:
    things = table(limit=8)
    for number in range(20):
        things.put(1, f"firm {number}", 0, author=number, at=0.0, firm=True)

    things.put(1, "new", 1, author=99, at=0.0)

    assert things.get(1, "new", 0.0) == 1
    assert [things.get(1, f"firm {number}", 0.0) for number in range(4)] == [0] * 4


def test_what_is_firm_stays_so() -> None:
    things = table(limit=8)
    things.put(1, "firm", 1, author=1, at=0.0, firm=True)
    things.put(1, "firm", 2, author=1, at=1.0)

    for number in range(20):
        things.put(1, str(number), 0, author=100 + number, at=1.0)

    assert things.get(1, "firm", 1.0) == 2


def test_a_segment_becomes_part_of_another() -> None:
    things = table()
    things.put(1, "a", 1, author=1, at=0.0)
    things.put(1, "b", 2, author=1, at=0.0, firm=True)
    things.put(2, "b", 3, author=2, at=0.0)

    things.change_segment(1, 2)

    assert things.get(2, "a", 0.0) == 1
    assert things.get(2, "b", 0.0) == 3
    assert things.get(1, "a", 0.0) is None
    assert len(things) == 2


def test_a_segment_ends() -> None:
    things = table(limit=8)
    things.put(1, "a", 1, author=1, at=0.0)
    things.put(1, "b", 1, author=1, at=0.0)
    things.put(2, "a", 2, author=2, at=0.0)

    things.change_segment(1, None)

    assert len(things) == 1
    assert things.put(2, "c", 0, author=1, at=0.0)


def test_usage_names_the_table() -> None:
    assert (table().usage().table, table().usage().limit) == ("things", 8)

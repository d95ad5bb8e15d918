"""Who leaves the table of addresses for whom, and who never does."""

from __future__ import annotations

import numpy as np

from l2exporter.tables.addresses import REFUSED
from tests.tables.lookups import FAR, HOME, NEAR, filled, held, move, see, table


def test_in_a_full_table_only_the_trickle_replaces() -> None:
    addresses = table(4, rate=1)
    see(addresses, 1, 2, 3, 4)
    assert see(addresses, 11, 12, 13, now=1)[0] == [11]
    assert see(addresses, 21, 22, now=1.5)[0] == []
    assert see(addresses, 31, 32, now=2.5)[0] == [31]
    assert addresses.usage().evictions == 2
    assert addresses.usage().entries == 4


def test_the_oldest_seen_goes_first() -> None:
    addresses = filled(table(4, rate=1), 1, 2, 3, 4)
    see(addresses, 1, now=10)
    see(addresses, 5, now=11)
    assert held(addresses) == {1, 3, 4, 5}


def test_being_seen_in_the_batch_that_brings_the_new_one_counts() -> None:
    addresses = filled(table(4, rate=1), 1, 2, 3, 4)
    assert see(addresses, 5, 1, now=10) == ([5, 1], [0])
    assert held(addresses) == {1, 3, 4, 5}


def test_who_never_moved_goes_before_who_did() -> None:
    addresses = filled(table(4, rate=1), 1, 2, 3, 4)
    move(addresses, 1, 2)
    for now, ip in enumerate((5, 6, 7), start=10):
        see(addresses, ip, now=now)
    assert held(addresses) == {1, 2, 6, 7}


def test_once_all_have_moved_the_oldest_of_them_goes() -> None:
    addresses = filled(table(4, rate=1), 1, 2, 3, 4)
    addresses.moved[:] = True
    see(addresses, 5, now=10)
    assert held(addresses) == {2, 3, 4, 5}
    assert int(addresses.moved.sum()) == 3


def test_a_foreign_address_replaces_foreign_ones_only() -> None:
    addresses = table(4, burst=16, rate=4)
    see(addresses, NEAR, NEAR + 1, NEAR + 2, FAR, subnets=[HOME])
    see(addresses, FAR + 1, now=10, subnets=[HOME])
    assert held(addresses) == {NEAR, NEAR + 1, NEAR + 2, FAR + 1}
    see(addresses, NEAR + 3, now=20, subnets=[HOME])
    assert held(addresses) == {NEAR + 1, NEAR + 2, NEAR + 3, FAR + 1}


def test_without_a_foreign_one_to_replace_a_foreign_address_is_refused() -> None:
    addresses = table(2, burst=16, rate=4)
    see(addresses, NEAR, NEAR + 1, subnets=[HOME])
    assert see(addresses, FAR, now=10, subnets=[HOME]) == ([], [])
    assert addresses.usage().evictions == 0


def test_a_protected_address_enters_without_a_token_and_stays() -> None:
    addresses = table(4, burst=5, rate=1)
    addresses.protect([100])
    see(addresses, 1, 2, 3, 4)
    assert see(addresses, 100, 5)[0] == [100, 5]
    for now in range(1, 20):
        see(addresses, 1000 + now, now=now)
    assert 100 in held(addresses)
    assert addresses.usage().evictions == 21


def test_protected_addresses_are_never_foreign() -> None:
    addresses = table(8, burst=1)
    addresses.protect([FAR + n for n in range(3)])
    assert len(see(addresses, FAR, FAR + 1, FAR + 2, FAR + 3, subnets=[HOME])[0]) == 4


def test_beyond_their_share_protected_addresses_compete_like_others() -> None:
    addresses = table(4, burst=1, rate=1)
    addresses.protect([100])
    for segment in range(4):
        see(addresses, 100, segment=segment)
    assert addresses.usage().entries == 3
    for now in range(1, 10):
        see(addresses, now, now=now)
    assert sum(ip == 100 for ip in addresses.keys(addresses.rows())[1].tolist()) == 2
    assert addresses.usage().entries == 4


def test_the_share_holds_when_the_set_is_given_again() -> None:
    addresses = table(4, burst=4, rate=1)
    addresses.protect([100])
    for segment in range(4):
        see(addresses, 100, segment=segment)
    addresses.protect([100, 101])
    for now in range(1, 10):
        see(addresses, now, now=now)
    segments, ips = addresses.keys(addresses.rows())
    kept = {s for s, ip in zip(segments.tolist(), ips.tolist(), strict=True) if ip == 100}
    assert kept == {0, 1}


def test_a_forgotten_segment_gives_its_part_of_the_share_back() -> None:
    addresses = table(4, burst=99, rate=1)
    addresses.protect([100])
    for segment in (1, 2):
        see(addresses, 100, segment=segment)
    addresses.forget([1, 2])
    for segment in (3, 4):
        see(addresses, 100, segment=segment)
    for now in range(1, 10):
        see(addresses, now, now=now)
    segments, ips = addresses.keys(addresses.rows())
    assert set(segments[ips == 100].tolist()) == {3, 4}


def test_who_is_in_the_table_is_protected_from_then_on() -> None:
    addresses = filled(table(4, rate=1), 1, 2, 3, 4)
    addresses.protect([1, 2])
    for now in range(10, 20):
        see(addresses, now, now=now)
    assert {1, 2} <= held(addresses)


def test_who_is_protected_no_more_may_go() -> None:
    addresses = table(4, rate=1)
    addresses.protect([1])
    filled(addresses, 1, 2, 3, 4)
    addresses.protect([])
    see(addresses, 5, now=10)
    assert held(addresses) == {2, 3, 4, 5}


def test_a_row_is_cleared_before_it_is_given_away() -> None:
    addresses = table(2, rate=1)
    figures = addresses.columns.add(np.uint64)
    see(addresses, 1, 2)
    figures[:] = 7
    addresses.moved[:] = True
    row = addresses.locate(np.zeros(1, np.intp), np.array([3], np.uint32), (), 10)[0][0]
    assert figures[row] == 0
    assert not addresses.moved[row]
    assert sorted(figures.tolist()) == [0, 7]


def test_who_is_evicted_later_in_the_batch_has_no_row_in_it() -> None:
    addresses = filled(table(2, rate=1), 1, 2)
    rows, new = addresses.locate(
        np.zeros(4, np.intp), np.array([1, 2, 3, 1], np.uint32), (), now=10
    )
    assert rows[0] == rows[3] == REFUSED
    assert rows[2] not in {rows[1], REFUSED}
    assert new.tolist() == [2]


def test_who_enters_and_is_evicted_within_one_batch_is_not_new() -> None:
    addresses = filled(table(4, rate=1), 1, 2, 3)
    move(addresses, 1, 2, 3)
    assert see(addresses, 4, 5, 1, 2, 3, now=10) == ([5, 1, 2, 3], [1])
    assert held(addresses) == {1, 2, 3, 5}

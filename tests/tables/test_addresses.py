"""Who enters the table of addresses, and how fast."""

from __future__ import annotations

import numpy as np

from l2exporter.tables.addresses import AddressTable, Subnet
from tests.tables.lookups import FAR, HOME, NEAR, see, table


def test_the_first_of_the_wire_get_the_burst() -> None:
    addresses = table(10, burst=3)
    assert see(addresses, 5, 9, 5, 1, 7, 3) == ([5, 9, 5, 1], [0, 1, 3])
    assert addresses.usage().entries == 3
    assert addresses.usage().refusals == 2


def test_who_is_known_needs_no_token() -> None:
    addresses = table(10, burst=2)
    see(addresses, 1, 2)
    assert see(addresses, 1, 3, 2, 1) == ([1, 2, 1], [])


def test_a_refused_address_counts_each_time_and_may_enter_later() -> None:
    addresses = table(10, burst=1, rate=1)
    assert see(addresses, 1, 2, 2) == ([1], [0])
    assert addresses.usage().refusals == 2
    assert see(addresses, 2, 2, now=1) == ([2, 2], [0])


def test_the_trickle_is_the_rate() -> None:
    addresses = table(100, burst=1, rate=0.5)
    entered = [see(addresses, 10 + second, now=second)[0] for second in range(7)]
    assert entered == [[10], [], [12], [], [14], [], [16]]


def test_an_address_is_one_for_each_segment() -> None:
    addresses = table(10)
    see(addresses, 1, segment=0)
    assert see(addresses, 1, segment=3) == ([1], [0])
    segments, ips = addresses.keys(addresses.rows())
    assert sorted(zip(segments.tolist(), ips.tolist(), strict=True)) == [(0, 1), (3, 1)]


def test_the_highest_key_fits() -> None:
    addresses = table(2)
    see(addresses, 0xFFFFFFFF, segment=20_000)
    segments, ips = addresses.keys(addresses.rows())
    assert (segments.tolist(), ips.tolist()) == ([20_000], [0xFFFFFFFF])


def test_own_subnets_come_before_foreign_addresses_of_the_same_batch() -> None:
    addresses = table(100, burst=8)
    strangers = [FAR + n for n in range(4)]
    own = [NEAR + n for n in range(7)]
    assert see(addresses, *strangers, *own, subnets=[HOME])[0] == [strangers[0], *own]


def test_foreign_addresses_get_their_share_of_burst_and_rate_alone() -> None:
    addresses = table(100, burst=8, rate=1)
    assert see(addresses, *range(FAR, FAR + 8), subnets=[HOME])[0] == [FAR, FAR + 1]
    later = [
        see(addresses, FAR + 10 * second, now=second, subnets=[HOME])[0] for second in range(1, 9)
    ]
    assert [bool(entered) for entered in later] == [False, False, False, True] * 2
    assert len(see(addresses, *range(NEAR, NEAR + 9), now=9, subnets=[HOME])[0]) == 8


def test_own_addresses_may_use_the_whole_burst() -> None:
    addresses = table(100, burst=8)
    assert len(see(addresses, *range(NEAR, NEAR + 9), subnets=[HOME])[0]) == 8
    assert see(addresses, FAR, subnets=[HOME])[0] == []


def test_an_address_in_any_of_the_subnets_is_the_devices_own() -> None:
    addresses = table(100, burst=4)
    both = [HOME, Subnet(FAR, 0xFFFFFF00)]
    assert len(see(addresses, NEAR, FAR, FAR + 1, FAR + 2, subnets=both)[0]) == 4


def test_without_subnets_nobody_is_foreign() -> None:
    assert len(see(table(100, burst=4), NEAR, FAR, FAR + 1, FAR + 2)[0]) == 4


def test_forgotten_segments_leave_their_rows_to_others() -> None:
    addresses = table(4)
    see(addresses, 1, 2, segment=0)
    see(addresses, 1, 3, segment=7)
    addresses.forget([0, 5])
    assert addresses.keys(addresses.rows())[0].tolist() == [7, 7]
    assert see(addresses, 8, 9, segment=1)[0] == [8, 9]
    assert addresses.usage().evictions == 0
    assert addresses.usage().entries == 4


def test_an_empty_batch_changes_nothing() -> None:
    addresses = table(4)
    assert see(addresses) == ([], [])
    assert addresses.usage().refusals == 0


def test_addresses_that_move_take_their_rows_along_and_the_place_of_the_same_there() -> None:
    addresses = table(8)
    before = rows(addresses, 1, 2, segment=3)
    see(addresses, 2, 9, segment=5)
    see(addresses, 1, segment=6)
    addresses.move(3, 5)
    assert rows(addresses, 1, 2, segment=5) == before
    assert addresses.usage().entries == 4
    segments, ips = addresses.keys(addresses.rows())
    pairs = sorted(zip(segments.tolist(), ips.tolist(), strict=True))
    assert pairs == [(5, 1), (5, 2), (5, 9), (6, 1)]
    assert see(addresses, 1, segment=3) == ([1], [0])


def test_a_protected_address_stays_so_whoever_takes_its_place() -> None:
    addresses = table(4, rate=1)
    addresses.protect([100])
    for segment in (1, 2, 3):
        see(addresses, 100, segment=segment)
    addresses.move(3, 1)
    for now in range(1, 10):
        see(addresses, now, now=now)
    segments, ips = addresses.keys(addresses.rows())
    assert set(segments[ips == 100].tolist()) == {1, 2}


def rows(addresses: AddressTable, *ips: int, segment: int) -> list[int]:
    segments = np.full(len(ips), segment, np.intp)
    return list(addresses.locate(segments, np.array(ips, np.uint32), (), 0.0)[0])


def test_the_segments_of_protected_addresses_are_known() -> None:
    addresses = table(8)
    addresses.protect([1])
    see(addresses, 1, 2, segment=7)
    see(addresses, 2, segment=5)
    see(addresses, 1, segment=4)
    assert addresses.protected_segments().tolist() == [4, 7]
    assert addresses.is_protected(np.array([2, 1, 3], np.uint32)).tolist() == [False, True, False]

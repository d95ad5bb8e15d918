"""Who took a protected address before: what is remembered, of how many, for how long."""

from __future__ import annotations

import pytest

from l2exporter.evidence.protection.takers import REPEATED_SECONDS, Takers
from l2exporter.limits import TAKERS

OWNER, THIEF, OTHER = 1, 2, 3


def driven_off(mac: int = THIEF, at: float = 0.0) -> Takers:
    takers = Takers()
    takers.moved(OWNER, mac, [OWNER], at)
    takers.moved(mac, OWNER, [OWNER], at)
    return takers


@pytest.mark.parametrize(("passed", "found"), [(0, {THIEF}), (1, set())])
def test_who_was_driven_off_is_remembered_for_an_hour(passed: float, found: set[int]) -> None:
    assert driven_off().repeaters([OWNER], REPEATED_SECONDS + passed) == found


def test_who_has_the_address_still_repeats_nothing() -> None:
    takers = Takers()
    takers.moved(OWNER, THIEF, [OWNER], 0.0)
    takers.moved(THIEF, OTHER, [OWNER], 1.0)
    assert takers.repeaters([OWNER], 2.0) == set()


def test_who_was_never_seen_taking_it_was_not_driven_off() -> None:
    takers = Takers()
    takers.moved(THIEF, OWNER, [OWNER], 0.0)
    assert takers.repeaters([OWNER], 1.0) == set()


def test_who_is_expected_since_repeats_nothing() -> None:
    assert driven_off().repeaters([THIEF, OWNER], 1.0) == set()


def test_the_latest_are_kept() -> None:
    takers = Takers()
    for mac in (*range(10, 10 + TAKERS), 10, 99):
        takers.moved(OWNER, mac, [OWNER], float(mac))
        takers.moved(mac, OWNER, [OWNER], float(mac))
        takers.accuse(mac, float(mac))
    kept = {10, 99, *range(12, 10 + TAKERS)}
    assert takers.repeaters([OWNER], 100.0) == kept
    assert set(takers.took) == set(takers.accused) == kept


def test_what_two_segments_remember_is_one() -> None:
    takers = driven_off()
    other = driven_off(OTHER)
    other.accuse(OTHER, 0.0)
    takers.merge(other)
    assert takers.repeaters([OWNER], 1.0) == {THIEF, OTHER}
    assert set(takers.accused) == {OTHER}

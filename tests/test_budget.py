"""The CPU that dissection may take, and how its senders share it."""

from __future__ import annotations

import pytest

from l2exporter.budget import CROWD_FLOOR, FREE, KNOWN_FLOOR, RARE_FLOOR, Budget
from l2exporter.limits import (
    SLOW_CPU_BURST_SECONDS,
    SLOW_CPU_SHARE,
    SLOW_SENDER_BINS,
    SLOW_SENDER_SHARE,
)

LOUD, QUIET = 0x02_00_00_00_00_01, 0x02_00_00_00_00_02
COST = 0.0001
OWN = SLOW_SENDER_SHARE * SLOW_CPU_BURST_SECONDS


def apart(budget: Budget, sender: int) -> int:
    """A sender that does not share its bin."""
    return next(n for n in range(1, 10_000) if budget._bin(n) != budget._bin(sender))


def drain(budget: Budget, floor: float, senders: range | list[int]) -> int:
    """How many packets pass when all send as fast as they can, until none does."""
    passed = 0
    for _ in range(10_000):
        allowed = [sender for sender in senders if budget.allows(sender, floor)]
        if not allowed:
            return passed
        for sender in allowed:
            budget.spend(sender, COST)
        passed += len(allowed)
    raise AssertionError("the budget has no end")


@pytest.fixture
def budget() -> Budget:
    budget = Budget()
    budget.refill(100.0)
    return budget


def test_one_sender_has_its_share_once_the_store_is_short(budget: Budget) -> None:
    passed = drain(budget, CROWD_FLOOR, [LOUD])
    free = (1 - FREE) * SLOW_CPU_BURST_SECONDS
    assert passed * COST == pytest.approx(max(free, OWN), abs=2 * COST)
    assert budget.allows(apart(budget, LOUD), CROWD_FLOOR)


def test_a_second_brings_no_more_than_the_share_of_a_core(budget: Budget) -> None:
    everybody = range(4 * SLOW_SENDER_BINS)
    drain(budget, KNOWN_FLOOR, everybody)
    passed, now = 0, 100.0
    for _ in range(200):
        now += 0.05
        budget.refill(now)
        passed += drain(budget, KNOWN_FLOOR, everybody)
    # Each look lets everybody in at once, before any of them has spent.
    assert passed * COST <= 10 * SLOW_CPU_SHARE + len(everybody) * COST
    assert passed * COST >= 10 * SLOW_CPU_SHARE * 0.9


@pytest.mark.parametrize("pair", [(CROWD_FLOOR, RARE_FLOOR), (RARE_FLOOR, KNOWN_FLOOR)])
def test_a_flood_leaves_something_to_what_is_worth_more(pair: tuple[float, float]) -> None:
    flood, rest = pair
    budget = Budget()
    budget.refill(0.0)
    # One packet at a time: a store that all share is not overdrawn by more than one.
    sender = 0
    for sender in range(1, 100_000):
        if not budget.allows(sender, flood):
            break
        budget.spend(sender, COST)
    assert not budget.allows(sender, flood)
    assert budget.allows(apart(budget, sender), rest)


def test_one_dear_packet_is_paid_off_before_its_sender_is_heard_again(budget: Budget) -> None:
    budget.spend(LOUD, 0.05)
    other = apart(budget, LOUD)
    assert not budget.allows(LOUD, KNOWN_FLOOR)
    assert budget.allows(other, CROWD_FLOOR)
    paid_off = (0.05 - OWN) / (SLOW_CPU_SHARE * SLOW_SENDER_SHARE)
    # The store is full long before: keep it short, so that shares are looked at.
    for second in (1.0, 2.0, paid_off - 0.1, paid_off + 0.1):
        budget.refill(100.0 + second)
        while budget.allows(other, FREE):
            budget.spend(other, COST)
        assert budget.allows(LOUD, KNOWN_FLOOR) == (second > paid_off)


def test_debts_do_not_grow_negative_while_a_sender_is_silent(budget: Budget) -> None:
    budget.refill(100_000.0)
    first = drain(budget, CROWD_FLOOR, [LOUD])
    fresh = Budget()
    fresh.refill(0.0)
    assert first == drain(fresh, CROWD_FLOOR, [LOUD])


def test_a_dear_packet_leaves_a_debt_that_time_pays(budget: Budget) -> None:
    budget.spend(LOUD, 3 * SLOW_CPU_BURST_SECONDS)
    assert not budget.allows(QUIET, KNOWN_FLOOR)
    debt = 2 * SLOW_CPU_BURST_SECONDS
    budget.refill(100.0 + debt / SLOW_CPU_SHARE - 0.01)
    assert not budget.allows(apart(budget, LOUD), KNOWN_FLOOR)
    budget.refill(100.0 + debt / SLOW_CPU_SHARE + 0.01)
    assert budget.allows(apart(budget, LOUD), KNOWN_FLOOR)


def test_a_clock_that_goes_back_pays_nothing(budget: Budget) -> None:
    budget.spend(LOUD, SLOW_CPU_BURST_SECONDS)
    budget.refill(50.0)
    assert not budget.allows(QUIET, KNOWN_FLOOR)


def test_senders_are_spread_by_a_key_that_differs() -> None:
    senders = range(0x02_00_00_00_00_00, 0x02_00_00_00_00_00 + 4 * SLOW_SENDER_BINS)
    placed = [tuple(budget._bin(sender) for sender in senders) for budget in (Budget(), Budget())]
    assert placed[0] != placed[1]
    assert all(len(set(bins)) > SLOW_SENDER_BINS * 3 // 4 for bins in placed)

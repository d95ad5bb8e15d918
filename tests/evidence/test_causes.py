"""Each scenario has the cause that its evidence allows to name, and no other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from l2exporter.evidence.moves.behavior import Behavior, ClaimFigures, PairFigures
from l2exporter.evidence.moves.causes import CAUSES, RULES, Rule, classify

from .cases import CASES, LADDER
from .scenes import (
    BEGAN,
    IP,
    NEW,
    OLD,
    SEGMENT,
    UNTIL,
    Case,
    HoldFake,
    Pair,
    Parts,
    dhcp,
    says,
    woken,
)

PAGE = (Path(__file__).parents[2] / "docs" / "causes.md").read_text()


def causes(case: Case) -> dict[Pair, str]:
    return classify(case.behavior, case.knowledge, UNTIL)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_scenario(case: Case) -> None:
    pairs = case.behavior.pairs
    if isinstance(case.cause, dict):
        assert causes(case) == case.cause
    else:
        assert pairs
        assert causes(case) == dict.fromkeys(pairs, case.cause)


def test_every_cause_has_a_scenario() -> None:
    found = {cause for case in CASES for cause in causes(case).values()}

    assert found == set(CAUSES)


def test_every_rule_decides_a_scenario() -> None:
    """A rule that could be left out without a difference is none."""
    for rule in RULES:
        without = [other for other in RULES if other is not rule]
        assert any(_decides(case, without) for case in CASES), rule


def _decides(case: Case, rules: Sequence[Rule]) -> bool:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("l2exporter.evidence.moves.causes.RULES", rules)
        changed = causes(case)
    return changed != causes(case)


def test_every_rule_names_a_cause_and_its_source() -> None:
    assert {rule.cause for rule in RULES} == set(CAUSES)
    assert all(rule.source for rule in RULES)


def test_names_are_unique() -> None:
    assert len({case.name for case in CASES}) == len(CASES)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_page_has_a_row_of_it(case: Case) -> None:
    found = case.cause.values() if isinstance(case.cause, dict) else [case.cause]
    expected = ", then ".join(f"`{cause}`" for cause in found) or "no move"
    name = f"{case.name} (protected)" if case.protected else case.name

    assert f"| {name} | {case.why} | {expected} | " in PAGE


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_no_proxy_is_an_excuse_on_a_protected_address(case: Case) -> None:
    found = set(causes(replace(case, protected=True)).values())

    assert not found & {"sleep_proxy_hold", "sleep_proxy_release"}


def test_moves_that_nobody_looked_at_excuse_nothing() -> None:
    """In a flood packets are only counted: who was silent is not known."""
    unseen = Behavior((SEGMENT, IP), protected=False, began=BEGAN, until=UNTIL, time=0.0)
    unseen.pairs[OLD, NEW] = PairFigures(1, BEGAN, BEGAN, 0.0)
    unseen.claims[NEW] = ClaimFigures(BEGAN, BEGAN, 1, seconds=1)
    told = [dhcp("request", NEW, requested_ip=IP), woken(NEW, OLD)]
    assert classify(unseen, Parts().told(told), UNTIL) == {(OLD, NEW): "same_host_interface"}

    unseen.others = 40

    assert classify(unseen, Parts().told(told), UNTIL) == {(OLD, NEW): "unknown"}


@pytest.mark.parametrize(("ended", "cause"), [(-20.0, "sleep_proxy_hold"), (-100.0, "unknown")])
def test_a_hold_that_ended_before_excuses_nothing(ended: float, cause: str) -> None:
    hold = HoldFake(since_at=BEGAN - 900, ended_at=BEGAN + ended)
    case = Case("", says(NEW, "announcement", *LADDER), cause, "", holds=[hold])

    assert causes(case) == {(OLD, NEW): cause}


@pytest.mark.parametrize(("at", "cause"), [(-119, "dhcp_reassignment"), (-121, "unknown")])
def test_a_lease_counts_two_minutes(at: float, cause: str) -> None:
    told = [dhcp("request", NEW, at, requested_ip=IP)]

    assert causes(Case("", says(NEW, "request", 0), cause, "", seen=told)) == {(OLD, NEW): cause}


@pytest.mark.parametrize(("at", "cause"), [(2.0, "dhcp_reassignment"), (2.1, "unknown")])
def test_an_old_owner_may_be_heard_for_two_seconds(at: float, cause: str) -> None:
    told = [dhcp("request", NEW, requested_ip=IP)]
    packets = [*says(NEW, "request", 0), *says(OLD, "reply", at)]

    assert causes(Case("", packets, cause, "", seen=told))[OLD, NEW] == cause


@pytest.mark.parametrize(("at", "cause"), [(0.5, "duplicate_address"), (0.6, "unknown")])
def test_a_defence_comes_at_once(at: float, cause: str) -> None:
    packets = [*says(NEW, "announcement", 0), *says(OLD, "announcement", at)]

    assert set(causes(Case("", packets, cause, "")).values()) == {cause}

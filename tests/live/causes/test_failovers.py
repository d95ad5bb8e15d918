"""Real keepalived: the address goes from one router to the other."""

from __future__ import annotations

import pytest

from tests.lab.keepalived import VMAC, Failover
from tests.live.causes.marks import TIMEOUT, of
from tests.live.causes.stage import Stage, View, Views

pytestmark = [pytest.mark.root, pytest.mark.timeout(TIMEOUT)]

VIP = "192.0.2.100"
BACKUP_MAC = "02:00:00:00:00:02"


def fail_over(
    stage: Stage, *, use_vmac: bool = False, gateway: bool = False, recovers: bool = False
) -> View:
    """The master ends, the backup takes over; a third host watches, whose gateway it may be."""
    first, second, watcher = stage.segment(3).hosts
    if gateway:
        watcher.namespace.ip("route", "add", "default", "via", VIP)
    exporter = stage.exporter(watcher.namespace)
    with Failover(first, second, VIP, use_vmac=use_vmac) as vrrp:
        stage.until(exporter, is_known, "the address is known")
        vrrp.fail()
        assert vrrp.held_by(second)
        if recovers:
            stage.until(exporter, lambda view: view.cause(VIP), "the backup has announced it")
            vrrp.recover()
            stage.until(exporter, has_moved_back, "the master has announced it")
        if use_vmac:
            stage.until(exporter, announced_twice, "the backup has announced it")
            return stage.judged(exporter)
        return stage.judged(exporter, VIP)


def is_known(view: View) -> bool:
    return bool(view.by("l2_arp_moves_total", "ip", ip=VIP))


def has_moved_back(view: View) -> bool:
    return view.value("l2_arp_flip_flops_total", ip=VIP) == 1


def announced_twice(view: View) -> bool:
    gratuitous = view.value("l2_gratuitous_arp_total", ip=VIP)
    return gratuitous is not None and gratuitous > 2 * Failover.GARP_BURST


def own_addresses(stage: Stage) -> Views:
    return {"plain": fail_over(stage)}


def gateway(stage: Stage) -> Views:
    return {"plain": fail_over(stage, gateway=True)}


def preempted(stage: Stage) -> Views:
    return {"plain": fail_over(stage, gateway=True, recovers=True)}


def virtual_address(stage: Stage) -> Views:
    return {"plain": fail_over(stage, use_vmac=True, gateway=True)}


@of(own_addresses)
def test_a_backup_that_advertises_takes_over(told: Views) -> None:
    view = told["plain"]
    assert view.causes() == {"failover": 1}
    assert view.cause(VIP) == "failover"
    assert view.value("l2_protected_address_claims_total", ip=VIP) is None


@of(gateway)
def test_for_a_gateway_it_is_a_failover_too_and_every_claim_counts(told: Views) -> None:
    view = told["plain"]
    assert view.causes() == {"failover": 1}
    moves = view.by("l2_protected_address_moves_total", "cause", ip=VIP, role="gateway")
    assert {cause for cause, count in moves.items() if count} == {"failover"}
    claims = view.value("l2_protected_address_claims_total", ip=VIP, role="gateway")
    assert claims is not None
    assert claims >= Failover.GARP_BURST
    assert view.label("l2_protected_address_last_claim_info", "mac", ip=VIP) == BACKUP_MAC
    assert BACKUP_MAC in view.by("l2_protected_address_info", "mac", ip=VIP)


@of(preempted)
def test_a_master_that_comes_back_at_once_is_no_quarrel(told: Views) -> None:
    view = told["plain"]
    assert view.causes() == {"failover": 2}
    moves = view.by("l2_protected_address_moves_total", "cause", ip=VIP, role="gateway")
    assert moves["failover"] == sum(moves.values()) == 2


@of(virtual_address)
def test_with_the_virtual_routers_address_nothing_moves_and_nobody_else_claims(
    told: Views,
) -> None:
    view = told["plain"]
    assert view.causes() == {}
    assert view.value("l2_arp_moves_total", ip=VIP) == 0
    assert view.value("l2_protected_address_claims_total", ip=VIP, role="gateway") == 0
    assert view.by("l2_protected_address_info", "mac", ip=VIP) == {VMAC: 1}

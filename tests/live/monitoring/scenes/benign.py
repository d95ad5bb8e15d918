"""What happens on every healthy segment, and must wake nobody."""

from __future__ import annotations

from tests.live.causes.sleepers import bedroom
from tests.live.causes.test_failovers import fail_over
from tests.live.causes.test_leases import another_card, another_client
from tests.live.monitoring.stage import WatchedStage


def gateway_fails_over(stage: WatchedStage) -> None:
    """keepalived moves the gateway from one MAC to another."""
    fail_over(stage, gateway=True)
    stage.evaluated()


def virtual_gateway_fails_over(stage: WatchedStage) -> None:
    """keepalived moves the gateway and its virtual MAC."""
    fail_over(stage, gateway=True, use_vmac=True)
    stage.evaluated()


def lease_goes_to_another(stage: WatchedStage) -> None:
    """A DHCP server gives the address of a client that is gone to another one."""
    another_client(stage)
    stage.evaluated()


def host_changes_its_card(stage: WatchedStage) -> None:
    """A DHCP client comes back by another network card."""
    another_card(stage)
    stage.evaluated()


def sleep_and_wake(stage: WatchedStage) -> None:
    """A Mac sleeps, a proxy answers for it, and it wakes."""
    room = bedroom(stage)
    for _ in stage.rounds():
        room.mac.sleep(room.proxy)
        room.held(room.plain)
        room.mac.wake()
        room.released(room.plain)
        room.judged(room.plain)
        stage.evaluated()

"""Sleep proxies that hold for too long, and that let go of a sleeper."""

from __future__ import annotations

from tests.live.causes.sleepers import IP, bedroom
from tests.live.monitoring.stage import WatchedStage


def never_wakes(stage: WatchedStage) -> None:
    """A Mac sleeps for longer than any should; then it wakes."""
    room = bedroom(stage)
    for _ in stage.rounds():
        room.mac.sleep(room.proxy)
        room.held(room.plain)
        stage.told("L2SleepProxyHoldStuck", ip=IP)
        room.mac.wake()
        room.released(room.plain)
        stage.resolved("L2SleepProxyHoldStuck", ip=IP)


def proxy_leaves(stage: WatchedStage) -> None:
    """A proxy ends, and its sleeper does not hear that it should wake: nobody has the address."""
    room = bedroom(stage, deaf=True)
    for _ in stage.rounds():
        room.mac.sleep(room.proxy)
        room.held(room.plain)
        room.proxy.shut_down(times=2)
        stage.told("L2SleepProxyHoldLost")
        room.mac.wake()
        room.proxy.offer()
        stage.resolved("L2SleepProxyHoldLost")

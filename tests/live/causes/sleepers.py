"""What scenes with sleep proxies have in common."""

from __future__ import annotations

from dataclasses import dataclass

from tests.lab.exporter import Exporter
from tests.lab.segment import DEVICE, Host
from tests.lab.sleep_proxy import SleepProxy
from tests.lab.sleeping_mac import SleepingMac
from tests.live.causes.stage import Stage, View

WATCHER, PROXY, MAC, CLIENT, OTHER = range(5)
IP, IP6 = "192.0.2.3", "2001:db8::3"
"""The sleeper's."""


@dataclass(frozen=True, slots=True)
class Bedroom:
    """A segment with a plain host that watches, a proxy that offers itself, and a Mac awake.

    mirror  an exporter that sees what the proxy's port carries; None where none was asked for
    """

    stage: Stage
    hosts: list[Host]
    plain: Exporter
    mirror: Exporter | None
    proxy: SleepProxy
    mac: SleepingMac

    def held(self, exporter: Exporter) -> View:
        """The view once the proxy holds both addresses, and both have moved to it."""

        def so(view: View) -> bool:
            held = view.by("l2_sleep_proxy_held", "ip")
            return {IP, IP6} <= held.keys()

        return self.stage.until(exporter, so, "both addresses are held")

    def released(self, exporter: Exporter) -> View:
        """The view once the proxy holds nothing any more."""

        def so(view: View) -> bool:
            return not view.by("l2_sleep_proxy_held", "ip")

        return self.stage.until(exporter, so, "nothing is held")

    def judged(self, exporter: Exporter) -> View:
        """The view once all moves of the sleeper's addresses are judged."""
        return self.stage.judged(exporter, IP, IP6, device=captured(exporter, self))


def captured(exporter: Exporter, bedroom: Bedroom) -> str:
    """The device that an exporter of the bedroom looks at."""
    return MIRROR if exporter is bedroom.mirror else DEVICE


MIRROR = "p2"
"""The proxy's port of the bridge."""


def bedroom(
    stage: Stage, *, mirror: bool = False, lease: int = 7200, deaf: bool = False
) -> Bedroom:
    """Set it up: exporters are ready, the proxy has offered itself, the Mac has spoken."""
    segment = stage.segment(5)
    for number, host in enumerate(segment.hosts, start=1):
        host.namespace.ip("address", "add", f"2001:db8::{number}/64", "dev", host.device, "nodad")
    hosts = segment.hosts
    plain = stage.exporter(hosts[WATCHER].namespace)
    ports = ("--capture.device", MIRROR)
    mirrored = stage.exporter(segment.switch, *ports) if mirror else None
    proxy = stage.enter(SleepProxy(hosts[PROXY], lease=lease))
    mac = stage.enter(SleepingMac(hosts[MAC], [f"{IP}/24", f"{IP6}/64"], deaf=deaf))
    mac.claim()
    mac.speak()
    proxy.offer()
    return Bedroom(stage, hosts, plain, mirrored, proxy, mac)

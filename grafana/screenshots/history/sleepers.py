"""What an exporter says of the story's holds: proxies, what they hold, and the steps of holds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from .samples import Sample
from .story import MINUTE, PROXIES, Hold, Story

BOUNDS: Final = (60, 300, 900, 1800, 3600, 7200, 14400, 28800, 86400)
OFFERS: Final = {
    "Time Capsule": ("50", "37", "71", "72", ""),
    "Apple TV": ("70", "40", "64", "66", "0"),
}
FIGURES: Final = ("intent", "portability", "marginal_power", "total_power", "features")
RENEWAL_SECONDS: Final = 3600
MAGIC_PACKETS: Final = 3


@dataclass(frozen=True, slots=True)
class Sleepers:
    """The sleep proxies of one device."""

    device: str
    story: Story
    end: int

    def at(self, time: int) -> Iterator[Sample]:
        """Everything that follows from the holds up to a time."""
        where = {"device": self.device, "vlan": ""}
        begun = [hold for hold in self.story.holds if self._since(hold) <= time]
        ended = [hold for hold in begun if self._until(hold) <= time]
        lasting = [hold for hold in begun if self._until(hold) > time]
        yield from _proxies(where, lasting)
        yield from self._held(where, lasting)
        yield from self._steps(where, time, begun, ended)
        yield from self._durations(where, ended)

    def _held(self, where: dict[str, str], lasting: list[Hold]) -> Iterator[Sample]:
        for hold in lasting:
            address = {**where, "ip": hold.ip}
            confidence = "medium" if hold.proxy == list(PROXIES)[1] else "high"
            who = {"owner_mac": hold.owner, "proxy_mac": hold.proxy, "confidence": confidence}
            yield "l2_sleep_proxy_held", {**address, **who}, 1.0
            yield "l2_sleep_proxy_held_since_timestamp_seconds", address, self._since(hold)

    def _steps(
        self, where: dict[str, str], time: int, begun: list[Hold], ended: list[Hold]
    ) -> Iterator[Sample]:
        released = [hold for hold in ended if hold.ending == "release"]
        maintenance = sum(hold.maintenance for hold in released)
        lengths = [min(self._until(hold), time) - self._since(hold) for hold in begun]
        steps = {
            "hold": len(begun),
            "release": len(released),
            "renew": sum(length // RENEWAL_SECONDS for length in lengths),
            "hand_off": 0,
            "expire": 0,
            "lost": len(ended) - len(released),
            "dropped": 0,
        }
        for step, count in steps.items():
            yield "l2_sleep_proxy_transitions_total", {**where, "transition": step}, count
        wakes = {"demand": len(released) - maintenance, "maintenance": maintenance}
        for reason, count in wakes.items():
            yield "l2_sleep_proxy_wakes_total", {**where, "reason": reason}, count
        yield "l2_wake_on_lan_packets_total", where, MAGIC_PACKETS * wakes["demand"]

    def _durations(self, where: dict[str, str], ended: list[Hold]) -> Iterator[Sample]:
        name = "l2_sleep_proxy_hold_duration_seconds"
        lengths = [self._until(hold) - self._since(hold) for hold in ended]
        for bound in BOUNDS:
            within = sum(length <= bound for length in lengths)
            yield f"{name}_bucket", {**where, "le": str(float(bound))}, within
        yield f"{name}_bucket", {**where, "le": "+Inf"}, len(lengths)
        yield f"{name}_count", where, len(lengths)
        yield f"{name}_sum", where, sum(lengths)

    def _since(self, hold: Hold) -> int:
        return self.end - round(hold.since * MINUTE)

    def _until(self, hold: Hold) -> int:
        return self.end + MINUTE if hold.until is None else self.end - round(hold.until * MINUTE)


def _proxies(where: dict[str, str], lasting: list[Hold]) -> Iterator[Sample]:
    for mac, name in PROXIES.items():
        proxy = {**where, "proxy_mac": mac}
        figures = dict(zip(FIGURES, OFFERS[name], strict=True))
        yield "l2_sleep_proxy_info", {**proxy, "name": name, **figures}, 1.0
        held = sum(hold.proxy == mac for hold in lasting)
        yield "l2_sleep_proxy_held_addresses", proxy, held

"""The three exporters of the made-up history."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

from .addresses import Addresses
from .hypervisor import crowded, quiet
from .own import Own
from .samples import Counts, Source, Target
from .segment import Roles, Segment
from .sleepers import Sleepers
from .story import GATEWAY, MINUTE, VIRTUAL, Story, story

END: Final = int(datetime(2026, 3, 3, 17, 30, tzinfo=UTC).timestamp())
BEGIN: Final = END - 15 * 60 * MINUTE
"""Early enough for a router to count as known by the evening."""
STARTED: Final = BEGIN - 9 * 86_400

PROTECTED: Final = {
    GATEWAY[0]: ("gateway", frozenset({GATEWAY[1]})),
    VIRTUAL: ("gateway", frozenset({"02:00:00:00:00:02", "02:00:00:00:00:03"})),
    "192.0.2.53": ("dns_server", frozenset({"02:00:00:00:00:53"})),
}


def targets() -> tuple[Target, ...]:
    """An exporter at the office, and those of two hypervisors."""
    return (
        _target("office:10806", "office", _office()),
        _target("hv1:10806", "guests", (quiet(END, Counts(11)), *_guests(11, 61e6))),
        _target("hv2:10806", "guests", (crowded(END, Counts(12)), *_guests(12, 74e6))),
    )


def _target(instance: str, segment: str, sources: Sequence[Source]) -> Target:
    labels = {"job": "l2exporter", "instance": instance, "segment": segment}
    return Target(labels, sources)


def _office() -> tuple[Source, ...]:
    told = story()
    counts = Counts(1)
    return (
        Addresses("eth0", told, END, PROTECTED),
        Sleepers("eth0", told, END),
        Segment("eth0", "", END, counts),
        Segment("eth0", "20", END, counts, busy=0.3),
        Roles("eth0", END),
        Own(("eth0",), END, counts, STARTED, storms=(312,)),
    )


def _guests(seed: int, memory: float) -> tuple[Source, ...]:
    counts = Counts(seed + 100)
    homes = {("", f"203.0.113.{n}"): f"02:00:00:00:30:{n:02x}" for n in range(1, 13)}
    gateway = {"203.0.113.1": ("gateway", frozenset({homes["", "203.0.113.1"]}))}
    return (
        Addresses("eth0", Story(homes, (), ()), END, gateway),
        Segment("eth0", "", END, counts, busy=0.5),
        Own(("eth0", "br0"), END, counts, STARTED, memory=memory),
    )

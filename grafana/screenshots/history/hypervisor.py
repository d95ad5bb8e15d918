"""What an exporter says of a hypervisor's tables: those of the golden file, brought to life."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from prometheus_client.parser import text_string_to_metric_families

from .samples import Counts, Sample
from .story import MINUTE

GOLDEN: Final = Path(__file__).parents[3] / "tests" / "golden" / "hypervisor.prom"

Labels = Mapping[str, str]
Life = Mapping[str, Callable[[Labels, float], float | None]]
"""By metric: its value for labels, so many minutes before the end; None where it is absent."""
Rates = Mapping[str, Callable[[Labels, float], float]]
"""By counter: what it rises by a second."""


@dataclass(frozen=True, slots=True)
class Hypervisor:
    """The samples of the golden file; some have a life of their own, some rise."""

    end: int
    counts: Counts
    life: Life
    rates: Rates
    samples: tuple[Sample, ...]

    def at(self, time: int) -> Iterator[Sample]:
        """Its samples at a time."""
        left = (self.end - time) / MINUTE
        for name, labels, value in self.samples:
            if name in self.rates:
                yield self.counts.risen(name, labels, self.rates[name](labels, left))
            elif name == "l2_bridge_fdb_dump_timestamp_seconds":
                yield name, labels, time - 20
            else:
                now = self.life[name](labels, left) if name in self.life else value
                if now is not None:
                    yield name, labels, now


def golden() -> tuple[Sample, ...]:
    """What a hypervisor's exporter says, as the tests have it; counters begin at 0."""
    families = text_string_to_metric_families(GOLDEN.read_text())
    return tuple(
        (sample.name, dict(sample.labels), sample.value)
        for family in families
        for sample in family.samples
    )


def quiet(end: int, counts: Counts) -> Hypervisor:
    """Forgets its guests while the neighbour table remembers them: default settings."""
    missing = {0: 0, 1: 1, 2: 2}

    def forgotten(left: float) -> int:
        return 2 if left < 34 else missing[int(left / 13) % 3] if 120 < left < 230 else 0

    life: Life = {
        "l2_neighbor_missing_from_fdb": lambda at, left: (
            forgotten(left) if at["family"] == "ipv4" else 0
        ),
        "l2_neighbor_missing_from_fdb_info": lambda _, left: 1 if forgotten(left) else None,
        "l2_neighbor_table_entries": lambda at, left: (
            60 + 20 * math.sin(left / 50) if at["family"] == "ipv4" else 140
        ),
        "l2_bridge_fdb_learned_entries": lambda _, left: round(14 + 5 * math.sin(left / 40)),
        "l2_bridge_fdb_entries": _entries(lambda left: 14 + 5 * math.sin(left / 40)),
        "l2_neighbor_entries": _states(lambda left: 56 + 20 * math.sin(left / 50)),
    }
    rates: Rates = {
        "l2_unknown_unicast_frames_total": lambda at, left: (
            14 + 5 * math.sin(left) if at["device"] != "eth0" and forgotten(left) == 2 else 0
        ),
        "l2_bridge_fdb_events_total": _events(0.002, 0.0012),
        **_kernel(0.002),
    }
    return Hypervisor(end, counts, life, rates, golden())


def crowded(end: int, counts: Counts) -> Hypervisor:
    """Its bridge and its neighbour table fill up; a topology change three hours before the end."""

    def learned(left: float) -> float:
        return round(300 + 620 / (1 + math.exp((left - 130) / 35)))

    def changing(left: float) -> bool:
        return 180 < left < 186

    def tabled(at: Labels, left: float) -> float:
        return (
            round(540 + 380 / (1 + math.exp((left - 90) / 30))) if at["family"] == "ipv4" else 160
        )

    life: Life = {
        "l2_bridge_fdb_learned_entries": lambda _, left: learned(left),
        "l2_bridge_fdb_learned_limit": lambda _, __: 1024,
        "l2_bridge_fdb_entries": _entries(learned),
        "l2_bridge_ageing_seconds": lambda _, left: 15 if changing(left) else 300,
        "l2_bridge_topology_change": lambda _, left: float(changing(left)),
        "l2_neighbor_table_entries": tabled,
        "l2_neighbor_entries": _states(lambda left: tabled({"family": "ipv4"}, left)),
        "l2_neighbor_retention_seconds": lambda at, _: 60 if at["bound"] == "min" else 75,
        "l2_neighbor_outlives_fdb": lambda _, left: float(changing(left)),
        "l2_neighbor_missing_from_fdb": lambda _, left: 3 if 178 < left < 186 else 0,
        "l2_neighbor_missing_from_fdb_info": lambda _, left: 1 if 178 < left < 186 else None,
    }
    rates: Rates = {
        "l2_unknown_unicast_frames_total": lambda _, left: 40 if changing(left) else 0.02,
        "l2_bridge_fdb_events_total": _events(0.08, 0.05),
        **_kernel(0.05),
    }
    return Hypervisor(end, counts, life, rates, golden())


def _entries(learned: Callable[[float], float]) -> Callable[[Labels, float], float]:
    """Most of what is learned is behind the uplink."""

    def of(at: Labels, left: float) -> float:
        if at["kind"] != "learned":
            return 1
        return round(learned(left) - 4) if (at["port"], at["vlan"]) == ("eth0", "1") else 2

    return of


def _states(entries: Callable[[float], float]) -> Callable[[Labels, float], float]:
    """Most of the bridge's neighbours are stale, as they are where nobody talks to them."""
    shares = {"reachable": 0.25, "stale": 0.68, "delay": 0.03, "failed": 0.04}

    def of(at: Labels, left: float) -> float:
        if at["device"] != "br0" or at["family"] != "ipv4":
            return 3 if at["state"] in shares else 0
        return round(entries(left) * shares.get(at["state"], 0))

    return of


def _events(learned: float, aged_out: float) -> Callable[[Labels, float], float]:
    rates = {"learned": learned, "aged_out": aged_out, "aged_out_in_demand": aged_out / 20}
    return lambda at, _: rates.get(at["event"], 0.0001)


def _kernel(rate: float) -> dict[str, Callable[[Labels, float], float]]:
    by_name = {
        "l2_bridge_fdb_moves_total": rate / 10,
        "l2_bridge_fdb_mac_moves_total": rate / 10,
        "l2_netlink_events_total": rate * 2,
        "l2_netlink_dumps_total": 0.03,
        "l2_netlink_dump_interruptions_total": 0.0,
        "l2_netlink_dump_failures_total": 0.0,
        "l2_netlink_malformed_messages_total": 0.0,
        "l2_netlink_overruns_total": 0.0,
        "l2_neighbor_table_overflows_total": 0.0,
        "l2_neighbor_forced_gc_runs_total": rate / 20,
        "l2_neighbor_unresolved_discards_total": rate,
        "l2_neighbor_failed_resolutions_total": rate,
    }
    return {name: lambda _, __, rises=rises: rises for name, rises in by_name.items()}  # type: ignore[misc]

"""Many ports: the scrape, and the kernel's own dump, which rescans all entries for each port."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import closing

from benchmarks import bridges, process
from benchmarks.bridges import Switch
from benchmarks.fdb_scrape import Costs, milliseconds, shown_learned, versus
from benchmarks.receivers import Ours
from benchmarks.report import Row, Section
from l2exporter.kernel.fdb import FdbFeed

PORTS = (5, 50, 250, 500)
ENTRIES, REPEATS, READINGS = 10_000, 5, 3


def sections() -> list[Section]:
    section = Section(
        "Scrapes of many bridge ports",
        f"{ENTRIES:,} learnt MACs shared among the ports; {REPEATS} scrapes each, medians (lowest"
        " to highest); the peer is `bridge fdb show` and `ip neigh`. A full reading is a dump of"
        " the forwarding table as the background thread makes it, in the benchmark's own process;"
        " its peer is `bridge fdb show`.",
    )
    least: dict[int, float] = {}
    for ports in PORTS:
        costs, readings = _measure(ports)
        least[ports] = min(costs.scrapes)
        section.rows.extend(_rows(ports, costs, readings))
    section.rows.append(_linear(least))
    return [section]


def _measure(ports: int) -> tuple[Costs, list[float]]:
    with Switch(ports) as switch:
        switch.learn(bridges.stations(ENTRIES))
        with Ours(switch.here) as ours:
            shown_learned(ours, ENTRIES)
            process.settled_cpu_seconds(ours.pid)
            costs = Costs()
            for _ in range(REPEATS):
                costs.measure(switch, ours)
        with switch.here.entered():
            feed = FdbFeed()
        with closing(feed), process.on_receiver_core():
            readings = [_cpu(feed.dump) for _ in range(READINGS)]
    return costs, readings


def _cpu(call: Callable[[], object]) -> float:
    before = time.thread_time()
    call()
    return time.thread_time() - before


def _rows(ports: int, costs: Costs, readings: list[float]) -> Iterator[Row]:
    yield Row(f"time of a scrape, {ports} ports", milliseconds(costs.walls))
    yield versus(f"CPU of a scrape, {ports} ports", costs.scrapes, costs.peer, None)
    yield versus(f"CPU of a full reading, {ports} ports", readings, costs.fdb, None)


def _linear(least: dict[int, float]) -> Row:
    """Twice the ports, at most twice the cost; least CPU, which is least disturbed."""
    few, many = PORTS[-2:]
    ratio = least[many] / least[few]
    most = many / few
    each = (least[many] - least[few]) / (many - few) * 1e6
    what = f"least CPU of a scrape, {many} ports to {few}; {each:.0f} us each port more"
    return Row(what, f"{ratio:.2f}", target=f"<= {most:g}", met=ratio <= most)

"""Scrapes of large tables of the kernel, beside the tools that print them."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from benchmarks import bridges, process
from benchmarks.bridges import Switch
from benchmarks.receivers import Ours
from benchmarks.report import Row, Section, limited, median, megabytes, spread
from l2exporter.switching import DUMP_SECONDS
from tests.lab.exporter import Samples, key
from tests.lab.wait import wait_until

PORTS, REPEATS = 10, 7
LARGE, SMALL = (100_000, 10_000), (1_000, 100)
"""Forwarding entries and neighbours."""

MISSING_SHARE = 100
"""One neighbour in so many has no forwarding entry."""

FRESH_SECONDS = 0.6
"""Between scrapes, so that none is served from what the kernel told to the one before."""

SCRAPES_A_READING = 4
"""By a server that scrapes every 15 s."""

MOST_RATIO, MOST_GROWTH, MOST_SMALL_MILLISECONDS = 1.0, 10e6, 20.0
FDB_ONLY = "/metrics?collect%5B%5D=fdb&collect%5B%5D=netlink"


@dataclass(slots=True)
class Costs:
    """CPU seconds of each scrape and of each tool's run over the same tables; `walls`: seconds."""

    scrapes: list[float] = field(default_factory=list)
    walls: list[float] = field(default_factory=list)
    fdb: list[float] = field(default_factory=list)
    neighbors: list[float] = field(default_factory=list)

    @property
    def peer(self) -> list[float]:
        return [fdb + neighbors for fdb, neighbors in zip(self.fdb, self.neighbors, strict=True)]

    def measure(self, switch: Switch, ours: Ours) -> None:
        """Scrape once, print both tables once."""
        time.sleep(FRESH_SECONDS)
        before, began = process.cpu_seconds(ours.pid), time.perf_counter()
        ours.exporter.get("/metrics")
        self.walls.append(time.perf_counter() - began)
        self.scrapes.append(process.cpu_seconds(ours.pid) - before)
        with switch.here.entered(), process.on_receiver_core():
            self.fdb.append(process.timed("bridge", "fdb", "show")[0])
            self.neighbors.append(process.timed("ip", "neigh")[0])


def sections() -> list[Section]:
    section = Section(
        "A scrape of forwarding and neighbour tables",
        f"A bridge with {PORTS} ports, learnt MACs behind them and neighbours on the bridge device,"
        f" one in {MISSING_SHARE} without a forwarding entry. CPU of all threads of the exporter;"
        " the peer is `bridge fdb show` and `ip neigh`, their output thrown away; medians of"
        f" {REPEATS} (lowest to highest), interleaved. Scrapes draw on a table that events keep"
        f" current; a thread reads it anew each {DUMP_SECONDS:g} s, which is the second row; the"
        " third is both together, the fourth what comes of a scrape each 15 s. Memory is over that"
        " of the same exporter before the tables were filled, after a scrape.",
    )
    with Switch(PORTS) as large, Switch(PORTS) as small:
        section.rows.extend(_large(large, small))
    return [section]


def _large(large: Switch, small: Switch) -> Iterator[Row]:
    entries, neighbors = LARGE
    with Ours(large.here) as ours:
        ours.exporter.scrape()
        process.settled_cpu_seconds(ours.pid)
        idle = process.resident(ours.pid)
        process.reset_peak(ours.pid)
        fill(large, ours, LARGE)
        costs = Costs()
        for _ in range(REPEATS):
            costs.measure(large, ours)
        small_rows = _small(small)  # while the next full reading is due
        dump = _reading(ours)
        ours.exporter.get("/metrics")
        grown = process.resident(ours.pid) - idle, process.peak_resident(ours.pid) - idle
    tables = f"{entries:,} MACs, {neighbors:,} neighbours"
    yield versus(f"CPU of a scrape, {tables}", costs.scrapes, costs.peer, MOST_RATIO)
    yield versus("CPU of a full reading behind it", [dump], costs.fdb, None)
    together = [scrape + dump for scrape in costs.scrapes]
    yield versus("a scrape and a full reading", together, costs.peer, None)
    minute = [SCRAPES_A_READING * scrape + dump for scrape in costs.scrapes]
    peer = [SCRAPES_A_READING * cpu for cpu in costs.peer]
    yield versus(f"{SCRAPES_A_READING} scrapes and a full reading", minute, peer, MOST_RATIO)
    yield Row("time of a scrape", milliseconds(costs.walls))
    for what, size in zip(("memory grows by", "at its peak by"), grown, strict=True):
        target = f"<= {megabytes(MOST_GROWTH)}"
        yield Row(what, megabytes(size), target=target, met=size <= MOST_GROWTH)
    yield from small_rows


def _small(switch: Switch) -> list[Row]:
    entries, neighbors = SMALL
    with Ours(switch.here) as ours:
        fill(switch, ours, SMALL)
        costs = Costs()
        for _ in range(REPEATS):
            costs.measure(switch, ours)
    slowest = median(costs.walls) * 1e3
    tables = f"{entries:,} MACs, {neighbors:,} neighbours"
    limit = limited(f"time of a scrape, {tables}", slowest, MOST_SMALL_MILLISECONDS, "{:.0f} ms")
    walls = milliseconds(costs.walls)
    return [
        Row(limit.what, walls, target=limit.target, met=limit.met),
        versus("its CPU", costs.scrapes, costs.peer, None),
    ]


def versus(what: str, ours: Sequence[float], peer: Sequence[float], most: float | None) -> Row:
    """A row of CPU seconds, shown as milliseconds, whose ratio must not exceed `most`."""
    ratio = median(ours) / median(peer)
    row = Row(what, milliseconds(ours), milliseconds(peer), f"{ratio:.2f}")
    return row if most is None else replace(row, target=f"<= {most:g}", met=ratio <= most)


def milliseconds(seconds: Sequence[float]) -> str:
    """`median (lowest to highest) ms`."""
    return spread([1e3 * value for value in seconds], "{:.1f}") + " ms"


def fill(switch: Switch, ours: Ours, tables: tuple[int, int]) -> None:
    """Give the kernel its entries, and wait until the exporter shows them all."""
    entries, neighbors = tables
    macs = bridges.stations(entries)
    switch.learn(macs)
    known = macs[:neighbors].copy()
    known[::MISSING_SHARE] += np.uint64(1 << 32)
    switch.neighbors(known)
    shown_learned(ours, entries)
    process.settled_cpu_seconds(ours.pid)


def shown_learned(ours: Ours, count: int) -> None:
    """Wait until the exporter shows exactly `count` learnt entries, in a table that is current."""

    def shown() -> bool:
        samples = ours.exporter.scrape(FDB_ONLY)
        current = samples[key("l2_bridge_fdb_synchronized")] == 1
        return current and learned(samples) == count

    wait_until(shown, f"{count:,} learnt entries are shown")


def learned(samples: Samples) -> float:
    """Learnt entries of the bridge."""
    return bridges.total(samples, "l2_bridge_fdb_entries", kind="learned")


def _reading(ours: Ours) -> float:
    """CPU seconds of the next full reading; nothing else happens meanwhile."""
    samples = ours.exporter.scrape(FDB_ONLY)
    last = samples[key("l2_bridge_fdb_dump_timestamp_seconds")]
    dumps = bridges.total(samples, "l2_netlink_dumps_total", table="fdb")
    before = process.settled_cpu_seconds(ours.pid)
    time.sleep(max(0.0, last + DUMP_SECONDS + 1 - time.time()))
    cpu = process.settled_cpu_seconds(ours.pid) - before
    samples = ours.exporter.scrape(FDB_ONLY)
    readings = bridges.total(samples, "l2_netlink_dumps_total", table="fdb") - dumps
    if readings != 1:
        raise RuntimeError(f"{readings:.0f} full readings, not 1")
    return cpu

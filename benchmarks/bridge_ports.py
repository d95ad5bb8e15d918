"""Many ports: the scrape, and the kernel's own dump, which rescans all entries for each port."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass, field

from benchmarks import bridges, process
from benchmarks.bridges import Switch
from benchmarks.fdb_scrape import Costs, milliseconds, shown_learned, versus
from benchmarks.receivers import Ours
from benchmarks.report import Row, Section, median
from l2exporter.kernel.fdb_feed import FdbFeed

PORTS = (5, 50, 250, 500)
ENTRIES, REPEATS = 10_000, 5


@dataclass(slots=True)
class Host:
    """A switch and its exporter; what scrapes cost, and CPU seconds of full readings."""

    switch: Switch
    ours: Ours
    feed: FdbFeed
    costs: Costs = field(default_factory=Costs)
    readings: list[float] = field(default_factory=list)

    def measure(self) -> None:
        self.costs.measure(self.switch, self.ours)
        with process.on_receiver_core():
            self.readings.append(_cpu(lambda: self.feed.dump(list)))


def sections() -> list[Section]:
    section = Section(
        "Scrapes of many bridge ports",
        f"{ENTRIES:,} learnt MACs shared among the ports; hosts of each size at the same time,"
        f" {REPEATS} scrapes of each by turns, medians (lowest to highest); the peer is `bridge"
        " fdb show` and `ip neigh`. A full reading is a dump of the forwarding table as the"
        " background thread makes it, in the benchmark's own process; its peer is `bridge fdb"
        " show`.",
    )
    with ExitStack() as stack:
        hosts = [_host(stack, ports) for ports in PORTS]
        for _ in range(REPEATS):
            for host in hosts:
                host.measure()
    for host in hosts:
        section.rows.extend(_rows(host))
    section.rows.append(_linear(*hosts[-2:]))
    return [section]


def _host(stack: ExitStack, ports: int) -> Host:
    switch = stack.enter_context(Switch(ports))
    switch.learn(bridges.stations(ENTRIES))
    ours = stack.enter_context(Ours(switch.here))
    shown_learned(ours, ENTRIES)
    with switch.here.entered():
        feed = stack.enter_context(closing(FdbFeed()))
    return Host(switch, ours, feed)


def _cpu(call: Callable[[], object]) -> float:
    before = time.thread_time()
    call()
    return time.thread_time() - before


def _rows(host: Host) -> Iterator[Row]:
    costs, ports = host.costs, host.switch.ports
    yield Row(f"time of a scrape, {ports} ports", milliseconds(costs.walls))
    yield versus(f"CPU of a scrape, {ports} ports", costs.scrapes, costs.peer, None)
    yield versus(f"CPU of a full reading, {ports} ports", host.readings, costs.fdb, None)


def _linear(few: Host, many: Host) -> Row:
    """Twice the ports, at most twice the CPU; each turn's two scrapes are compared."""
    pairs = list(zip(few.costs.scrapes, many.costs.scrapes, strict=True))
    most = many.switch.ports / few.switch.ports
    ratio = median(more / less for less, more in pairs)
    added = many.switch.ports - few.switch.ports
    each = median((more - less) / added * 1e6 for less, more in pairs)
    what = f"CPU, {many.switch.ports} ports to {few.switch.ports}; {each:.0f} us each port more"
    return Row(what, f"{ratio:.2f}", target=f"<= {most:g}", met=ratio <= most)

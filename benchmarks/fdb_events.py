"""A storm of forwarding events: what is counted, what is lost, what it costs."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from benchmarks import bridges, process
from benchmarks.bridges import BRIDGE, BRIDGE_MAC, Switch
from benchmarks.fdb_scrape import FDB_ONLY, shown_learned
from benchmarks.receivers import Ours
from benchmarks.report import Row, Section, median, spread
from benchmarks.sender import Sender, Sent
from tests.lab.exporter import key
from tests.lab.namespace import Namespace, stop
from tests.lab.wait import wait_until

EVENTS, SECONDS, REPEATS = 30_000, 1.0, 3
EVENTS_ONLY = FDB_ONLY + "&collect%5B%5D=fdb_events"


@dataclass(frozen=True, slots=True)
class Run:
    """One storm as a listener saw it.

    sent      what the sender did
    cpu       of the listener, seconds
    heard     events that it was given
    lost      times that it was told of lost ones (exporter), or events lost (`bridge monitor`)
    current   seconds from the last event until the exporter's table was right again
    """

    sent: Sent
    cpu: float
    heard: int
    lost: int
    current: float = 0.0

    @property
    def micros(self) -> float:
        return self.cpu / self.heard * 1e6

    @property
    def honest(self) -> bool:
        """No event was lost unnoticed."""
        return self.lost > 0 or self.heard == EVENTS


def sections() -> list[Section]:
    section = Section(
        "A storm of forwarding events",
        f"A port's guest speaks from {EVENTS:,} MACs never seen before, in {SECONDS:g} s;"
        f" {REPEATS} storms each, by turns, medians (lowest to highest). The peer, which"
        " keeps no table, is `bridge monitor fdb`, its output thrown away, with the receive"
        " buffer that it asks for. All events are counted, or a loss is and the table is read"
        " anew: the exporter must end with exactly the kernel's entries. In the last rows the"
        " kernel forgets all of them in one system call.",
    )
    with Switch(2) as switch:
        with Ours(switch.here) as ours:
            storms = [_ours(switch, ours) for _ in range(REPEATS)]
            flushed = _flushed(switch, ours)
        peer = [_monitor(switch) for _ in range(REPEATS)]
    section.rows.extend(_rows(storms, peer))
    section.rows.extend(_flush_rows(flushed))
    return [section]


def storm(switch: Switch) -> Sent:
    """EVENTS new MACs in SECONDS."""
    macs = bridges.stations(EVENTS)
    frames = bridges.unicast(macs, BRIDGE_MAC)
    return Sender(switch.guests, "g0").send(frames, rate=EVENTS / SECONDS)


def _ours(switch: Switch, ours: Ours) -> Run:
    switch.flush()
    shown_learned(ours, 0)
    before, overruns = _counted(ours, "learned"), _overruns(ours)
    cpu = process.settled_cpu_seconds(ours.pid)
    sent = storm(switch)
    ended = time.monotonic()
    # What a scrape costs is no part of this; so first all that it does by itself.
    cpu = process.settled_cpu_seconds(ours.pid) - cpu
    shown_learned(ours, switch.learned())
    current = time.monotonic() - ended
    heard = _counted(ours, "learned") - before
    return Run(sent, cpu, heard, _overruns(ours) - overruns, current)


@dataclass(frozen=True, slots=True)
class Flushed:
    counted: int
    overruns: int
    current: float


def _flushed(switch: Switch, ours: Ours) -> Flushed:
    before, overruns = _counted(ours, "flushed"), _overruns(ours)
    ended = time.monotonic()
    switch.flush()
    shown_learned(ours, 0)
    counted = _counted(ours, "flushed") - before
    return Flushed(counted, _overruns(ours) - overruns, time.monotonic() - ended)


def _counted(ours: Ours, event: str) -> int:
    samples = ours.exporter.scrape(EVENTS_ONLY)
    return int(samples[key("l2_bridge_fdb_events_total", bridge=BRIDGE, event=event)])


def _overruns(ours: Ours) -> int:
    samples = ours.exporter.scrape(EVENTS_ONLY)
    return int(samples[key("l2_netlink_overruns_total", table="fdb")])


def _monitor(switch: Switch) -> Run:
    switch.flush()
    null = subprocess.DEVNULL
    monitor = switch.here.popen("bridge", "monitor", "fdb", stdout=null, stderr=null)
    try:
        wait_until(lambda: _drops(switch.here, monitor.pid) is not None, "the monitor listens")
        process.pin(monitor.pid)
        before = process.settled_cpu_seconds(monitor.pid)
        sent = storm(switch)
        cpu = process.settled_cpu_seconds(monitor.pid) - before
        lost = _drops(switch.here, monitor.pid) or 0
    finally:
        stop(monitor)
    return Run(sent, cpu, EVENTS - lost, lost)


def _drops(namespace: Namespace, pid: int) -> int | None:
    """Messages lost at a process's first netlink socket, whose port is `pid`; None: it has none."""
    for line in namespace.run("cat", "/proc/net/netlink").splitlines()[1:]:
        _, protocol, port, *_, drops, _ = line.split()
        if (protocol, port) == ("0", str(pid)):
            return int(drops)
    return None


def _rows(ours: list[Run], peer: list[Run]) -> Iterator[Row]:
    rate = median(run.sent.rate for run in ours)
    ratio = median(run.micros for run in ours) / median(run.micros for run in peer)
    what = f"CPU per event heard, {rate:,.0f} events/s"
    yield Row(what, *_both(ours, peer, lambda run: run.micros, "{:.1f}", "us"), f"{ratio:.2f}")
    what = "CPU for the storm's second, of a core"
    yield Row(what, *_both(ours, peer, lambda run: 100 * run.cpu / SECONDS, "{:.0f}", "%"))
    counted = Row("events counted", *_both(ours, peer, lambda run: run.heard, "{:,.0f}"))
    met = all(run.honest for run in ours)
    yield replace(counted, target=f"{EVENTS:,}, or overruns", met=met)
    what = "overruns counted (peer: events lost)"
    yield Row(what, *_both(ours, peer, lambda run: run.lost, "{:,.0f}"))
    current = spread([run.current for run in ours])
    yield Row("storm's end to a table that is the kernel's", f"{current} s")


def _both(
    ours: list[Run], peer: list[Run], figure: Callable[[Run], float], form: str, unit: str = ""
) -> tuple[str, str]:
    first, second = (
        f"{spread(list(map(figure, runs)), form)} {unit}".rstrip() for runs in (ours, peer)
    )
    return first, second


def _flush_rows(flushed: Flushed) -> Iterator[Row]:
    met = flushed.overruns > 0 or flushed.counted == EVENTS
    what = f"flushed events counted, {flushed.overruns} overruns"
    target = f"{EVENTS:,}, or overruns"
    yield Row(what, f"{flushed.counted:,}", target=target, met=met)
    yield Row("flush to a table that is the kernel's", f"{flushed.current:.2f} s")

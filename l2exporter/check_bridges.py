"""The bridges' part of `l2exporter check`: whether frames to quiet hosts are flooded, and why."""

from __future__ import annotations

import math
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from .collectors.base import mac
from .errors import KernelError
from .findings import Finding
from .kernel.bridges import Bridge, Port
from .kernel.fdb import KINDS
from .kernel.fdb_feed import FdbFeed
from .kernel.links import Link
from .kernel.reader import KernelReader
from .kernel.retention import Retention
from .limits import Limits
from .tables.forwarding import ForwardingTable
from .tables.verdicts import Missing, Verdict, missing, verdicts

SHOWN = 5
"""Addresses or ports named in a row; the metrics name more."""

DAY = 86_400.0
_DUMPS = 2  # an entry that a removal hides from the first is told of by the second
_ENTERED = ("static", "extern_learned", "offloaded", "sticky")
_NUMBER = {"ipv4": 4, "ipv6": 6}
_ENTRY = {"ipv4": "ARP entry", "ipv6": "IPv6 neighbour entry"}


@dataclass(frozen=True, slots=True)
class Sight:
    """What this host shows of its bridges at one moment.

    missing   by bridge name and family
    complete  the FDB was had in full; otherwise nothing is missing
    entered   ports with MACs in the FDB that somebody entered, so that they need not be learned
    """

    bridges: Sequence[Bridge]
    ports: Sequence[Port]
    verdicts: Sequence[Verdict]
    missing: Mapping[tuple[str, str], Sequence[Missing]]
    complete: bool
    entered: frozenset[int]


def findings() -> list[Finding]:
    """What the bridges of this namespace do with frames to quiet hosts; empty without bridges."""
    try:
        sight = look()
    except KernelError as error:
        return [Finding("netlink", False, str(error), needed=False)]
    rows = [row for bridge in sight.bridges for row in describe(bridge, sight)]
    if rows and not sight.complete:
        found = "the FDB is beyond limits.fdb_entries: neighbours were not looked up in it"
        rows.append(Finding("(all)", True, found, needed=False))
    return rows


def look() -> Sight:
    """Read the tables of this namespace; KernelError."""
    reader = KernelReader(time.monotonic)
    try:
        bridges = sorted(reader.bridges(), key=lambda bridge: bridge.name)
        tables = reader.neighbor_tables()
        neighbors = [reader.neighbors(table.family) for table in tables]
        ports = reader.ports()
    finally:
        reader.close()
    # After the neighbours: a host that has just answered is in the FDB by now.
    links, forwarding = _fdb()
    lacking: dict[tuple[str, str], list[Missing]] = {}
    for rows in neighbors if forwarding.complete else ():
        lacking |= missing(bridges, links, rows, forwarding)
    entered = {port for _, port, _, kind in forwarding.counts() if KINDS[kind] in _ENTERED}
    found = verdicts(bridges, links, tables)
    return Sight(bridges, ports, found, lacking, forwarding.complete, frozenset(entered))


def _fdb() -> tuple[Mapping[int, Link], ForwardingTable]:
    feed = FdbFeed()
    forwarding = ForwardingTable(Limits().fdb_entries, guests=False)
    try:
        for _ in range(_DUMPS):
            dump = feed.dump(forwarding.gather)
            forwarding.replace(dump, feed.events(), time.time())
            if not forwarding.hidden:
                break
        return feed.links, forwarding
    finally:
        feed.close()


def describe(bridge: Bridge, sight: Sight) -> Iterator[Finding]:
    """The rows of one bridge: what can happen, what is about to, and what makes it worse."""
    fate = _fate(bridge, sight.ports)
    for verdict in sight.verdicts:
        if verdict.bridge == bridge:
            yield _verdict(verdict, fate)
    for (name, family), entries in sight.missing.items():
        if name == bridge.name and entries:
            yield _missing(name, family, entries, fate)
    yield from _full(bridge, fate)
    yield from _unlearned(bridge, sight, fate)


def _fate(bridge: Bridge, ports: Sequence[Port]) -> str:
    """What becomes of a frame to a MAC that the bridge does not know."""
    floods = [port.unicast_flood is not False for port in ports if port.bridge == bridge.index]
    return "flooded" if any(floods) or not floods else "dropped (no port takes floods)"


def _verdict(verdict: Verdict, fate: str) -> Finding:
    return Finding(
        subject=f"{verdict.bridge.name} {verdict.family}",
        well=not verdict.outlives,
        found="\n".join(_sentence(verdict, fate)),
        remedy="\n".join(_remedies(verdict)) if verdict.outlives else "",
        needed=False,
    )


def _sentence(verdict: Verdict, fate: str) -> Iterator[str]:
    name, remembers = verdict.bridge.name, _seconds(verdict.fdb_seconds)
    if not verdict.fdb_seconds:
        yield f"{name} remembers no MAC, its ageing time is 0;"
        yield f"every frame is {fate}."
        return
    during = " while an STP topology change runs" if verdict.bridge.topology_change else ""
    yield f"{name} forgets a MAC after {remembers} s{during};"
    entry = _ENTRY[verdict.family]
    device = "" if verdict.device == name else f" of {verdict.device}"
    yield f"this host keeps an idle {entry}{device} {_kept(verdict)};"
    if not verdict.outlives:
        yield f"it asks for a quiet host anew before {name} forgets it."
    elif not math.isinf(verdict.retention.most):
        yield f"a frame to a host that was quiet for {remembers} s may be {fate}."
    elif verdict.fdb_seconds < DAY:
        yield f"a frame to a quiet host will be {fate}."
    else:
        yield f"a frame to a host that was quiet for {remembers} s will be {fate}."


def _kept(verdict: Verdict) -> str:
    entries, threshold = verdict.entries, verdict.threshold
    if math.isinf(verdict.retention.most):
        return f"without limit because its table holds {entries} of {threshold} entries"
    # Other entries may go, and then it is no longer true.
    lasting = f" while its table holds {threshold} or more (now {entries})"
    return f"for {_span(verdict.retention)}{lasting if threshold else ''}"


def _remedies(verdict: Verdict) -> Iterator[str]:
    """What makes the entries go before the MAC does, each a way of its own."""
    if verdict.bridge.topology_change:
        yield "it ends by itself; look again, and for a port that goes up and down if it returns"
        return
    name = verdict.bridge.name
    enough = _ageing(name, math.floor(verdict.collected.most) + 1)
    if not math.isinf(verdict.retention.most):
        yield enough
        return
    also = f", and {enough}" if verdict.collected.most > verdict.fdb_seconds else ""
    yield f"{_collect(verdict.family)} (then {_span(verdict.collected)}){also}"
    if verdict.fdb_seconds < DAY:
        yield f"{_ageing(name, DAY)} (a day: longer than any host there is quiet)"


def _collect(family: str) -> str:
    """The command that lets the kernel collect idle entries however few there are."""
    setting = f"net.ipv{_NUMBER[family]}.neigh.default.gc_thresh1"
    visible = os.path.exists(os.path.join("/proc/sys", setting.replace(".", "/")))
    where = "" if visible else " in the initial network namespace"
    return f"sysctl -w {setting}=0{where}"


def _ageing(bridge: str, seconds: float) -> str:
    return f"ip link set dev {bridge} type bridge ageing_time {round(seconds * 100)}"


def _missing(bridge: str, family: str, entries: Sequence[Missing], fate: str) -> Finding:
    named = [_neighbor(entry) for entry in entries[:SHOWN]]
    more = len(entries) - len(named)
    lines = [
        f"{bridge} does not know {len(entries)} of this host's neighbours;",
        f"the next frame to each is {fate}:",
        *named,
        *([f"and {more} more"] if more else []),
    ]
    return Finding(f"{bridge} {family} now", False, "\n".join(lines), needed=False)


def _neighbor(entry: Missing) -> str:
    device = "" if entry.device == entry.bridge else f" on {entry.device}"
    return f"{entry.ip}{device} ({mac(entry.mac)}, {entry.state})"


def _full(bridge: Bridge, fate: str) -> Iterator[Finding]:
    learned, limit = bridge.learned, bridge.learned_limit
    if learned is None or not limit or learned < limit:
        return
    found = f"{bridge.name} has learned {learned} of {limit} MACs; frames to any other are {fate}."
    remedy = f"ip link set dev {bridge.name} type bridge fdb_max_learned {2 * limit}"
    yield Finding(f"{bridge.name} table", False, found, remedy, needed=False)


def _unlearned(bridge: Bridge, sight: Sight, fate: str) -> Iterator[Finding]:
    off = (port for port in sight.ports if port.bridge == bridge.index and port.learning is False)
    ports = sorted(port.name for port in off if port.index not in sight.entered)
    if not ports:
        return
    names = ", ".join(ports[:SHOWN])
    more = f" and {len(ports) - SHOWN} more" if len(ports) > SHOWN else ""
    lines = [
        f"learning is off on {names}{more}, and no MAC is entered by hand;",
        f"all frames to the hosts there are {fate}.",
    ]
    remedy = f"bridge link set dev {ports[0]} learning on"
    yield Finding(f"{bridge.name} ports", False, "\n".join(lines), remedy, needed=False)


def _span(retention: Retention) -> str:
    return f"{_seconds(retention.least)} to {_seconds(retention.most)} s"


def _seconds(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")

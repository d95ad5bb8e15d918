"""FDB entries and events as the rows that the forwarding table takes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from l2exporter.kernel.fdb import KINDS, FdbEvents, FdbRows
from l2exporter.tables.fdb_dump import FdbDump
from l2exporter.tables.forwarding import ForwardingTable

BRIDGE = 3
REACHABLE, STALE, NOARP, PERMANENT = 0x02, 0x04, 0x40, 0x80
STATES = {"local": PERMANENT, "static": NOARP}


class Entry(NamedTuple):
    """One entry; times in seconds. A removal of what has aged out has state STALE."""

    mac: int
    port: int
    kind: str = "learned"
    vlan: int = 0
    bridge: int = BRIDGE
    used: float = 100.0
    updated: float = 100.0
    state: int | None = None


def rows(*entries: Entry) -> FdbRows:
    states = [STATES.get(e.kind, REACHABLE) if e.state is None else e.state for e in entries]
    return FdbRows(
        bridge=np.array([e.bridge for e in entries], np.int32),
        port=np.array([e.port for e in entries], np.int32),
        vlan=np.array([e.vlan for e in entries], np.uint16),
        mac=np.array([e.mac for e in entries], np.uint64),
        kind=np.array([KINDS.index(e.kind) for e in entries], np.uint8),
        state=np.array(states, np.uint16),
        used=np.array([round(e.used * 100) for e in entries], np.uint32),
        updated=np.array([round(e.updated * 100) for e in entries], np.uint32),
    )


def dump(table: ForwardingTable, *entries: Entry) -> FdbDump:
    """What a dump tells the table, in two parts."""
    half = len(entries) // 2
    return table.gather([rows(*entries[:half]), rows(*entries[half:])])


def events(*changes: tuple[bool, Entry]) -> FdbEvents:
    """Changes in this order, each with True for an addition."""
    added = np.array([added for added, _ in changes], np.bool_)
    return FdbEvents(rows(*(entry for _, entry in changes)), added)


def new(*entries: Entry) -> FdbEvents:
    return events(*((True, entry) for entry in entries))


def gone(*entries: Entry) -> FdbEvents:
    return events(*((False, entry) for entry in entries))


def macs(numbers: Iterable[int]) -> np.ndarray[tuple[int], np.dtype[np.uint64]]:
    return np.array(list(numbers), np.uint64)

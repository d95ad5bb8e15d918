"""The switching thread at work on the bridges of a namespace, seen as the scrapes see it."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import numpy as np

from l2exporter.kernel.fdb import KINDS
from l2exporter.kernel.fdb_feed import FdbFeed
from l2exporter.switching import Switching
from l2exporter.tables.forwarding import ForwardingTable
from tests.lab.guest import mac_bytes
from tests.lab.hypervisor import BRIDGE
from tests.lab.namespace import Namespace
from tests.lab.wait import wait_until

LEARNED = KINDS.index("learned")


@dataclass
class Watched:
    """A Switching at work, seen as the scrapes see it."""

    switching: Switching
    feed: FdbFeed
    table: ForwardingTable
    namespace: Namespace
    indexes: dict[str, int] = field(default_factory=dict)

    def index(self, device: str) -> int:
        """Known for good: a device may be gone when its figures are asked for."""
        if device not in self.indexes:
            with self.namespace.entered():
                self.indexes[device] = socket.if_nametoindex(device)
        return self.indexes[device]

    def event(self, event: str, bridge: str = BRIDGE) -> int:
        self.switching.catch_up()
        with self.table.lock:
            return self.table.events()[self.index(bridge)][event]

    def entries(self, port: str, kind: int = LEARNED) -> int:
        self.switching.catch_up()
        with self.table.lock:
            return self.table.counts().get((self.index(BRIDGE), self.index(port), 0, kind), 0)

    def knows(self, mac: str) -> bool:
        self.switching.catch_up()
        with self.table.lock:
            wanted = np.array([number(mac)], np.uint64)
            return bool(self.table.present(self.index(BRIDGE), 0, wanted)[0])


def number(mac: str) -> int:
    return int.from_bytes(mac_bytes(mac))


@contextmanager
def watching(namespace: Namespace) -> Iterator[Watched]:
    with namespace.entered():
        feed = FdbFeed()
        table = ForwardingTable(1000)
        switching = Switching(feed, table, None)
        switching.start()
    try:
        wait_until(lambda: table.synchronized, "the first dump")
        yield Watched(switching, feed, table, namespace)
    finally:
        switching.stop()
        feed.close()

"""A bridge with a wire in each of two ports, and its entries as one reads them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import fields

import numpy as np

from l2exporter.kernel.fdb import KINDS, NO_EVENTS, FdbRows, read_fdb
from l2exporter.kernel.fdb_feed import FdbFeed
from l2exporter.kernel.rtnetlink import Netlink
from l2exporter.kernel.tally import Tally
from tests.lab import frames
from tests.lab.namespace import Namespace, veth

BRIDGE = "br0"
PORTS = ("p0", "p1")
ENDS = ("e0", "e1")
"""What is sent here arrives at the port of the same number."""

GUEST = "02:00:00:00:01:01"

Entry = tuple[str, str, str, str]
"""(bridge, port, MAC, kind)."""


@contextmanager
def bridged() -> Iterator[Namespace]:
    """A namespace with BRIDGE and PORTS in it, where nobody speaks unasked."""
    with Namespace() as namespace:
        namespace.run("sysctl", "-eqw", "net.ipv6.conf.default.disable_ipv6=1")
        for number, (port, end) in enumerate(zip(PORTS, ENDS, strict=True)):
            macs = f"02:00:00:00:ff:1{number}", f"02:00:00:00:ff:2{number}"
            veth(namespace, port, namespace, end, macs)
        namespace.bridge(BRIDGE, *PORTS)
        yield namespace


def speak(namespace: Namespace, end: str, mac: str = GUEST) -> None:
    """Send a frame from `mac` into a port, for the bridge to learn."""
    frames.send(namespace, end, [frames.announcement(mac, "192.0.2.1")])


def feed_of(namespace: Namespace) -> FdbFeed:
    with namespace.entered():
        return FdbFeed()


def whole_fdb(netlink: Netlink, tally: Tally) -> FdbRows:
    return read_fdb(netlink, tally, joined)


def joined(parts: Iterable[FdbRows]) -> FdbRows:
    """All parts of a dump as one."""
    parts = [NO_EVENTS.rows, *parts]
    names = [field.name for field in fields(FdbRows)]
    return FdbRows(*(np.concatenate([getattr(part, name) for part in parts]) for name in names))


def text(mac: int) -> str:
    return mac.to_bytes(6, "big").hex(":")


def entries(rows: FdbRows, names: dict[int, str]) -> list[Entry]:
    columns = (rows.bridge, rows.port, rows.mac, rows.kind)
    return [
        (names[bridge], names[port], text(mac), KINDS[kind])
        for bridge, port, mac, kind in zip(*(c.tolist() for c in columns), strict=True)
    ]

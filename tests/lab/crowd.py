"""Neighbours by the hundred: the kernel keeps them all while its table is nearly empty."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from tests.lab.exporter import Exporter, key
from tests.lab.hypervisor import FAMILIES
from tests.lab.namespace import Namespace, veth
from tests.lab.wait import wait_until

THRESHOLD = 128
"""gc_thresh1 by default: with fewer entries in the kernel's whole table none is forgotten."""

SIZE = 200
"""Beyond that, and below 512, the default gc_thresh2."""

DEVICE = "uplink"
_NETWORKS = ("198.51.100.", "2001:db8:1::")


@contextmanager
def crowded(namespace: Namespace) -> Iterator[None]:
    """Keep the neighbour tables of the whole kernel filled, from a device that is no bridge's."""
    veth(namespace, DEVICE, namespace, f"{DEVICE}-end")
    neighbors = [f"{net}{n}" for net in _NETWORKS for n in range(1, SIZE + 1)]
    lines = [f"neigh add {ip} lladdr 02:00:00:00:ee:01 dev {DEVICE}" for ip in neighbors]
    namespace.batch("ip", lines)
    try:
        yield
    finally:
        namespace.ip("link", "delete", DEVICE)


def wait_for_room(exporter: Exporter) -> None:
    """Return when the tables hold few entries: those of namespaces that others left are gone."""

    def few() -> bool:
        samples = exporter.scrape()
        sizes = (samples[key("l2_neighbor_table_entries", family=family)] for family in FAMILIES)
        return max(sizes) < THRESHOLD

    wait_until(few, "the kernel's neighbour tables hold few entries")

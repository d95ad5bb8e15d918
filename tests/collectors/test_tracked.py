from __future__ import annotations

from l2exporter.limits import Limits
from tests.collectors.scene import Scene
from tests.lab.frames import announcement, probe, tagged

A = "02:00:00:00:00:0a"


TABLES = ("addresses", "addresses_ipv6", "vlans", "devices")


def figures(scene: Scene, figure: str) -> tuple[float, ...]:
    """Of each of TABLES."""
    samples = scene.samples(f"l2_tracked_{figure}")
    return tuple(samples[table,] for table in TABLES)


def test_every_table_has_entries_and_a_limit_from_the_start() -> None:
    scene = Scene("tracked", limits=Limits(addresses=20, vlans=5, devices=3))
    assert figures(scene, "entries") == (0, 0, 0, 0)
    assert figures(scene, "limit") == (20, 20, 5, 3)
    assert not scene.total("l2_tracked_evictions_total", "l2_tracked_refusals_total")


def test_entries_evictions_and_refusals_are_those_of_the_traffic() -> None:
    limits = Limits(addresses=2, address_burst=9, address_rate=1, vlans=1, devices=1)
    scene = Scene("tracked", limits=limits)
    plain = [announcement(A, f"192.0.2.{n}") for n in range(1, 5)]
    scene.feed(*plain, *(tagged(probe(A, "192.0.2.1"), vid) for vid in (7, 8)))
    scene.pipeline.device("eth1")
    assert figures(scene, "entries") == (2, 0, 1, 1)
    assert figures(scene, "evictions_total") == (1, 0, 0, 0)
    assert figures(scene, "refusals_total") == (2, 0, 1, 1)

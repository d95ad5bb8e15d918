from __future__ import annotations

from l2exporter.limits import Limits
from tests.collectors.scene import Scene
from tests.lab.frames import announcement, probe, tagged

A, B = "02:00:00:00:00:0a", "02:00:00:00:00:0b"
METRIC = "l2_arp_new_stations_total"


def test_each_address_is_new_once_in_each_segment() -> None:
    scene = Scene("stations")
    one, two = announcement(A, "192.0.2.1"), announcement(A, "192.0.2.2")
    scene.feed(one, two, one, announcement(B, "192.0.2.1"), tagged(one, 7))
    scene.feed(one, tagged(two, 7))
    scene.feed(one, device="eth1")
    assert scene.samples(METRIC) == {("eth0", ""): 2, ("eth0", "7"): 2, ("eth1", ""): 1}


def test_a_probe_is_no_station_but_its_segment_is_there() -> None:
    scene = Scene("stations")
    scene.feed(probe(A, "192.0.2.1"))
    assert scene.samples(METRIC) == {("eth0", ""): 0}


def test_one_that_returns_after_an_eviction_is_new_again() -> None:
    scene = Scene("stations", limits=Limits(addresses=1, address_burst=16, address_rate=1))
    for ip in ("192.0.2.1", "192.0.2.2", "192.0.2.1"):
        scene.feed(announcement(A, ip))
        scene.now += 1
    assert scene.samples(METRIC) == {("eth0", ""): 3}


def test_who_finds_no_place_is_not_counted() -> None:
    scene = Scene("stations", limits=Limits(addresses=16, address_burst=2, address_rate=0))
    scene.feed(*(announcement(A, f"192.0.2.{n}") for n in range(9)))
    assert scene.total(METRIC) == 2

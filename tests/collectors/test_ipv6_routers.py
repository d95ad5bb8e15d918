from __future__ import annotations

from ipaddress import IPv6Address

from l2exporter.collectors.ipv6_routers import Ipv6RoutersCollector
from l2exporter.dissect.router_advertisement import RouterAdvertisement
from tests.collectors.evidence_scene import EvidenceScene

A = 0x02_00_00_00_00_0A
INFO, LIFETIME = "l2_ipv6_router_info", "l2_ipv6_router_lifetime_seconds"
SEEN = "l2_ipv6_router_last_seen_timestamp_seconds"
NAMES = (INFO, LIFETIME, SEEN)


def advertised(lifetime: int) -> EvidenceScene:
    scene = EvidenceScene(Ipv6RoutersCollector)
    source = IPv6Address("fe80::1")
    message = RouterAdvertisement(source, A, lifetime, False, False, "high", (), ())
    scene.routers.observe(scene.seen(message, A, source))
    return scene


def test_without_routers_there_are_no_samples() -> None:
    scene = EvidenceScene(Ipv6RoutersCollector)
    assert [scene.samples(name) for name in NAMES] == [{}, {}, {}]


def test_a_router_has_its_mac_preference_lifetime_and_time() -> None:
    scene = advertised(1_800)
    router = ("eth0", "", "fe80::1")
    assert scene.samples(INFO) == {(*router, "02:00:00:00:00:0a", "high"): 1}
    assert scene.samples(LIFETIME) == {router: 1_800}
    assert scene.samples(SEEN) == {router: 1_000}


def test_a_withdrawn_router_is_there_with_no_lifetime() -> None:
    assert set(advertised(0).samples(LIFETIME).values()) == {0}


def test_a_router_of_a_device_that_is_gone_is_not_shown() -> None:
    scene = advertised(1_800)
    scene.tables.segments.forget(0)
    assert [scene.samples(name) for name in NAMES] == [{}, {}, {}]

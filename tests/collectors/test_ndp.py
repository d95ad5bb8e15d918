from __future__ import annotations

import pytest

from l2exporter.collectors.packets import ANOMALIES
from l2exporter.dissect.ndp import TYPES
from l2exporter.limits import Limits
from tests.collectors.scene import Scene
from tests.lab import frames, ndp

A, B = "02:00:00:00:00:0a", "02:00:00:00:00:0b"
GROUP = "33:33:00:00:00:01"
ONE, TWO = "fe80::1", "fe80::2"
EACH = [
    ndp.solicitation(A, ONE, TWO),
    ndp.detection(A, ONE),
    ndp.answer(A, ONE, TWO),
    ndp.announcement(A, ONE),
    ndp.router_solicitation(A, ONE),
    ndp.router_advertisement(A, ONE),
    ndp.redirect(A, ONE, TWO, target=TWO, destination="2001:db8::1"),
]
PACKETS, SENT, ODD = "l2_ndp_packets_total", "l2_ndp_packets_sent_total", "l2_ndp_anomalies_total"


def test_every_type_of_a_segment_is_there_from_the_start() -> None:
    scene = Scene("ndp")
    scene.feed(frames.tagged(EACH[1], 7))
    both = [("eth0", vlan, kind) for vlan in ("", "7") for kind in TYPES]
    assert scene.samples(PACKETS) == {
        key: float(key == ("eth0", "7", "duplicate_address_detection")) for key in both
    }
    assert scene.samples(SENT) == dict.fromkeys(both, 0)
    assert scene.samples(ODD) == {
        ("eth0", vlan, kind): 0 for vlan in ("", "7") for kind in ANOMALIES
    }


def test_each_message_is_counted_by_its_type() -> None:
    scene = Scene("ndp")
    for times, frame in enumerate(EACH, start=1):
        scene.feed(*[frame] * times)
    assert list(scene.samples(PACKETS).values()) == [1, 2, 3, 4, 5, 6, 7]


def test_what_this_host_sends_is_counted_apart() -> None:
    scene = Scene("ndp")
    scene.feed(*EACH, *EACH, sent=[True] * 7 + [False] * 7)
    scene.feed(EACH[0], sent=True)
    assert list(scene.samples(SENT).values()) == [2, 1, 1, 1, 1, 1, 1]
    assert list(scene.samples(PACKETS).values()) == [1] * 7


def test_arp_and_neighbour_discovery_do_not_mix() -> None:
    scene = Scene("arp", "ndp")
    scene.feed(*EACH, frames.announcement(A, "192.0.2.1"))
    assert scene.total(PACKETS) == 7
    assert scene.total("l2_arp_packets_total") == 1


def test_addresses_beyond_their_cap_are_counted_in_the_totals() -> None:
    scene = Scene("ndp", limits=Limits(addresses=16, address_burst=1, address_rate=0))
    scene.feed(*(ndp.announcement(A, f"fe80::{n:x}") for n in range(1, 101)))
    assert scene.total(PACKETS) == 100


@pytest.mark.parametrize(
    ("frame", "kinds"),
    [
        (ndp.announcement(A, ONE), set()),
        (ndp.announcement(A, ONE, source=B), {"source_mismatch"}),
        (ndp.announcement(GROUP, ONE), {"multicast_sender"}),
        (ndp.announcement(GROUP, ONE, source=A), {"source_mismatch", "multicast_sender"}),
        (ndp.detection(A, ONE), set()),
        (EACH[-1], set()),
    ],
)
def test_odd_link_layer_addresses_are_anomalies_and_messages_too(
    frame: bytes, kinds: set[str]
) -> None:
    scene = Scene("ndp")
    scene.feed(frame)
    assert {kind for _, _, kind in scene.nonzero(ODD)} == kinds
    assert scene.total(PACKETS) == 1


def test_this_hosts_own_messages_are_no_anomaly() -> None:
    scene = Scene("ndp")
    scene.feed(ndp.announcement(GROUP, ONE, source=B), sent=True)
    assert scene.nonzero(ODD) == {}


def test_malformed_messages_are_no_messages() -> None:
    scene = Scene("ndp")
    scene.feed(EACH[0][:70], EACH[0][:-1] + b"\x99", b"")
    assert scene.nonzero(PACKETS) == {}

from __future__ import annotations

from ipaddress import ip_address

import pytest

from l2exporter.dissect.mdns import Mdns, ProxyOffer
from l2exporter.evidence.interest import REFRESH_SECONDS, Interest
from l2exporter.evidence.ledger import Ledger
from l2exporter.evidence.moves.windows import SETTLE_SECONDS
from l2exporter.evidence.seen import Seen
from tests.evidence.wire import WALL, Said, Wire, times

OLD, NEW, PROXY = 0x02_00_00_00_00_0A, 0x02_00_00_00_00_0B, 0x02_00_00_00_00_0C
IPV4, IPV6 = "192.0.2.7", "2001:db8::7"
ADVERTISED = "neighbor_advertisement_unsolicited"
OFFER = Mdns(True, proxies=(ProxyOffer("Lab", None, 61000, 4500),))


class Scene:
    """A segment whose packets go into a ledger, and who its slow lane is interested in."""

    def __init__(self) -> None:
        self.wire = Wire()
        self.ledger = Ledger(self.wire.tables)
        self.interest = Interest(self.ledger)

    def batch(self, now: float, *said: Said, seen: tuple[Seen, ...] = ()) -> None:
        said4 = [one for one in said if ":" not in one.ip]
        said6 = [one for one in said if ":" in one.ip]
        self.ledger.observe(
            *self.wire.arp(said4, now),
            *self.wire.ndp(said6, now),
            times(said4),
            times(said6),
            seen,
            now,
            WALL + now,
        )

    def offer(self, at: float) -> None:
        """A sleep proxy offers itself."""
        segment = self.wire.tables.segment_of(self.wire.device, 0, at)
        group, ip = 0x01_00_5E_00_00_FB, ip_address("192.0.2.1")
        ports = (5353, 5353)
        seen = Seen(
            *(self.wire.device, segment, PROXY, group, ip, None),
            *(*ports, False, WALL + at, at, OFFER),
        )
        self.batch(at, seen=(seen,))


def test_nobody_matters_at_first() -> None:
    scene = Scene()
    scene.batch(1.0, Said(IPV4, OLD, at=1.0))
    assert scene.interest.macs(1.0) == frozenset()


@pytest.mark.parametrize(("ip", "kind"), [(IPV4, "announcement"), (IPV6, ADVERTISED)])
def test_both_macs_of_a_move_matter_until_it_has_its_verdict(ip: str, kind: str) -> None:
    scene = Scene()
    scene.batch(1.0, Said(ip, OLD, kind, at=1.0))
    scene.batch(2.0, Said(ip, NEW, kind, at=2.0))
    assert scene.interest.macs(2.0) == {OLD, NEW}
    over = 2.0 + SETTLE_SECONDS + 1.0
    scene.ledger.settle(over, WALL + over)
    assert scene.interest.macs(over) == frozenset()


def test_a_proxy_matters_at_once_and_who_moves_a_little_later() -> None:
    scene = Scene()
    scene.batch(1.0, Said(IPV4, OLD, at=1.0))
    assert scene.interest.macs(1.0) == frozenset()
    scene.batch(1.1, Said(IPV4, NEW, at=1.1))
    scene.offer(1.2)
    assert scene.interest.macs(1.2) == {PROXY}
    assert scene.interest.macs(1.0 + REFRESH_SECONDS) == {OLD, NEW, PROXY}


def test_who_sleeps_matters_when_its_move_is_long_over() -> None:
    scene = Scene()
    scene.batch(1.0, Said(IPV4, OLD, at=1.0))
    scene.offer(2.0)
    for at in (10.0, 11.0, 13.0):
        scene.batch(at, Said(IPV4, PROXY, at=at))
    over = 13.0 + SETTLE_SECONDS + 1.0
    scene.ledger.settle(over, WALL + over)
    assert scene.ledger.pending.windows["ipv4"].until.min() == float("inf")
    assert scene.interest.macs(over) == {OLD, PROXY}

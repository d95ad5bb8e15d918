from __future__ import annotations

from ipaddress import ip_address

import pytest

from l2exporter.collectors import protected_addresses
from l2exporter.collectors.protected_addresses import ProtectedAddressesCollector
from l2exporter.evidence.moves.causes import CAUSES
from tests.collectors.evidence_scene import EvidenceScene

A, B, C = (0x02_00_00_00_00_0A + n for n in range(3))
A_TEXT, B_TEXT, C_TEXT = (f"02:00:00:00:00:0{digit}" for digit in "abc")
GATEWAY, GATEWAY6, OTHER = "192.0.2.1", "fe80::1", "192.0.2.53"
INFO = "l2_protected_address_info"
MOVES, CLAIMS = "l2_protected_address_moves_total", "l2_protected_address_claims_total"
CLAIMANT = "l2_protected_address_last_claim_info"
CLAIMED = "l2_protected_address_last_claim_timestamp_seconds"
WITHHELD = "l2_protected_address_last_claim_info_withheld"


def guarded(*ips: str) -> EvidenceScene:
    scene = EvidenceScene(ProtectedAddressesCollector)
    scene.protected.gateways({0: frozenset(map(ip_address, ips))})
    return scene


def test_one_that_was_seen_nowhere_is_there_without_a_mac_or_with_the_configured_one() -> None:
    scene = guarded(GATEWAY, GATEWAY6)
    scene.protected.configure([(ip_address(OTHER), A, "dns")])
    assert scene.samples(INFO) == {
        (GATEWAY, "", "gateway"): 1,
        (GATEWAY6, "", "gateway"): 1,
        (OTHER, A_TEXT, "dns"): 1,
    }
    assert scene.samples(MOVES) == scene.samples(CLAIMS) == {}


def test_what_dhcp_names_is_there_once_it_is_seen_on_the_segment() -> None:
    scene = EvidenceScene(ProtectedAddressesCollector)
    scene.name(OTHER, dns=["198.51.100.53"])
    assert scene.samples(INFO) == {}
    scene.claim((OTHER, A))
    assert scene.samples(INFO) == {(OTHER, A_TEXT, "dhcp_server"): 1}


@pytest.mark.parametrize("ip", [GATEWAY, GATEWAY6])
def test_every_counter_is_there_with_zero_from_the_first_sight(ip: str) -> None:
    scene = guarded(ip)
    scene.claim((ip, A))
    assert scene.samples(INFO) == {(ip, A_TEXT, "gateway"): 1}
    where = ("eth0", "", ip, "gateway")
    assert scene.samples(MOVES) == {(*where, cause): 0 for cause in CAUSES}
    assert scene.samples(CLAIMS) == {where: 0}
    assert scene.samples(CLAIMANT) == scene.samples(CLAIMED) == {}


def test_moves_are_counted_by_cause_and_segment() -> None:
    scene = guarded(GATEWAY)
    scene.claim((GATEWAY, A))
    scene.claim((GATEWAY, A), vlan=7)
    scene.settled(GATEWAY, B, "suspected_spoofing", count=3)
    moves = {key: value for key, value in scene.samples(MOVES).items() if value}
    assert moves == {("eth0", "", GATEWAY, "gateway", "suspected_spoofing"): 3}
    assert len(scene.samples(MOVES)) == 2 * len(CAUSES)
    assert scene.samples(INFO) == {(GATEWAY, A_TEXT, "gateway"): 1}


def test_claims_are_counted_with_the_last_claimant_and_its_time() -> None:
    scene = guarded(GATEWAY)
    scene.claim((GATEWAY, A))
    scene.now = 60
    scene.claim((GATEWAY, B), (GATEWAY, C), (GATEWAY, A))
    where = ("eth0", "", GATEWAY)
    assert scene.samples(CLAIMS) == {(*where, "gateway"): 2}
    assert scene.samples(CLAIMANT) == {(*where, C_TEXT): 1}
    assert scene.samples(CLAIMED) == {where: 1_060}


def test_each_mac_of_a_failover_group_is_a_sample() -> None:
    scene = guarded(GATEWAY)
    scene.claim((GATEWAY, A), (GATEWAY, B))
    scene.settled(GATEWAY, B, "failover")
    assert set(scene.samples(INFO)) == {(GATEWAY, mac, "gateway") for mac in (A_TEXT, B_TEXT)}


def test_claimants_are_withheld_once_they_change_faster_than_series_may(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(protected_addresses, "GUARDED", 2)
    monkeypatch.setattr(protected_addresses, "MAC_PAIR_RATE", 0.1)
    scene = guarded(GATEWAY)
    scene.claim((GATEWAY, A))
    for mac, shown in ((B, 1), (C, 1), (C, 1), (C + 1, 0)):
        scene.claim((GATEWAY, mac))
        assert len(scene.samples(CLAIMANT)) == shown
    assert scene.samples(WITHHELD) == {(): 1}
    assert set(scene.samples(CLAIMS).values()) == {4}
    scene.now = 10
    assert len(scene.samples(CLAIMANT)) == 1
    assert scene.samples(WITHHELD) == {(): 0}


def test_a_device_that_is_gone_is_not_shown() -> None:
    scene = guarded(GATEWAY)
    scene.claim((GATEWAY, A), (GATEWAY, B))
    scene.tables.segments.forget(0)
    assert scene.samples(CLAIMS) == scene.samples(CLAIMANT) == {}

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from ipaddress import IPv4Address, IPv6Address, ip_address

import numpy as np
import pytest

from l2exporter import limits
from l2exporter.collectors import mac_addresses
from l2exporter.collectors.mac_addresses import MacAddressesCollector
from l2exporter.dissect.arp import ANNOUNCEMENT, REPLY, REQUEST
from l2exporter.dissect.mdns import Mdns, ProxyOffer
from l2exporter.dissect.router_advertisement import RouterAdvertisement
from tests.collectors.evidence_scene import EvidenceScene
from tests.tables.packets import packets

A, B, C = (0x02_00_00_00_00_0A + n for n in range(3))
A_TEXT, B_TEXT, C_TEXT = (f"02:00:00:00:00:0{digit}" for digit in "abc")
ONE, TWO, THREE = "192.0.2.1", "192.0.2.2", "192.0.2.3"
ADDRESSES, WITHHELD = "l2_mac_addresses", "l2_mac_addresses_withheld"
ROLES = "l2_mac_role_info"


class Scene(EvidenceScene):
    def __init__(self) -> None:
        super().__init__(MacAddressesCollector)

    def arp(self, kind: int, mac: int, *ips: str, target: str = "0.0.0.0") -> None:
        """One ARP packet for each sender address, seen by the collector as well."""
        columns = packets(*((ip, mac) for ip in ips))
        columns = replace(
            columns,
            type=np.full(len(ips), kind, np.uint8),
            target_ip=np.full(len(ips), int(IPv4Address(target)), np.uint32),
        )
        list(self.collector.observe(self.observe(columns)))  # type: ignore[attr-defined]

    def ask(self, *targets: str) -> None:
        for target in targets:
            self.arp(REQUEST, C, THREE, target=target)

    def scrape(self) -> set[tuple[str, ...]]:
        """(mac, role) of each MAC with a role."""
        return {labels[2:] for labels in self.samples(ROLES)}


def test_macs_with_one_address_are_not_shown() -> None:
    scene = Scene()
    scene.claim((ONE, A), (TWO, B), (ONE, A))
    assert scene.samples(ADDRESSES) == {}
    assert scene.samples(WITHHELD) == {(): 0}


def test_a_mac_that_has_several_shows_without_any_move() -> None:
    scene = Scene()
    scene.claim((ONE, A), (TWO, A), (THREE, B))
    assert scene.samples(ADDRESSES) == {("eth0", "", A_TEXT): 2}


def test_addresses_that_moved_away_do_not_count_and_segments_are_apart() -> None:
    scene = Scene()
    scene.claim((ONE, A), (TWO, A), (THREE, A), (THREE, B))
    scene.claim((ONE, B), (TWO, B), vlan=7)
    scene.claim((ONE, A), device=1)
    assert scene.samples(ADDRESSES) == {("eth0", "", A_TEXT): 2, ("eth0", "7", B_TEXT): 2}


@pytest.mark.parametrize(
    ("ips", "count"),
    [
        (["fe80::a", "2001:db8::a", "2001:db8::b"], 0),
        (["fe80::a", "fe80::1"], 2),
        (["febf::a", "fe80::1", "2001:db8::a"], 2),
    ],
)
def test_of_ipv6_only_link_local_addresses_count(ips: Sequence[str], count: int) -> None:
    scene = Scene()
    scene.claim(*((ip, A) for ip in ips))
    scene.claim((ONE, A))
    assert scene.samples(ADDRESSES) == ({("eth0", "", A_TEXT): count} if count else {})


def test_the_larger_of_both_families_is_shown() -> None:
    scene = Scene()
    scene.claim(("fe80::a", A), ("fe80::1", A))
    scene.claim((ONE, A), (TWO, A), (THREE, A))
    assert scene.samples(ADDRESSES) == {("eth0", "", A_TEXT): 3}


def crowd(scene: Scene, first: int, count: int, addresses: int = 2) -> None:
    """So many MACs from `first` on, with so many addresses each."""
    for mac in range(first, first + count):
        ips = (str(IPv4Address((mac << 8) + n & 0xFFFFFFFF)) for n in range(addresses))
        scene.claim(*((ip, mac) for ip in ips))


def test_those_with_most_are_shown_and_the_rest_counted() -> None:
    scene = Scene()
    crowd(scene, 1_000, limits.MACS_SHOWN)
    before = scene.samples(ADDRESSES)
    assert len(before) == limits.MACS_SHOWN
    crowd(scene, 500, 100)
    assert set(scene.samples(ADDRESSES)) == set(before)
    assert scene.samples(WITHHELD) == {(): 100}
    crowd(scene, 5_000, 1, addresses=3)
    after = scene.samples(ADDRESSES)
    assert after[("eth0", "", "00:00:00:00:13:88")] == 3
    assert len(after) == limits.MACS_SHOWN
    assert scene.samples(WITHHELD) == {(): 101}


def test_new_macs_are_shown_at_a_bounded_rate_and_hide_no_known_ones(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for cap in ("MACS_SHOWN", "MACS_REMEMBERED"):
        monkeypatch.setattr(mac_addresses, cap, 2)
    scene = Scene()
    crowd(scene, 0x0A, 2)
    known = {("eth0", "", f"00:00:00:00:00:0{digit}"): 2 for digit in "ab"}
    assert scene.samples(ADDRESSES) == known
    crowd(scene, 0x0C, 1, addresses=3)
    assert scene.samples(ADDRESSES) == known
    assert scene.samples(WITHHELD) == {(): 1}
    scene.now = 1 / limits.MACS_RATE
    assert ("eth0", "", "00:00:00:00:00:0c") in scene.samples(ADDRESSES)
    assert scene.samples(WITHHELD) == {(): 1}


def test_sleep_proxies_routers_and_gateways_are_told() -> None:
    scene = Scene()
    offer = Mdns(True, proxies=(ProxyOffer("50-34-10-70 Box", None, 7_000, 4_500),))
    scene.known_proxies.observe(scene.seen(offer, A, ip_address(ONE)))
    source = IPv6Address("fe80::b")
    message = RouterAdvertisement(source, B, 0, False, False, "low", (), ())
    scene.routers.observe(scene.seen(message, B, source))
    scene.protected.gateways({0: frozenset({ip_address(THREE)})})
    scene.protected.configure([(ip_address(TWO), None, "dns")])
    scene.claim((THREE, C), (TWO, C + 1))
    assert scene.samples(ROLES) == {
        ("eth0", "", A_TEXT, "sleep_proxy"): 1,
        ("eth0", "", B_TEXT, "router"): 1,
        ("eth0", "", C_TEXT, "router"): 1,
    }


def test_a_virtual_routers_prefix_makes_a_router_of_a_mac_that_is_shown() -> None:
    scene = Scene()
    virtual = 0x00_00_5E_00_01_07
    scene.claim((ONE, virtual))
    assert scene.scrape() == set()
    scene.claim((TWO, virtual))
    assert scene.scrape() == {("00:00:5e:00:01:07", "router")}


def test_a_mac_that_only_answers_questions_for_others_is_proxy_arp() -> None:
    scene = Scene()
    scene.arp(REQUEST, A, "192.0.2.254")
    scene.arp(REPLY, A, ONE, TWO)
    assert scene.scrape() == set()
    for _ in range(3):
        scene.now += 60
        scene.ask(ONE, TWO)
        scene.arp(REPLY, A, ONE, TWO)
    assert scene.scrape() == {(A_TEXT, "proxy_arp")}


def test_one_scrape_at_a_captures_end_tells_of_proxy_arp_too() -> None:
    scene = Scene()
    scene.arp(REQUEST, A, "192.0.2.254")
    for _ in range(4):
        scene.now += 5
        scene.ask(ONE, TWO)
        scene.arp(REPLY, A, ONE, TWO)
    assert scene.scrape() == {(A_TEXT, "proxy_arp")}


def test_a_mac_that_replies_unasked_is_not() -> None:
    scene = Scene()
    scene.arp(REPLY, A, ONE, TWO)
    scene.scrape()
    scene.ask(ONE, TWO)
    scene.arp(REPLY, A, ONE, TWO)
    assert scene.scrape() == {(A_TEXT, "proxy_arp")}
    scene.now += 60
    scene.arp(REPLY, A, ONE)
    assert scene.scrape() == set()


@pytest.mark.parametrize("kind", [REQUEST, ANNOUNCEMENT])
def test_an_address_that_speaks_for_itself_is_not_merely_answered_for(kind: int) -> None:
    scene = Scene()
    scene.arp(REPLY, A, ONE, TWO)
    scene.scrape()
    scene.ask(ONE, TWO)
    scene.arp(REPLY, A, ONE, TWO)
    scene.arp(kind, A, TWO)
    assert scene.scrape() == set()


def test_what_another_mac_did_with_the_address_does_not_count() -> None:
    scene = Scene()
    scene.arp(REQUEST, B, ONE)
    scene.arp(ANNOUNCEMENT, B, TWO)
    scene.arp(REPLY, A, ONE, TWO)
    scene.now += mac_addresses.SUSPECT_SECONDS
    scene.arp(REQUEST, C, THREE)
    scene.ask(ONE, TWO)
    scene.arp(REPLY, A, ONE, TWO)
    assert scene.scrape() == {(A_TEXT, "proxy_arp")}


def test_suspects_chosen_anew_between_question_and_answer_forget_no_question() -> None:
    scene = Scene()
    scene.arp(REPLY, A, ONE, TWO)
    scene.now = 9
    scene.ask(ONE, TWO)
    scene.now = 10
    scene.arp(REQUEST, C, THREE)
    scene.now = 11
    scene.arp(REPLY, A, ONE, TWO)
    assert scene.scrape() == {(A_TEXT, "proxy_arp")}


def test_a_reply_just_after_the_first_choice_tells_nothing_unless_a_question_was_seen() -> None:
    scene = Scene()
    scene.arp(REPLY, A, ONE, TWO)
    scene.scrape()
    scene.arp(REPLY, A, ONE, TWO)
    assert scene.scrape() == set()
    scene.ask(ONE, TWO)
    scene.arp(REPLY, A, ONE, TWO)
    assert scene.scrape() == {(A_TEXT, "proxy_arp")}


def test_a_choice_of_suspects_is_no_question() -> None:
    scene = Scene()
    scene.arp(REPLY, A, ONE, TWO)
    scene.scrape()
    scene.ask(ONE, TWO)
    scene.arp(REPLY, A, ONE, TWO)
    scene.now = 100
    assert scene.scrape() == {(A_TEXT, "proxy_arp")}
    scene.arp(REPLY, A, ONE, TWO)
    assert scene.scrape() == set()


def test_one_address_replied_for_unasked_is_enough() -> None:
    scene = Scene()
    scene.arp(REPLY, A, ONE, TWO, "192.0.2.4")
    scene.scrape()
    scene.now = 60
    scene.ask(ONE, TWO)
    scene.arp(REPLY, A, ONE, TWO, "192.0.2.4")
    assert scene.scrape() == set()


def test_a_device_that_is_gone_is_not_shown() -> None:
    scene = Scene()
    source = IPv6Address("fe80::b")
    message = RouterAdvertisement(source, B, 0, False, False, "low", (), ())
    scene.routers.observe(scene.seen(message, B, source))
    scene.tables.segments.forget(0)
    assert scene.scrape() == set()

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_address

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from l2exporter import limits
from l2exporter.dissect.dns_update import Registration
from l2exporter.dissect.mdns import HostAddress, Mdns
from l2exporter.dissect.router_advertisement import RouterAdvertisement
from l2exporter.evidence.protection.guards import ALONE_SECONDS
from l2exporter.evidence.protection.protected import ProtectedClaim
from l2exporter.evidence.seen import Claim
from tests.evidence.guarding import Wire, guarded
from tests.tables.packets import packets

A, B, C, D, E, PROXY = (0x02_00_00_00_00_0A + n for n in range(6))
GATEWAY, GATEWAY6, OTHER = "192.0.2.1", "fe80::1", "192.0.2.9"


def configured(ip: str, mac: int | None, role: str = "dns") -> Wire:
    wire = Wire()
    wire.protected.configure([(ip_address(ip), mac, role)])
    return wire


def claim(wire: Wire, ip: str, mac: int) -> Claim:
    return Claim(wire.segment(), ip_address(ip), mac, None, "reply", False, 1_000, wire.now)


@pytest.mark.parametrize("ip", [GATEWAY, GATEWAY6])
def test_the_first_mac_is_expected_and_every_claim_by_another_is_counted(ip: str) -> None:
    wire = guarded(ip)
    assert wire.claim((ip, A), (ip, A)) == [False, False]
    wire.now = 5
    assert wire.claim((ip, B), (ip, A), (ip, B), (ip, C)) == [True, False, True, True]
    figures = wire.figures(ip)
    assert (figures.role, figures.expected, figures.claims) == ("gateway", (A,), 3)
    assert (figures.claimant, figures.claimed) == (C, 1_005)


def test_what_is_not_protected_is_not_watched() -> None:
    wire = guarded(GATEWAY)
    assert wire.claim((OTHER, A), (OTHER, B), (GATEWAY, A)) == [False] * 3
    assert wire.watched() == {GATEWAY}
    sightings = wire.observe(packets((OTHER, A), (GATEWAY, B), ("0.0.0.0", A)))
    assert wire.protected.guarded(sightings).tolist() == [False, True, False]


def test_one_that_is_tracked_before_it_is_protected_keeps_the_mac_it_has() -> None:
    wire = Wire()
    wire.claim((GATEWAY, A), (OTHER, B))
    wire.protected.gateways({0: frozenset({IPv4Address(GATEWAY)})})
    assert wire.claim((GATEWAY, B)) == [True]
    assert wire.expected(GATEWAY) == (A,)


def test_a_configured_mac_is_expected_whoever_was_there_first() -> None:
    wire = configured(OTHER, A)
    assert wire.claim((OTHER, B), (OTHER, A)) == [True, False]
    for cause in ("failover", "dhcp_reassignment", "same_host_interface", "unknown"):
        wire.settled(OTHER, B, cause)
    for _ in range(3):
        wire.pass_time(ALONE_SECONDS)
        assert wire.claim((OTHER, B)) == [True]
    assert (wire.expected(OTHER), wire.figures(OTHER).role) == ((A,), "dns")


def test_a_new_configuration_changes_the_expected_mac_and_keeps_the_counts() -> None:
    wire = configured(OTHER, A)
    wire.claim((OTHER, B))
    wire.protected.configure([(ip_address(OTHER), B, "printer")])
    assert wire.claim((OTHER, B), (OTHER, A)) == [False, True]
    assert (wire.claims(OTHER), wire.figures(OTHER).role) == (2, "printer")
    wire.protected.configure([(ip_address(OTHER), None, "printer")])
    assert wire.expected(OTHER) == (A,)
    wire.protected.configure([])
    assert wire.watched() == set()
    assert wire.claim((OTHER, B)) == [False]


@pytest.mark.parametrize(
    ("cause", "expected"),
    [
        ("failover", (B, A)),
        ("same_host_interface", (B, A)),
        ("dhcp_reassignment", (B,)),
        ("sleep_proxy_hold", (A,)),
        ("sleep_proxy_release", (A,)),
        ("suspected_spoofing", (A,)),
        ("duplicate_address", (A,)),
        ("unknown", (A,)),
    ],
)
def test_which_causes_make_the_new_mac_the_expected_one(
    cause: str, expected: tuple[int, ...]
) -> None:
    wire = guarded(GATEWAY)
    wire.claim((GATEWAY, A), (GATEWAY, B))
    wire.settled(GATEWAY, B, cause, count=3)
    assert wire.expected(GATEWAY) == expected
    assert wire.figures(GATEWAY).moves == {cause: 3}
    assert wire.claim((GATEWAY, B)) == [B not in expected]


def test_routers_that_take_turns_are_all_expected_within_a_cap() -> None:
    wire = guarded(GATEWAY)
    wire.claim((GATEWAY, A))
    for mac in (B, C, D, E, A):
        wire.claim((GATEWAY, mac))
        wire.settled(GATEWAY, mac, "failover")
    assert wire.expected(GATEWAY) == (A, E, D, C)
    assert wire.claim((GATEWAY, C), (GATEWAY, A), (GATEWAY, B)) == [False, False, True]


def test_who_invents_failovers_does_not_make_expected_macs_without_end() -> None:
    wire = guarded(GATEWAY)
    wire.claim((GATEWAY, A))
    for mac in range(1_000, 1_000 + limits.EXPECTED_BURST + 1):
        wire.settled(GATEWAY, mac, "failover")
    assert wire.expected(GATEWAY)[0] == 1_000 + limits.EXPECTED_BURST - 1
    wire.pass_time(1 / limits.EXPECTED_RATE)
    wire.settled(GATEWAY, 9_999, "failover")
    assert wire.expected(GATEWAY)[0] == 9_999


def held(wire: Wire, mac: int, seconds: float) -> None:
    """One MAC claims the gateway every ten minutes for so long."""
    for _ in range(int(seconds // 600)):
        wire.pass_time(600)
        wire.claim((GATEWAY, mac))
    wire.pass_time(1)


def test_a_router_that_was_replaced_is_the_expected_one_after_an_hour_alone() -> None:
    wire = guarded(GATEWAY)
    wire.claim((GATEWAY, A))
    wire.claim((GATEWAY, B))
    wire.settled(GATEWAY, B, "unknown")
    held(wire, B, ALONE_SECONDS - 600)
    assert wire.expected(GATEWAY) == (A,)
    held(wire, B, 1_200)
    assert wire.expected(GATEWAY) == (B,)
    assert wire.claim((GATEWAY, A)) == [True]


def test_silence_is_no_holding() -> None:
    wire = guarded(GATEWAY)
    wire.claim((GATEWAY, A))
    wire.claim((GATEWAY, B))
    wire.pass_time(2 * ALONE_SECONDS)
    assert wire.expected(GATEWAY) == (A,)


@pytest.mark.parametrize("other", [A, C])
def test_the_hour_begins_again_when_anybody_else_claims(other: int) -> None:
    wire = guarded(GATEWAY)
    wire.claim((GATEWAY, A))
    held(wire, B, ALONE_SECONDS - 600)
    wire.claim((GATEWAY, other))
    held(wire, B, ALONE_SECONDS - 600)
    assert wire.expected(GATEWAY) == (A,)
    held(wire, B, 1_200)
    assert wire.expected(GATEWAY) == (B,)


@pytest.mark.parametrize("cause", ["suspected_spoofing", "duplicate_address", "sleep_proxy_hold"])
def test_a_mac_that_is_accused_is_never_expected_for_having_lasted(cause: str) -> None:
    wire = guarded(GATEWAY)
    wire.claim((GATEWAY, A))
    wire.claim((GATEWAY, B))
    wire.settled(GATEWAY, B, cause)
    held(wire, B, 3 * ALONE_SECONDS)
    assert wire.expected(GATEWAY) == (A,)


def test_accusing_another_clears_nobody() -> None:
    wire = guarded(GATEWAY)
    wire.claim((GATEWAY, A))
    for mac in (B, C, D):
        wire.settled(GATEWAY, mac, "suspected_spoofing")
    held(wire, B, 3 * ALONE_SECONDS)
    assert wire.expected(GATEWAY) == (A,)


def test_a_verdict_in_the_last_moment_of_the_hour_stands() -> None:
    wire = guarded(GATEWAY)
    wire.claim((GATEWAY, A))
    wire.claim((GATEWAY, B))
    wire.now = ALONE_SECONDS
    wire.claim((GATEWAY, B))
    wire.settled(GATEWAY, B, "failover")
    wire.pass_time(1)
    assert wire.expected(GATEWAY) == (B, A)


def test_the_return_of_the_owner_accuses_nobody() -> None:
    wire = guarded(GATEWAY)
    wire.claim((GATEWAY, A), (GATEWAY, B), (GATEWAY, A))
    wire.settled(GATEWAY, B, "suspected_spoofing")
    wire.settled(GATEWAY, A, "suspected_spoofing")
    assert wire.expected(GATEWAY) == (A,)
    assert wire.claim((GATEWAY, A)) == [False]


def test_a_claim_is_told_but_counted_only_when_it_is_noted() -> None:
    wire = guarded(GATEWAY)
    wire.claim((GATEWAY, A), (GATEWAY, B))
    segment = wire.segment()
    told = wire.protected.claim(claim(wire, GATEWAY, B))
    assert told == [ProtectedClaim(segment, IPv4Address(GATEWAY), "gateway", B, 1_000)]
    assert wire.protected.claim(claim(wire, GATEWAY, A)) == []
    assert wire.protected.claim(claim(wire, OTHER, B)) == []
    assert wire.claims(GATEWAY) == 1


def test_counts_survive_an_eviction_of_the_address() -> None:
    wire = guarded(GATEWAY, limits=limits.Limits(addresses=16, devices=2))
    wire.claim((GATEWAY, A), (GATEWAY, B))
    wire.tables.addresses.forget([wire.segment()])
    assert wire.claim((GATEWAY, B), (GATEWAY, A)) == [True, False]
    assert wire.claims(GATEWAY) == 2


def test_an_address_that_is_protected_no_more_is_not_taken_for_another() -> None:
    wire = configured(OTHER, None)
    wire.claim((OTHER, A), (GATEWAY, A))
    wire.protected.configure([(ip_address(GATEWAY), None, "dns")])
    assert wire.claim((OTHER, B)) == [False]
    assert wire.claims(GATEWAY) == 0


def test_a_row_that_stands_for_another_address_is_not_watched() -> None:
    wire = guarded(GATEWAY, limits=limits.Limits(addresses=16, devices=2))
    wire.claim((GATEWAY, A))
    wire.tables.addresses.forget([wire.segment()])
    assert wire.claim((OTHER, A), (OTHER, B)) == [False, False]


def test_a_registration_of_a_protected_address_is_a_claim() -> None:
    wire = guarded(GATEWAY)
    wire.claim((GATEWAY, A), (OTHER, B))
    message = Registration(1, (IPv4Address(GATEWAY), IPv4Address(OTHER)), None, 7_200)
    told = wire.protected.seen(wire.seen(message, B, IPv4Address(GATEWAY)))
    assert [(each.ip, each.mac) for each in told] == [(IPv4Address(GATEWAY), B)]
    assert (wire.claims(GATEWAY), wire.figures(GATEWAY).claimant) == (1, B)
    assert wire.protected.seen(wire.seen(message, A, IPv4Address(GATEWAY))) == []


def test_a_registration_counts_even_before_the_address_was_seen() -> None:
    wire = guarded(GATEWAY)
    message = Registration(1, (IPv4Address(GATEWAY),), None, None)
    assert len(wire.protected.seen(wire.seen(message, B, IPv4Address(OTHER)))) == 1
    assert (wire.claims(GATEWAY), wire.expected(GATEWAY)) == (1, ())
    assert wire.claim((GATEWAY, A)) == [False]
    assert wire.expected(GATEWAY) == (A,)


def announced(ip: str, ttl: int = 4_500) -> Mdns:
    return Mdns(True, addresses=(HostAddress("router.local", ip_address(ip), ttl, flush=True),))


@pytest.mark.parametrize("ip", [GATEWAY, GATEWAY6])
def test_a_proxys_announcement_of_a_protected_address_is_a_claim(ip: str) -> None:
    wire = guarded(ip)
    wire.claim((ip, A))
    wire.proxies = {PROXY}
    source = IPv4Address("192.0.2.99")
    assert len(wire.protected.seen(wire.seen(announced(ip), PROXY, source))) == 1
    assert wire.claims(ip) == 1
    assert wire.protected.seen(wire.seen(announced(ip, ttl=0), PROXY, source)) == []
    assert wire.protected.seen(wire.seen(announced(OTHER), PROXY, source)) == []


def test_a_reflector_and_a_proxy_that_is_the_protected_host_claim_nothing() -> None:
    wire = guarded(GATEWAY)
    source = IPv4Address(GATEWAY)
    wire.proxies = {PROXY}
    assert wire.protected.seen(wire.seen(announced(GATEWAY), PROXY, source)) == []
    wire.claim((GATEWAY, PROXY))
    assert wire.protected.seen(wire.seen(announced(GATEWAY), PROXY, source)) == []
    assert wire.protected.seen(wire.seen(announced(GATEWAY), B, IPv4Address(OTHER))) == []
    assert wire.claims(GATEWAY) == 0


@pytest.mark.parametrize(
    ("option", "frame", "claims"), [(B, B, 1), (B, A, 1), (A, A, 0), (A, B, 0), (None, B, 0)]
)
def test_a_router_advertisement_that_tells_another_mac_is_a_claim(
    option: int | None, frame: int, claims: int
) -> None:
    """Hosts take the option's MAC for the router's (RFC 4861, 6.3.4), whoever sent the frame."""
    wire = guarded(GATEWAY6)
    router = IPv6Address(GATEWAY6)
    wire.claim((GATEWAY6, A))
    advert = RouterAdvertisement(router, option, 0, False, False, "medium", (), ())
    told = wire.protected.seen(wire.seen(advert, frame, router))
    assert [(claim.mac, str(claim.ip)) for claim in told] == [(B, GATEWAY6)] * claims
    figures = wire.figures(GATEWAY6)
    assert (figures.claims, figures.claimant) == (claims, B * claims)


def test_a_router_advertisement_is_believed_while_no_mac_is_expected() -> None:
    wire = guarded(GATEWAY6)
    router = IPv6Address(GATEWAY6)
    advert = RouterAdvertisement(router, A, 1800, False, False, "medium", (), ())
    assert wire.protected.seen(wire.seen(advert, A, router)) == []
    assert wire.watched() == {GATEWAY6}


def test_those_seen_nowhere_are_told_apart() -> None:
    wire = guarded(GATEWAY, GATEWAY6)
    wire.protected.configure([(ip_address(OTHER), A, "dns")])
    wire.claim((GATEWAY, A))
    assert set(wire.protected.unseen()) == {
        (ip_address(GATEWAY6), None, "gateway"),
        (ip_address(OTHER), A, "dns"),
    }


def test_a_segment_that_goes_takes_its_guards_along() -> None:
    wire = guarded(GATEWAY)
    wire.claim((GATEWAY, A), vlan=7)
    segment = wire.segment(vlan=7)
    wire.tables.addresses.forget([segment])
    wire.protected.change_segment(segment, None)
    assert wire.watched() == set()
    assert wire.claim((GATEWAY, B), vlan=7) == [False]
    assert wire.expected(GATEWAY, vlan=7) == (B,)


def test_figures_follow_a_segment_that_is_merged() -> None:
    wire = guarded(GATEWAY)
    wire.protected.configure([(ip_address(OTHER), None, "dns")])
    wire.claim((GATEWAY, A), (GATEWAY, B), (OTHER, A), vlan=7)
    wire.claim((GATEWAY, A), (GATEWAY, C), (GATEWAY, C))
    wire.settled(GATEWAY, B, "unknown", segment=wire.segment(vlan=7))
    wire.settled(GATEWAY, C, "unknown", count=2)
    wire.tables.addresses.move(wire.segment(vlan=7), wire.segment())
    wire.protected.change_segment(wire.segment(vlan=7), wire.segment())
    assert wire.claims(GATEWAY) == 3
    assert wire.figures(GATEWAY).moves == {"unknown": 3}
    assert wire.expected(OTHER) == (A,)
    assert wire.claim((GATEWAY, C), (OTHER, B)) == [True, True]


def test_guards_are_capped_and_those_there_first_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("l2exporter.evidence.protection.guards.GUARDED", 3)
    wire = guarded(GATEWAY)
    for vlan in range(5):
        wire.claim((GATEWAY, A), vlan=vlan)
    assert len(wire.protected.figures()) == 3
    usage = wire.protected.usage()[0]
    assert (usage.table, usage.entries, usage.refusals) == ("protected_addresses", 3, 2)
    assert wire.claim((GATEWAY, B), vlan=4) == [False]
    assert wire.claim((GATEWAY, B), vlan=1) == [True]


batches = st.lists(
    st.lists(st.tuples(st.sampled_from([GATEWAY, OTHER]), st.sampled_from([A, B, C])), min_size=1),
    max_size=8,
)


@given(batches)
def test_claims_in_batches_are_those_of_the_packets_one_by_one(
    wire: list[list[tuple[str, int]]],
) -> None:
    in_batches, singly = guarded(GATEWAY), guarded(GATEWAY)
    owner: int | None = None
    for batch in wire:
        expected = []
        for ip, mac in batch:
            if ip == GATEWAY:
                owner = owner or mac
            expected.append(ip == GATEWAY and mac != owner)
        assert in_batches.claim(*batch) == expected
        assert [flag for each in batch for flag in singly.claim(each)] == expected
    totals = [(f.claims, f.claimant) for f in in_batches.protected.figures()]
    assert totals == [(f.claims, f.claimant) for f in singly.protected.figures()]


def test_a_storm_of_claims_is_counted_to_the_last() -> None:
    wire = guarded(GATEWAY)
    wire.claim((GATEWAY, A))
    columns = packets(*[(GATEWAY, B)] * 4_096)
    flags = wire.protected.note(wire.observe(columns), np.zeros(4_096))
    assert flags.all()
    assert wire.claims(GATEWAY) == 4_096

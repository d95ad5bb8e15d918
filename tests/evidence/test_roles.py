from __future__ import annotations

from ipaddress import IPv4Address, ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from l2exporter import limits
from l2exporter.evidence.protection.roles import ELSEWHERE
from tests.evidence.guarding import Wire, guarded

A, B, C = (0x02_00_00_00_00_0A + n for n in range(3))
GATEWAY, GATEWAY6, OTHER = "192.0.2.1", "fe80::1", "192.0.2.9"
HOUR = 3_600


def test_a_gateway_lingers_with_its_counts_when_its_route_flaps() -> None:
    wire = guarded(GATEWAY)
    wire.claim((GATEWAY, A), (GATEWAY, B))
    for _ in range(3):
        wire.protected.gateways({})
        wire.pass_time(HOUR - 1)
        assert wire.claim((GATEWAY, B), (GATEWAY, A)) == [True, False]
        wire.protected.gateways({0: frozenset({IPv4Address(GATEWAY)})})
        wire.pass_time(HOUR)
    assert wire.claims(GATEWAY) == 4
    wire.protected.gateways({})
    wire.pass_time(HOUR + 1)
    assert wire.watched() == set()
    assert not wire.protected.is_protected(IPv4Address(GATEWAY))


def test_a_link_local_gateway_is_one_devices() -> None:
    wire = guarded(GATEWAY6)
    assert wire.claim((GATEWAY6, A), device=0) == [False]
    assert wire.claim((GATEWAY6, A), (GATEWAY6, B), device=1) == [False, False]
    assert wire.claim((GATEWAY6, B), device=0) == [True]
    assert len(wire.protected.figures()) == 1


def test_link_local_gateways_differ_from_device_to_device_and_from_vlan_to_vlan() -> None:
    wire = Wire()
    wire.protected.gateways({n: frozenset({ip_address(GATEWAY6)}) for n in (0, 1)})
    for device, vlan, mac in ((0, 0, A), (0, 7, B), (1, 0, C)):
        assert wire.claim((GATEWAY6, mac), device=device, vlan=vlan) == [False]
        assert wire.expected(GATEWAY6, device, vlan) == (mac,)
    assert wire.claim((GATEWAY6, A), device=1) == [True]


def test_a_global_gateway_of_another_device_is_protected_wherever_it_is_seen() -> None:
    wire = Wire()
    wire.protected.gateways({ELSEWHERE: frozenset(map(ip_address, (GATEWAY, GATEWAY6)))})
    wire.claim((GATEWAY, A), device=1)
    wire.claim((GATEWAY6, A), device=1)
    assert wire.watched() == {GATEWAY}


def test_gateways_are_capped_and_those_there_first_stay() -> None:
    first = [f"10.0.{n // 256}.{n % 256}" for n in range(limits.PROTECTED_GATEWAYS)]
    wire = guarded(*first)
    wire.protected.gateways({0: frozenset(map(ip_address, [*first, GATEWAY]))})
    assert not wire.protected.is_protected(IPv4Address(GATEWAY))
    wire.protected.gateways({0: frozenset(map(ip_address, [*first[1:], GATEWAY]))})
    assert wire.protected.is_protected(IPv4Address(GATEWAY))
    assert not wire.protected.is_protected(IPv4Address(first[0]))
    gateways = next(usage for usage in wire.protected.usage() if usage.table == "gateways")
    assert (gateways.entries, gateways.refusals) == (limits.PROTECTED_GATEWAYS, 1)


def test_what_dhcp_names_has_the_most_important_of_its_roles_on_that_segment() -> None:
    wire = Wire()
    wire.name("192.0.2.2", dns=["192.0.2.2", "192.0.2.3"], routers=["192.0.2.3", "192.0.2.4"])
    for n in range(2, 5):
        wire.claim((f"192.0.2.{n}", A), device=0)
        wire.claim((f"192.0.2.{n}", A), device=1)
    assert {(str(each.key[1]), each.role) for each in wire.protected.figures()} == {
        ("192.0.2.2", "dhcp_server"),
        ("192.0.2.3", "gateway"),
        ("192.0.2.4", "gateway"),
    }
    assert len(wire.protected.figures()) == 3


def test_the_configuration_comes_before_the_routing_table_and_that_before_dhcp() -> None:
    wire = Wire()
    wire.claim((GATEWAY, A))
    wire.name(GATEWAY)
    assert wire.figures(GATEWAY).role == "dhcp_server"
    wire.protected.gateways({0: frozenset({IPv4Address(GATEWAY)})})
    assert wire.figures(GATEWAY).role == "gateway"
    wire.protected.configure([(ip_address(GATEWAY), None, "core")])
    assert wire.figures(GATEWAY).role == "core"


def test_who_is_named_for_a_day_no_more_is_protected_no_more() -> None:
    wire = Wire()
    wire.claim((OTHER, A))
    wire.name(OTHER)
    wire.pass_time(20 * HOUR)
    wire.name(OTHER)
    wire.pass_time(20 * HOUR)
    assert wire.watched() == {OTHER}
    wire.pass_time(5 * HOUR)
    assert wire.watched() == set()


def test_whoever_answers_dhcp_chooses_but_a_few_and_pushes_out_nobody_who_was_seen() -> None:
    wire = guarded(GATEWAY)
    wire.claim((GATEWAY, A), (OTHER, A))
    wire.name(OTHER)
    for n in range(1_000):
        ip = f"10.0.{n // 250}.{n % 250 + 1}"
        wire.name(ip, dns=[f"10.1.{n // 250}.{n % 250 + 1}"])
        wire.claim((ip, B))
    assert {GATEWAY, OTHER} <= wire.watched()
    assert len(wire.watched()) <= limits.LEARNED_PER_SEGMENT + 1
    assert wire.protected.ips() == {IPv4Address(GATEWAY)}
    named = next(usage for usage in wire.protected.usage() if usage.table == "named_by_dhcp")
    assert named.entries == limits.LEARNED_PER_SEGMENT
    assert named.refusals + named.evictions > 0


def test_a_name_that_was_not_seen_on_the_segment_gives_way() -> None:
    wire = Wire()
    wire.name("192.0.2.2", dns=["198.51.100.53"])
    for n in range(limits.LEARNED_PER_SEGMENT):
        wire.pass_time(1)
        wire.name(f"10.0.0.{n + 1}")
    assert not wire.protected.is_protected(IPv4Address("198.51.100.53"))
    assert wire.protected.is_protected(IPv4Address("10.0.0.1"))


@pytest.mark.parametrize("ip", ["0.0.0.0", "255.255.255.255", "224.0.0.1", "127.0.0.1"])
def test_names_of_no_host_are_ignored(ip: str) -> None:
    wire = Wire()
    wire.name(ip)
    assert not wire.protected.is_protected(IPv4Address(ip))


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 400)), max_size=60))
def test_whatever_dhcp_names_the_tables_keep_to_their_caps(
    names: list[tuple[int, int]],
) -> None:
    wire = guarded(GATEWAY)
    wire.claim((GATEWAY, A))
    for vlan, n in names:
        wire.pass_time(1)
        ip = str(IPv4Address(0x0A000000 + n))
        wire.name(ip, dns=[str(IPv4Address(0x0A000000 + n + k)) for k in range(20)])
        wire.claim((ip, B), vlan=vlan)
        assert GATEWAY in wire.watched()
        for usage in wire.protected.usage():
            assert usage.entries <= usage.limit

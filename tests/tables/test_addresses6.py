"""What is peculiar to IPv6 in the table of addresses, and what both families offer by address."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv6Address, IPv6Network

import numpy as np
import pytest

from l2exporter.limits import Limits
from l2exporter.tables.addresses import REFUSED, AddressTable, Subnet
from l2exporter.tables.families import IPV6
from tests.tables import lookups
from tests.tables.packets import column6

ODD = (
    *("2001:db8::", "2001:db8:0:0:100::", "fe80::", "::1", "::ffff:192.0.2.1", "ff02::1"),
    "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
)


def table(addresses: int, burst: int = 1000, rate: float = 0.0) -> AddressTable:
    return AddressTable(Limits(addresses, burst, rate), IPV6)


def locate(
    addresses: AddressTable,
    *ips: str | int,
    segment: int = 0,
    subnets: Sequence[Subnet] = (),
    now: float = 0.0,
) -> list[int]:
    segments = np.full(len(ips), segment, np.intp)
    return list(addresses.locate(segments, column6(*ips), subnets, now)[0])


def subnet(text: str) -> Subnet:
    network = IPv6Network(text)
    return Subnet(int(network.network_address), int(network.netmask))


@pytest.mark.parametrize("segment", [0, 1, 256, 2**31])
def test_each_address_has_its_own_row_whatever_zeros_it_ends_in(segment: int) -> None:
    addresses = table(16)
    rows = locate(addresses, *ODD, segment=segment)
    assert sorted(rows) == list(range(len(ODD)))
    assert locate(addresses, *ODD, segment=segment) == rows
    assert [addresses.address(row) for row in rows] == [IPv6Address(ip) for ip in ODD]
    assert [addresses.find(segment, IPv6Address(ip)) for ip in ODD] == rows
    segments, ips = addresses.keys(np.array(rows))
    assert segments.tolist() == [segment] * len(ODD)
    assert ips.tolist() == column6(*ODD).tolist()


def test_an_address_is_one_for_each_segment() -> None:
    addresses = table(16)
    rows = [*locate(addresses, "fe80::1", segment=1), *locate(addresses, "fe80::1", segment=256)]
    assert rows[0] != rows[1]
    assert addresses.find(1, IPv6Address("fe80::1")) == rows[0]
    assert addresses.find(0, IPv6Address("fe80::1")) == REFUSED


@pytest.mark.parametrize("place", ["hi", "lo"])
def test_addresses_that_differ_in_either_half_alone_are_two(place: str) -> None:
    addresses = table(128)
    column = column6(*["fe80::1"] * 64)
    column[place] ^= np.uint64(1) << np.arange(64, dtype=np.uint64)
    rows = addresses.locate(np.zeros(64, np.intp), column, (), 0.0)[0]
    assert len(set(rows.tolist())) == 64


def test_those_that_share_a_place_are_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(IPV6, "places", lambda keys: np.zeros(len(keys), np.uint64))
    addresses = table(256)
    numbers = [int(IPv6Address("2001:db8::")) + n for n in range(200)]
    rows = locate(addresses, *numbers)
    assert sorted(rows) == list(range(200))
    assert locate(addresses, *reversed(numbers)) == rows[::-1]
    assert addresses.usage().entries == 200


def test_link_local_addresses_are_of_the_own_subnet() -> None:
    addresses = table(100, burst=8)
    home = [subnet("2001:db8::/64")]
    near = ["fe80::1", "febf::1", "fe80:1::2", "2001:db8::1", "2001:db8::ffff:0:0:1"]
    assert REFUSED not in locate(addresses, *near, subnets=home)
    far = ["2001:db8:0:1::1", "fec0::1", "fe7f::1", "2001:db9::1"]
    assert locate(addresses, *far, subnets=home).count(REFUSED) == 2


def test_subnets_longer_than_half_an_address() -> None:
    addresses = table(100, burst=4)
    home = [subnet("2001:db8::10/124"), subnet("2001:db8:1::/48")]
    own = ["2001:db8::10", "2001:db8::1f", "2001:db8:1:2::3"]
    assert REFUSED not in locate(addresses, *own, subnets=home)
    assert locate(addresses, "2001:db8::20", subnets=home) != [REFUSED]
    assert locate(addresses, "2001:db8::21", subnets=home) == [REFUSED]


def test_without_subnets_nobody_is_foreign() -> None:
    assert REFUSED not in locate(table(8, burst=3), "2001:db8::1", "2002::1", "fd00::1")


def test_protected_addresses_enter_without_a_token_and_stay() -> None:
    addresses = table(4, burst=1, rate=1)
    addresses.protect([int(IPv6Address("2001:db8::")), int(IPv6Address("fe80::1"))])
    assert REFUSED not in locate(addresses, "2001:db8::", "fe80::1", "2001:db8::5")
    for now in range(1, 20):
        locate(addresses, f"fe80::1:{now:x}", now=now)
    held = {str(addresses.address(row)) for row in addresses.rows().tolist()}
    assert {"2001:db8::", "fe80::1"} < held
    wanted = column6("2001:db8::", "2001:db8::5", "::")
    assert addresses.is_protected(wanted).tolist() == [True, False, False]


def test_who_is_in_the_table_is_protected_from_then_on() -> None:
    addresses = table(4, rate=1)
    locate(addresses, *range(1, 5))
    addresses.protect([1, 2])
    for now in range(10, 20):
        locate(addresses, now, now=now)
    assert {1, 2} <= {int(addresses.address(row)) for row in addresses.rows().tolist()}


def test_addresses_move_with_their_segment() -> None:
    addresses = table(8)
    before = locate(addresses, "fe80::1", "fe80::2", segment=3)
    locate(addresses, "fe80::2", "fe80::9", segment=5)
    addresses.move(3, 5)
    assert locate(addresses, "fe80::1", "fe80::2", segment=5) == before
    assert addresses.usage().entries == 3
    assert addresses.find(3, IPv6Address("fe80::1")) == REFUSED


def test_forgotten_segments_leave_their_rows_to_others() -> None:
    addresses = table(2)
    locate(addresses, "fe80::1", "fe80::2", segment=1)
    addresses.forget([1])
    assert addresses.find(1, IPv6Address("fe80::1")) == REFUSED
    assert REFUSED not in locate(addresses, "fe80::3", "fe80::4", segment=2)


def test_a_row_that_is_given_away_is_watched_no_more() -> None:
    addresses = table(1, rate=1)
    addresses.watched[locate(addresses, "fe80::1")] = True
    assert locate(addresses, "fe80::2", now=5) == [0]
    assert not addresses.watched.any()
    assert addresses.mac_of(0) == 0


def test_ipv4_addresses_are_found_by_what_they_are() -> None:
    addresses = lookups.table(8)
    lookups.see(addresses, 0xC0000201, segment=7)
    row = addresses.find(7, IPv4Address("192.0.2.1"))
    assert addresses.address(row) == IPv4Address("192.0.2.1")
    assert addresses.find(6, IPv4Address("192.0.2.1")) == REFUSED
    assert addresses.find(7, IPv4Address("192.0.2.2")) == REFUSED
    assert addresses.usage().entries == 1


def test_each_family_has_a_table_by_its_name() -> None:
    assert table(3).usage().table == "addresses_ipv6"
    assert lookups.table(3).usage().table == "addresses"

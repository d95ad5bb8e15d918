"""The life of devices in the tables: they come, go, return, change name, and give up numbers."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address

import numpy as np

from l2exporter.limits import VLAN_IDLE_SECONDS, Limits
from l2exporter.tables.addresses import Subnet
from l2exporter.tables.state import Tables
from l2exporter.tables.usage import Usage
from tests.tables.packets import ip, packets, packets6

M1, M2 = 0x020000000001, 0x020000000002


def tables(devices: int = 2, addresses: int = 16) -> Tables:
    return Tables(Limits(addresses=addresses, vlans=8, devices=devices))


def named(state: Tables, name: str) -> int:
    number = state.device(name)
    assert number is not None
    return number


def known(state: Tables) -> set[tuple[str, str, int]]:
    """(device, vlan, ip) of every tracked address."""
    labels = state.segments.labels()
    columns = state.addresses.keys(state.addresses.rows())
    return {(*labels[s], a) for s, a in zip(*(c.tolist() for c in columns), strict=True)}


def usage(state: Tables, table: str) -> Usage:
    return next(entry for entry in state.usage() if entry.table == table)


def test_an_address_is_known_per_device_and_vlan() -> None:
    state = tables()
    state.observe(
        named(state, "eth0"), packets(("192.0.2.1", M1), ("192.0.2.1", M1), vlan=[0, 7]), 0
    )
    state.observe(named(state, "eth1"), packets(("192.0.2.1", M2)), 0)
    one = ip("192.0.2.1")
    assert known(state) == {("eth0", "", one), ("eth0", "7", one), ("eth1", "", one)}


def test_a_device_that_returns_finds_its_figures() -> None:
    state = tables()
    number = named(state, "eth0")
    state.observe(number, packets(("192.0.2.1", M1)), 0)
    state.retire(number)
    assert known(state)
    assert named(state, "eth0") == number
    _, moves = state.observe(number, packets(("192.0.2.1", M2)), 1)
    assert moves is not None


def test_the_device_gone_longest_gives_up_its_number() -> None:
    state = tables(devices=3)
    numbers = {name: named(state, name) for name in ("eth0", "eth1", "eth2")}
    for number in numbers.values():
        state.observe(number, packets(("192.0.2.1", M1)), 0)
    state.retire(numbers["eth1"])
    state.retire(numbers["eth0"])
    assert named(state, "eth3") == numbers["eth1"]
    assert {device for device, _, _ in known(state)} == {"eth0", "eth2"}
    assert usage(state, "devices") == Usage("devices", 3, 3, evictions=1, refusals=0)


def test_nothing_of_the_device_before_clings_to_a_number() -> None:
    state = tables(devices=1)
    figures = state.addresses.columns.add(np.uint64)
    number = named(state, "eth0")
    state.subnets[number] = [Subnet(0x0A000000, 0xFF000000)]
    state.observe(number, packets(("192.0.2.1", M1), vlan=7), 0)
    figures[:] = 9
    state.retire(number)
    assert named(state, "eth1") == number
    assert number not in state.subnets
    assert known(state) == set()
    sightings, moves = state.observe(number, packets(("192.0.2.1", M2), vlan=7), 1)
    assert moves is None
    assert sightings.new.tolist() == [0]
    assert figures[sightings.row].tolist() == [0]


def test_one_that_returned_is_not_the_one_to_go() -> None:
    state = tables()
    one, two = named(state, "eth0"), named(state, "eth1")
    state.retire(one)
    state.retire(two)
    named(state, "eth0")
    assert named(state, "eth2") == two
    assert state.segments.device_names() == {one: "eth0", two: "eth2"}


def test_while_all_are_there_a_further_one_is_refused() -> None:
    state = tables(devices=1)
    named(state, "eth0")
    assert state.device("eth1") is None
    assert usage(state, "devices") == Usage("devices", 1, 1, evictions=0, refusals=1)


def test_a_rename_keeps_bindings() -> None:
    state = tables()
    number = named(state, "eth0")
    state.observe(number, packets(("192.0.2.1", M1)), 0)
    state.rename({number: "lan"})
    assert known(state) == {("lan", "", ip("192.0.2.1"))}
    assert state.observe(number, packets(("192.0.2.1", M2)), 1)[1] is not None


def test_a_new_name_goes_on_with_what_a_vanished_device_left_under_it() -> None:
    state = tables()
    old, new = named(state, "eth0"), named(state, "tmp0")
    state.observe(old, packets(("192.0.2.1", M1), ("192.0.2.3", M1), vlan=[0, 7]), 0)
    state.observe(new, packets(("192.0.2.2", M1)), 0)
    state.retire(old)
    state.rename({new: "eth0"})
    one, two, three = (ip(f"192.0.2.{n}") for n in (1, 2, 3))
    assert known(state) == {("eth0", "", one), ("eth0", "", two), ("eth0", "7", three)}
    moves = state.observe(new, packets(("192.0.2.1", M2), ("192.0.2.3", M2), vlan=[0, 7]), 1)[1]
    assert moves is not None
    assert moves.from_mac.tolist() == [M1, M1]
    assert named(state, "eth0") == new
    assert named(state, "eth1") == old


def test_what_it_left_replaces_what_the_young_one_knows_of_the_same_address() -> None:
    state = tables()
    figures = state.addresses.columns.add(np.uint64)
    old, new = named(state, "eth0"), named(state, "tmp0")
    _, moves = state.observe(old, packets(("192.0.2.1", M1), ("192.0.2.1", M2)), 0)
    assert moves is not None
    figures[moves.row] = 9
    state.observe(new, packets(("192.0.2.1", M1)), 0)
    state.retire(old)
    state.rename({new: "eth0"})
    assert known(state) == {("eth0", "", ip("192.0.2.1"))}
    assert usage(state, "addresses") == Usage("addresses", 1, 16, evictions=0, refusals=0)
    sightings, moves = state.observe(new, packets(("192.0.2.1", M1)), 1)
    assert figures[sightings.row].tolist() == [9]
    assert moves is not None
    assert moves.flip_flop.tolist() == [True]


def test_what_is_absorbed_leaves_nothing_to_the_next_of_its_number() -> None:
    state = tables()
    old, new = named(state, "eth0"), named(state, "tmp0")
    state.subnets[old] = [Subnet(ip("10.0.0.0"), 0xFF000000)]
    state.observe(old, packets(("192.0.2.1", M1), vlan=7), 0)
    state.retire(old)
    state.rename({new: "eth0"})
    assert old not in state.subnets
    assert usage(state, "devices") == Usage("devices", 1, 2, evictions=0, refusals=0)
    assert named(state, "eth1") == old
    assert {device for device, _, _ in known(state)} == {"eth0"}
    assert state.observe(old, packets(("192.0.2.1", M2), vlan=7), 1)[1] is None
    assert usage(state, "devices") == Usage("devices", 2, 2, evictions=0, refusals=0)


def test_a_device_that_is_there_is_not_absorbed() -> None:
    state = tables(devices=3)
    one, two, three = (named(state, name) for name in ("eth0", "eth1", "eth2"))
    state.observe(three, packets(("192.0.2.1", M1)), 0)
    state.retire(three)
    state.rename({one: "eth1", two: "eth0"})
    assert state.segments.device_names() == {one: "eth1", two: "eth0", three: "eth2"}
    assert known(state) == {("eth2", "", ip("192.0.2.1"))}


def test_two_exchange_their_names_at_once() -> None:
    state = tables()
    one, two = named(state, "eth0"), named(state, "eth1")
    state.observe(one, packets(("192.0.2.1", M1)), 0)
    state.observe(two, packets(("192.0.2.2", M1)), 0)
    state.rename({one: "eth1", two: "eth0"})
    assert state.segments.device_names() == {one: "eth1", two: "eth0"}
    assert known(state) == {("eth1", "", ip("192.0.2.1")), ("eth0", "", ip("192.0.2.2"))}


def test_names_may_be_exchanged_by_a_third_one() -> None:
    state = tables()
    one, two = named(state, "eth0"), named(state, "eth1")
    for number, name in ((one, "tmp"), (two, "eth0"), (one, "eth1")):
        state.rename({number: name})
    assert state.segments.device_names() == {one: "eth1", two: "eth0"}


def test_subnets_are_the_devices_own() -> None:
    state = Tables(Limits(addresses=64, address_burst=4, address_rate=0, devices=2))
    one, two = named(state, "eth0"), named(state, "eth1")
    state.subnets[one] = [Subnet(ip("10.0.0.0"), 0xFF000000)]
    strangers = packets(*((f"192.0.2.{n}", M1) for n in range(1, 5)))
    state.observe(one, strangers, 0)
    assert len(known(state)) == 1
    state.observe(two, strangers, 0)
    assert len(known(state)) == 4


def test_protected_addresses_outlive_a_flood() -> None:
    state = Tables(Limits(addresses=16, address_burst=16, address_rate=10))
    state.protect([IPv4Address("192.0.2.1")])
    number = named(state, "eth0")
    state.observe(number, packets(("192.0.2.1", M1)), 0)
    for now in range(1, 60):
        state.observe(number, packets((now, M1), (1000 + now, M1)), now)
    assert ("eth0", "", ip("192.0.2.1")) in known(state)
    assert usage(state, "addresses").entries == 16
    assert usage(state, "addresses").evictions > 16


def test_every_table_tells_its_cap() -> None:
    state = tables(devices=3, addresses=20)
    senders = (("192.0.2.1", M1), ("192.0.2.2", M1), ("192.0.2.2", M1))
    state.observe(named(state, "eth0"), packets(*senders, vlan=[0, 0, 7]), 0)
    assert state.usage() == [
        Usage("addresses", 3, 20, 0, 0),
        Usage("addresses_ipv6", 0, 20, 0, 0),
        Usage("vlans", 1, 8, 0, 0),
        Usage("devices", 1, 3, 0, 0),
    ]


def test_segments_that_go_are_told_in_order_and_once() -> None:
    state = tables()
    old, new = named(state, "eth0"), named(state, "tmp0")
    for number, vlans in ((old, [0, 7, 9]), (new, [0, 7, 8])):
        macs = [(f"192.0.2.{n}", M1) for n in range(3)]
        state.observe(number, packets(*macs, vlan=vlans), 0)
    assert state.take_changes() == []
    rows = {vlan: state.segment_of(old, vlan, 0) for vlan in (0, 7, 9)}
    targets = {vlan: state.segment_of(new, vlan, 0) for vlan in (0, 7)}
    state.retire(old)
    state.rename({new: "eth0"})
    assert sorted(state.take_changes()) == sorted((rows[v], targets[v]) for v in (0, 7))
    assert state.segment_of(new, 9, 0) == rows[9]
    assert state.take_changes() == []


def test_the_segments_of_a_forgotten_device_are_gone() -> None:
    state = tables(devices=1)
    number = named(state, "eth0")
    gone = {state.segment_of(number, vlan, 0) for vlan in (0, 7)}
    state.subnets6[number] = [Subnet(0, 0)]
    state.observe6(number, packets6(("fe80::1", M1), vlan=7), 0)
    state.retire(number)
    named(state, "eth1")
    changes = state.take_changes()
    assert {row for row, target in changes if target is None} == gone
    assert len(changes) == 2
    assert state.addresses6.usage().entries == 0
    assert state.subnets6 == {}


def test_an_idle_vlan_that_makes_room_is_gone() -> None:
    state = Tables(Limits(addresses=16, vlans=1, devices=1))
    number = named(state, "eth0")
    first = state.segment_of(number, 7, 0)
    state.observe6(number, packets6(("fe80::1", M1), vlan=7), 1)
    later = VLAN_IDLE_SECONDS + 2
    assert state.segment_of(number, 8, later) == first
    assert state.take_changes() == [(first, None)]
    assert state.addresses6.usage().entries == 0


def test_a_vlan_with_a_protected_ipv6_address_makes_no_room() -> None:
    state = Tables(Limits(addresses=16, vlans=1, devices=1))
    number = named(state, "eth0")
    state.protect([IPv6Address("fe80::1")])
    state.observe6(number, packets6(("fe80::1", M1), vlan=7), 1)
    first = state.segment_of(number, 7, 1)
    assert state.segment_of(number, 8, VLAN_IDLE_SECONDS + 2) != first
    assert state.take_changes() == []


def test_ipv6_addresses_of_a_vanished_device_go_on_under_its_name() -> None:
    state = tables()
    old, new = named(state, "eth0"), named(state, "tmp0")
    state.observe6(old, packets6(("fe80::1", M1), ("fe80::2", M1), vlan=[0, 7]), 0)
    state.observe6(new, packets6(("fe80::1", M2)), 0)
    state.retire(old)
    state.rename({new: "eth0"})
    claims = packets6(("fe80::1", M2), ("fe80::2", M2), vlan=[0, 7])
    moves = state.observe6(new, claims, 1)[1]
    assert moves is not None
    assert moves.from_mac.tolist() == [M1, M1]


def test_ipv6_subnets_are_the_devices_own() -> None:
    state = Tables(Limits(addresses=64, address_burst=4, address_rate=0, devices=2))
    number = named(state, "eth0")
    state.subnets6[number] = [Subnet(0x20010DB8 << 96, 0xFFFFFFFF << 96)]
    strangers = packets6(*((f"2001:db9::{n}", M1) for n in range(1, 5)))
    state.observe6(number, strangers, 0)
    assert state.addresses6.usage().entries == 1


def test_families_are_admitted_apart() -> None:
    state = Tables(Limits(addresses=64, address_burst=2, address_rate=0, devices=1))
    number = named(state, "eth0")
    state.observe(number, packets(*((n, M1) for n in range(1, 5))), 0)
    state.observe6(number, packets6(*((n, M1) for n in range(1, 5))), 0)
    assert usage(state, "addresses") == Usage("addresses", 2, 64, 0, 2)
    assert usage(state, "addresses_ipv6") == Usage("addresses_ipv6", 2, 64, 0, 2)

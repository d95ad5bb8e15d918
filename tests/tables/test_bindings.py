from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address
from typing import NamedTuple

import pytest

from l2exporter.limits import Limits
from l2exporter.tables.addresses import REFUSED
from l2exporter.tables.bindings import Moves, NdpMoves, NdpSightings, Sightings
from l2exporter.tables.state import Tables
from tests.tables.packets import Binding, ip, packets, packets6

A, B, C = 0x02000000000A, 0x02000000000B, 0x02000000000C
ONE, TWO = "192.0.2.1", "192.0.2.2"


class Move(NamedTuple):
    ip: int
    from_mac: int
    to_mac: int
    flip_flop: bool
    time: float


class Wire:
    """One device's packets, and the moves that they make."""

    def __init__(self, limits: Limits | None = None) -> None:
        self.tables = Tables(limits or Limits(addresses=16, vlans=2, devices=2))
        self.device = self.tables.device("eth0")
        self.now = 0.0

    def send(self, *bindings: Binding, vlan: int = 0, sent: bool = False) -> list[Move]:
        """One batch; a packet's time is its place in it after the batch's whole second."""
        assert self.device is not None
        self.now += 1
        times = [self.now + place / 64 for place in range(len(bindings))]
        batch = packets(*bindings, vlan=vlan, sent=sent, time=times)
        _, moves = self.tables.observe(self.device, batch, self.now)
        return [] if moves is None else self._named(moves)

    def _named(self, moves: Moves) -> list[Move]:
        ips = self.tables.addresses.keys(moves.row)[1]
        columns = (ips, moves.from_mac, moves.to_mac, moves.flip_flop, moves.time)
        return [Move(*row) for row in zip(*(c.tolist() for c in columns), strict=True)]


def test_the_first_sight_is_no_move_and_the_same_mac_again_neither() -> None:
    wire = Wire()
    assert wire.send((ONE, A), (ONE, A)) == []
    assert wire.send((ONE, A)) == []


def test_another_mac_is_a_move() -> None:
    wire = Wire()
    wire.send((ONE, A))
    assert wire.send((ONE, B)) == [Move(ip(ONE), A, B, False, 2.0)]
    assert wire.send((ONE, B)) == []


def test_a_flip_flop_is_a_move_back_to_the_mac_held_just_before() -> None:
    wire = Wire()
    wire.send((ONE, A))
    flips = [wire.send((ONE, mac))[0].flip_flop for mac in (B, A, B, C, A, C, B, C)]
    assert flips == [False, True, True, False, False, True, False, True]


def test_all_that_happens_in_one_batch_is_seen_in_its_order() -> None:
    moves = Wire().send((ONE, A), (ONE, B), (ONE, B), (ONE, A), (ONE, C))
    assert moves == [
        Move(ip(ONE), A, B, False, 1 + 1 / 64),
        Move(ip(ONE), B, A, True, 1 + 3 / 64),
        Move(ip(ONE), A, C, False, 1 + 4 / 64),
    ]


def test_a_packet_that_agrees_with_the_table_may_be_a_move_all_the_same() -> None:
    wire = Wire()
    wire.send((ONE, A))
    assert wire.send((ONE, A), (ONE, B), (ONE, A)) == [
        Move(ip(ONE), A, B, False, 2 + 1 / 64),
        Move(ip(ONE), B, A, True, 2 + 2 / 64),
    ]


def test_moves_of_several_addresses_come_in_the_order_of_the_wire() -> None:
    wire = Wire()
    wire.send((TWO, A), (ONE, A))
    moves = wire.send((TWO, B), (ONE, B), (TWO, A), (ONE, C), (TWO, B))
    assert [move.ip for move in moves] == [ip(n) for n in (TWO, ONE, TWO, ONE, TWO)]
    assert [move.time for move in moves] == sorted(move.time for move in moves)
    assert [move.flip_flop for move in moves] == [False, False, True, False, True]


def test_addresses_do_not_mix() -> None:
    wire = Wire()
    wire.send((ONE, A), (TWO, B))
    assert wire.send((ONE, A), (TWO, B), (ONE, A)) == []
    assert [move.ip for move in wire.send((ONE, A), (TWO, A))] == [ip(TWO)]


def test_the_sender_0_0_0_0_binds_nothing() -> None:
    wire = Wire()
    assert wire.send(("0.0.0.0", A), ("0.0.0.0", B)) == []
    assert wire.tables.addresses.usage().entries == 0


@pytest.mark.parametrize("address", ["255.255.255.255", "224.0.0.1", "127.0.0.1", "0.0.0.1"])
def test_every_other_sender_binds(address: str) -> None:
    assert len(Wire().send((address, A), (address, B))) == 1


def test_each_vlan_has_its_own_bindings() -> None:
    wire = Wire()
    wire.send((ONE, A), vlan=1)
    assert wire.send((ONE, B), vlan=2) == []
    assert len(wire.send((ONE, B), vlan=1)) == 1


def test_what_this_host_sends_binds_too() -> None:
    wire = Wire()
    wire.send((ONE, A), sent=True)
    assert len(wire.send((ONE, B))) == 1


def test_nothing_is_bound_in_the_vlans_beyond_the_cap() -> None:
    wire = Wire(Limits(addresses=16, vlans=1, devices=2))
    wire.send((ONE, A), vlan=1)
    assert wire.send((ONE, A), vlan=2) == []
    assert wire.send((ONE, B), vlan=3) == []
    assert wire.tables.addresses.usage().entries == 1
    assert wire.tables.addresses.usage().refusals == 0


def test_a_protected_address_is_bound_there_all_the_same() -> None:
    wire = Wire(Limits(addresses=16, vlans=1, devices=2))
    wire.tables.protect([IPv4Address(ONE)])
    wire.send((ONE, A), (TWO, A), vlan=1)
    assert wire.send((ONE, A), (TWO, A), vlan=2) == []
    assert wire.tables.addresses.usage().entries == 3
    assert wire.send((ONE, B), (TWO, B), vlan=2) == [Move(ip(ONE), A, B, False, 3.0)]
    assert wire.send((ONE, A), vlan=3) == [Move(ip(ONE), B, A, True, 4.0)]


def test_an_address_without_a_place_has_no_moves() -> None:
    wire = Wire(Limits(addresses=16, address_burst=1, address_rate=0))
    wire.send((ONE, A))
    assert wire.send((TWO, A), (TWO, B), (ONE, B)) == [Move(ip(ONE), A, B, False, 2 + 2 / 64)]


def test_after_an_eviction_it_is_a_first_sight_again() -> None:
    wire = Wire(Limits(addresses=2, address_burst=16, address_rate=1))
    wire.send((ONE, A), (ONE, B), (TWO, A), (TWO, B))
    wire.send(("192.0.2.3", C))
    assert wire.send((ONE, A)) == []
    assert wire.send((ONE, C))[0].flip_flop is False


def test_who_takes_over_a_row_inherits_no_mac_held_before() -> None:
    wire = Wire(Limits(addresses=1, address_burst=16, address_rate=1))
    wire.send((ONE, A), (ONE, B))
    assert wire.send((TWO, C)) == []
    assert wire.send((TWO, A)) == [Move(ip(TWO), C, A, False, 3.0)]


def test_a_move_marks_the_address_for_the_order_of_evictions() -> None:
    wire = Wire()
    wire.send((ONE, A), (TWO, A))
    wire.send((TWO, B))
    addresses = wire.tables.addresses
    moved = addresses.keys(addresses.rows()[addresses.moved[addresses.rows()]])[1]
    assert moved.tolist() == [ip(TWO)]


def test_sightings_tell_rows_and_first_sights() -> None:
    wire = Wire(Limits(addresses=16, address_burst=2, address_rate=0))
    wire.send((ONE, A))
    batch = packets(("0.0.0.0", A), (ONE, A), (TWO, B), (TWO, C), ("192.0.2.3", A))
    sightings, moves = wire.tables.observe(0, batch, 2.0)
    assert (sightings.row >= 0).tolist() == [False, True, True, True, False]
    assert sightings.new.tolist() == [2]
    assert moves is not None
    assert moves.row.tolist() == [sightings.row[2]]
    assert moves.position.tolist() == [3]
    assert wire.tables.addresses.mac_of(int(moves.row[0])) == C


def test_families_have_bindings_of_their_own() -> None:
    tables = Wire().tables
    batch = packets6(("::192.0.2.1", A), ("::", A), ("fe80::1", A), ("fe80::1", B), vlan=3)
    tables.observe(0, packets((ONE, C), vlan=3), 1.0)
    sightings, moves = tables.observe6(0, batch, 1.0)
    assert isinstance(sightings, NdpSightings)
    assert isinstance(moves, NdpMoves)
    assert (sightings.row != REFUSED).tolist() == [True, False, True, True]
    assert sightings.new.tolist() == [0, 2]
    assert moves.position.tolist() == [3]
    assert (moves.from_mac.tolist(), moves.to_mac.tolist()) == ([A], [B])
    rows = tables.addresses6.rows()
    assert tables.bindings6.macs[rows].tolist() == [A, B]
    assert tables.bindings.macs[tables.addresses.rows()].tolist() == [C]
    assert tables.addresses6.moved[rows].tolist() == [False, True]


def test_neither_familys_events_are_the_others() -> None:
    tables = Wire().tables
    sightings, moves = tables.observe(0, packets((ONE, A), (ONE, B)), 1.0)
    sightings6, moves6 = tables.observe6(0, packets6(("fe80::1", A), ("fe80::1", B)), 1.0)
    assert not isinstance(sightings, NdpSightings)
    assert not isinstance(moves, NdpMoves)
    assert not isinstance(sightings6, Sightings)
    assert not isinstance(moves6, Moves)


def test_in_the_vlans_beyond_the_cap_a_protected_ipv6_address_alone_is_bound() -> None:
    tables = Wire(Limits(addresses=16, vlans=1, devices=2)).tables
    tables.protect([IPv6Address("fe80::1"), IPv4Address(ONE)])
    batch = packets6(
        ("fe80::1", A), ("fe80::2", A), ("fe80::1", A), ("fe80::2", A), vlan=[1, 1, 2, 2]
    )
    sightings, _ = tables.observe6(0, batch, 1.0)
    assert (sightings.row != REFUSED).tolist() == [True, True, True, False]

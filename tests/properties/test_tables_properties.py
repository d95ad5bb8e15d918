"""The tables against plain models: what a batch does, its packets do one by one.

An address is a small number here, which each family puts into a network of its own.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv6Address
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from l2exporter.limits import PROTECTED_SHARE, Limits
from l2exporter.tables.addresses import REFUSED, AddressTable, Rows, Subnet
from l2exporter.tables.bindings import Moves, NdpMoves
from l2exporter.tables.state import Tables
from tests.tables.packets import packets, packets6

GENEROUS = Limits(addresses=64, address_burst=64, vlans=8, devices=1)
PROTECTED = 3
BASE = {4: 0, 6: 0x2001_0DB8_8000_0000_FFFF_FFFF_FFFF_FF00}
HOME = {
    4: Subnet(BASE[4], 0xFFFFFFFC),
    6: Subnet(BASE[6], 0xFFFF_FFFF_FFFF_FFFF_FFFF_FFFF_FFFF_FFFC),
}
OBJECT: dict[int, type[IPv4Address | IPv6Address]] = {4: IPv4Address, 6: IPv6Address}
both_families = pytest.mark.parametrize("version", [4, 6], ids=["ipv4", "ipv6"])


class Packet(NamedTuple):
    ip: int
    mac: int
    vlan: int


class Move(NamedTuple):
    place: int
    from_mac: int
    to_mac: int
    flip_flop: bool


@dataclass
class Model:
    """What is bound, address by address: (vlan, ip) -> the MAC held now, the one before."""

    bound: dict[tuple[int, int], tuple[int, int | None]] = field(default_factory=dict)

    def see(self, place: int, packet: Packet) -> list[Move]:
        key = packet.vlan, packet.ip
        mac, before = self.bound.get(key, (packet.mac, None))
        if mac == packet.mac:
            self.bound[key] = mac, before
            return []
        self.bound[key] = packet.mac, mac
        return [Move(place, mac, packet.mac, packet.mac == before)]


class Wire:
    """The tables, one device, and a packet's time telling its place since the start."""

    def __init__(self, version: int, limits: Limits) -> None:
        self.tables = Tables(limits)
        self.tables.device("eth0")
        self.version = version
        self.taken = 0
        self.now = 0.0

    @property
    def addresses(self) -> AddressTable:
        return self.tables.addresses if self.version == 4 else self.tables.addresses6

    def send(self, batch: list[Packet]) -> tuple[list[int], list[int], list[Move]]:
        """The rows, the positions of first sights, the moves."""
        bindings = [(BASE[self.version] + packet.ip, packet.mac) for packet in batch]
        vlan = [packet.vlan for packet in batch]
        time = [float(self.taken + place) for place in range(len(batch))]
        row, new, moves = self.observe(bindings, vlan, time)
        found: list[Move] = []
        if moves is not None:
            assert [time[place] for place in moves.position.tolist()] == moves.time.tolist()
            parts = (moves.time, moves.from_mac, moves.to_mac, moves.flip_flop)
            found = [Move(*each) for each in zip(*(p.tolist() for p in parts), strict=True)]
        self.taken += len(batch)
        return row.tolist(), new.tolist(), found

    def observe(
        self, bindings: list[tuple[int, int]], vlan: list[int], time: list[float]
    ) -> tuple[Rows, Rows, Moves | NdpMoves | None]:
        if self.version == 4:
            columns = packets(*bindings, vlan=vlan, time=time)
            sightings, moves = self.tables.observe(0, columns, self.now)
            return sightings.row, sightings.new, moves
        columns6 = packets6(*bindings, vlan=vlan, time=time)
        sightings6, moves6 = self.tables.observe6(0, columns6, self.now)
        return sightings6.row, sightings6.new, moves6

    def held(self) -> set[tuple[int, int]]:
        """(vlan, ip) of every address in the table."""
        labels = self.tables.segments.labels()
        rows = self.addresses.rows()
        segments = self.addresses.keys(rows)[0].tolist()
        found = [self.addresses.address(row) for row in rows.tolist()]
        for row, segment, ip in zip(rows.tolist(), segments, found, strict=True):
            assert self.addresses.find(segment, ip) == row
        return {
            (int(labels[segment][1] or 0), int(ip) - BASE[self.version])
            for segment, ip in zip(segments, found, strict=True)
        }


seen = st.builds(Packet, st.integers(1, 6), st.integers(1, 3), st.sampled_from([0, 0, 7]))
batches = st.lists(st.lists(seen, max_size=12), max_size=8)
caps = st.builds(
    Limits,
    addresses=st.integers(1, 8),
    address_burst=st.integers(1, 8),
    address_rate=st.sampled_from([0.0, 0.5, 1.0, 4.0]),
    vlans=st.just(4),
    devices=st.just(1),
)


@both_families
@given(batches)
def test_moves_in_batches_are_those_of_the_packets_one_by_one(
    version: int, wire: list[list[Packet]]
) -> None:
    in_batches, singly, model = Wire(version, GENEROUS), Wire(version, GENEROUS), Model()
    everything = [packet for batch in wire for packet in batch]
    expected = [move for place, p in enumerate(everything) for move in model.see(place, p)]
    assert [move for batch in wire for move in in_batches.send(batch)[2]] == expected
    assert [move for packet in everything for move in singly.send([packet])[2]] == expected
    assert in_batches.held() == singly.held() == set(model.bound)


@both_families
@given(batches, caps)
def test_with_evictions_moves_are_those_since_the_last_first_sight(
    version: int, wire: list[list[Packet]], limits: Limits
) -> None:
    table, model = Wire(version, limits), Model()
    for batch in wire:
        table.now += 1
        start = table.taken
        rows, new, moves = table.send(batch)
        expected: list[Move] = []
        firsts = []
        for place, packet in enumerate(batch):
            if rows[place] != REFUSED:
                if (packet.vlan, packet.ip) not in model.bound:
                    firsts.append(place)
                expected += model.see(start + place, packet)
        assert (new, moves) == (firsts, expected)
        held = table.held()
        model.bound = {key: value for key, value in model.bound.items() if key in held}
        assert set(model.bound) == held


@both_families
@given(batches, caps, st.booleans())
def test_the_table_keeps_to_its_caps_its_rate_and_its_promises(
    version: int, wire: list[list[Packet]], limits: Limits, subnets: bool
) -> None:
    table = Wire(version, limits)
    home = [HOME[version]] if subnets else []
    table.tables.protect([OBJECT[version](BASE[version] + PROTECTED)])
    (table.tables.subnets if version == 4 else table.tables.subnets6)[0] = home
    ever: set[tuple[int, int]] = set()
    guarded: set[tuple[int, int]] = set()
    admitted = refused = 0
    for batch in wire:
        table.now += 1
        rows, new, _ = table.send(batch)
        held, usage = table.held(), table.addresses.usage()
        admitted += sum(batch[place].ip != PROTECTED for place in new)
        refused += rows.count(REFUSED)
        ever |= held
        entered = [(batch[p].vlan, PROTECTED) for p in new if batch[p].ip == PROTECTED]
        guarded |= set(entered[: limits.addresses // PROTECTED_SHARE - len(guarded)])
        assert guarded <= held
        assert usage.entries == len(held) <= limits.addresses
        assert usage.refusals == refused
        assert admitted <= limits.address_burst + limits.address_rate * table.now
        strangers = sum(ip != PROTECTED for _, ip in ever)
        assert strangers <= limits.addresses + 1 + limits.address_rate * table.now


@both_families
@given(batches, caps)
def test_asking_again_finds_the_same_rows(
    version: int, wire: list[list[Packet]], limits: Limits
) -> None:
    table = Wire(version, limits)
    for batch in wire:
        rows, _, _ = table.send(batch)
        known = [packet for packet, row in zip(batch, rows, strict=True) if row != REFUSED]
        again, new, _ = table.send(known)
        assert again == [row for row in rows if row != REFUSED]
        assert new == []
        by_key = {(p.vlan, p.ip): row for p, row in zip(known, again, strict=True)}
        assert len(set(by_key.values())) == len(by_key)

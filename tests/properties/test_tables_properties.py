"""The tables against plain models: what a batch does, its packets do one by one."""

from __future__ import annotations

from dataclasses import dataclass, field
from ipaddress import IPv4Address
from typing import NamedTuple

from hypothesis import given
from hypothesis import strategies as st

from l2exporter.limits import PROTECTED_SHARE, Limits
from l2exporter.tables.addresses import REFUSED, Subnet
from l2exporter.tables.state import Tables
from tests.tables.packets import packets

GENEROUS = Limits(addresses=64, address_burst=64, vlans=8, devices=1)
PROTECTED = 3
HOME = Subnet(0, 0xFFFFFFF8)


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

    def __init__(self, limits: Limits) -> None:
        self.tables = Tables(limits)
        self.tables.device("eth0")
        self.taken = 0
        self.now = 0.0

    def send(self, batch: list[Packet]) -> tuple[list[int], list[int], list[Move]]:
        """The rows, the positions of first sights, the moves."""
        columns = packets(
            *((packet.ip, packet.mac) for packet in batch),
            vlan=[packet.vlan for packet in batch],
            time=[float(self.taken + place) for place in range(len(batch))],
        )
        self.taken += len(batch)
        sightings, moves = self.tables.observe(0, columns, self.now)
        found: list[Move] = []
        if moves is not None:
            parts = (moves.time, moves.from_mac, moves.to_mac, moves.flip_flop)
            found = [Move(*row) for row in zip(*(p.tolist() for p in parts), strict=True)]
        return sightings.row.tolist(), sightings.new.tolist(), found

    def held(self) -> set[tuple[int, int]]:
        """(vlan, ip) of every address in the table."""
        labels = self.tables.segments.labels()
        columns = self.tables.addresses.keys(self.tables.addresses.rows())
        pairs = zip(*(column.tolist() for column in columns), strict=True)
        return {(int(labels[segment][1] or 0), ip) for segment, ip in pairs}


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


@given(batches)
def test_moves_in_batches_are_those_of_the_packets_one_by_one(wire: list[list[Packet]]) -> None:
    in_batches, singly, model = Wire(GENEROUS), Wire(GENEROUS), Model()
    everything = [packet for batch in wire for packet in batch]
    expected = [move for place, p in enumerate(everything) for move in model.see(place, p)]
    assert [move for batch in wire for move in in_batches.send(batch)[2]] == expected
    assert [move for packet in everything for move in singly.send([packet])[2]] == expected
    assert in_batches.held() == singly.held() == set(model.bound)


@given(batches, caps)
def test_with_evictions_moves_are_those_since_the_last_first_sight(
    wire: list[list[Packet]], limits: Limits
) -> None:
    table, model = Wire(limits), Model()
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


@given(batches, caps, st.booleans())
def test_the_table_keeps_to_its_caps_its_rate_and_its_promises(
    wire: list[list[Packet]], limits: Limits, subnets: bool
) -> None:
    table = Wire(limits)
    table.tables.protect([IPv4Address(PROTECTED)])
    table.tables.subnets[0] = [HOME] if subnets else []
    ever: set[tuple[int, int]] = set()
    guarded: set[tuple[int, int]] = set()
    admitted = refused = 0
    for batch in wire:
        table.now += 1
        rows, new, _ = table.send(batch)
        held, usage = table.held(), table.tables.addresses.usage()
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


@given(batches, caps)
def test_asking_again_finds_the_same_rows(wire: list[list[Packet]], limits: Limits) -> None:
    table = Wire(limits)
    for batch in wire:
        rows, _, _ = table.send(batch)
        known = [packet for packet, row in zip(batch, rows, strict=True) if row != REFUSED]
        again, new, _ = table.send(known)
        assert again == [row for row in rows if row != REFUSED]
        assert new == []
        by_key = {(p.vlan, p.ip): row for p, row in zip(known, again, strict=True)}
        assert len(set(by_key.values())) == len(by_key)

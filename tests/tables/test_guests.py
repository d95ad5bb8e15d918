from __future__ import annotations

import threading

import numpy as np

from l2exporter.limits import GUEST_MACS
from l2exporter.tables.forwarding import ForwardingTable
from l2exporter.tables.guests import GuestAddresses
from tests.tables.fdb import BRIDGE, STALE, Entry, dump, events, gone, macs, new

A, B, C = 0x02000000000A, 0x02000000000B, 0x02000000000C
MANY = GUEST_MACS + 1


def table(*entries: Entry, limit: int = 10_000) -> ForwardingTable:
    made = ForwardingTable(limit)
    made.replace(dump(made, *entries), events(), 0.0)
    return made


def crowd(port: int, count: int, first: int = 1) -> list[Entry]:
    return [Entry(mac, port) for mac in range(first, first + count)]


def test_all_but_the_hosts_own_are_behind_their_port() -> None:
    made = table(
        Entry(B, 4), Entry(A, 4, "static"), Entry(0xE, 4, "local"), Entry(0xF, BRIDGE, "local")
    )
    made.apply(new(Entry(C, 5), Entry(0xD, 5, "local")))
    assert made.guests.behind(4) == (A, B)
    assert made.guests.behind(5) == (C,)
    assert made.guests.behind(BRIDGE) == made.guests.behind(99) == ()


def test_where_nobody_asks_for_guests_there_are_none() -> None:
    made = ForwardingTable(100, guests=False)
    made.replace(dump(made, Entry(A, 4)), new(Entry(B, 4)), 0.0)
    made.apply(new(Entry(C, 4)))
    assert sum(made.counts().values()) == 3
    assert (made.guests.behind(4), made.guests.version) == ((), 0)


def test_one_that_falls_silent_belongs_to_its_port() -> None:
    made = table(Entry(A, 4), Entry(B, 4))
    made.apply(gone(Entry(A, 4, state=STALE)))
    made.replace(dump(made), events(), 1.0)
    assert made.guests.behind(4) == (A, B)


def test_it_belongs_to_the_port_where_it_was_seen_last() -> None:
    made = table(Entry(A, 4), Entry(B, 4), Entry(C, 4))
    made.apply(events((False, Entry(A, 4)), (False, Entry(B, 4)), (True, Entry(A, 5))))
    made.replace(dump(made, Entry(B, 6)), new(Entry(C, 7), Entry(C, 4), Entry(C, 5)), 1.0)
    assert [made.guests.behind(port) for port in (4, 5, 6, 7)] == [(), (A, C), (B,), ()]


def test_vlans_and_bridges_are_apart_and_each_mac_is_there_once() -> None:
    made = table(Entry(A, 4, vlan=7), Entry(A, 4, vlan=8), Entry(A, 5, vlan=9))
    made.apply(new(Entry(A, 14, bridge=13)))
    assert [made.guests.behind(port) for port in (4, 5, 14)] == [(A,)] * 3


def test_changes_are_told_once() -> None:
    made = table(Entry(A, 4), Entry(B, 5), Entry(C, 6))
    assert made.guests.changed() == {4, 5, 6}
    version = made.guests.version
    made.apply(new(Entry(A, 4)))
    made.apply(gone(Entry(A, 4)))
    made.apply(new(Entry(A, 4)))
    made.replace(dump(made, Entry(A, 4), Entry(B, 5)), events(), 1.0)
    assert (made.guests.changed(), made.guests.version) == (set(), version)
    made.apply(new(Entry(A, 5)))
    assert made.guests.version != version
    assert made.guests.changed() == {4, 5}
    made.replace(dump(made, Entry(A, 5), Entry(B, 4)), events(), 2.0)
    assert made.guests.changed() == {4, 5}


def test_a_crowded_port_keeps_none() -> None:
    made = table(*crowd(4, GUEST_MACS), Entry(A, 5))
    assert not made.guests.overfull(4)
    assert len(made.guests.behind(4)) == GUEST_MACS
    made.guests.changed()
    made.apply(new(Entry(B, 4)))
    assert made.guests.overfull(4)
    assert made.guests.behind(4) == ()
    assert made.guests.changed() == {4}
    made.apply(new(Entry(A, 4), Entry(C, 4)))
    assert made.guests.behind(4) == made.guests.behind(5) == ()
    made.apply(new(Entry(A, 5)))
    assert made.guests.behind(5) == (A,)
    assert not made.guests.overfull(5)


def test_a_dump_of_a_crowded_port_takes_from_others_all_the_same() -> None:
    made = table(Entry(A, 5), Entry(B, 5))
    made.replace(dump(made, *crowd(4, MANY), Entry(A, 4), Entry(B, 5)), events(), 1.0)
    assert made.guests.overfull(4)
    assert made.guests.behind(5) == (B,)
    made.replace(dump(made, *crowd(4, MANY), Entry(B, 4)), events(), 2.0)
    assert made.guests.behind(5) == ()


def test_one_mac_in_many_vlans_is_no_crowd() -> None:
    made = table(*(Entry(A, 4, vlan=vlan) for vlan in range(1, MANY)))
    made.apply(new(*(Entry(B, 4, vlan=vlan) for vlan in range(1, MANY))))
    assert not made.guests.overfull(4)
    assert made.guests.behind(4) == (A, B)


def test_a_port_that_was_crowded_begins_anew_when_a_dump_shows_half_as_many() -> None:
    made = table(*crowd(4, MANY))
    half = GUEST_MACS // 2
    made.replace(dump(made, *crowd(4, half + 1)), events(), 1.0)
    assert made.guests.overfull(4)
    made.guests.changed()
    made.replace(dump(made, *crowd(4, half)), events(), 2.0)
    assert not made.guests.overfull(4)
    assert made.guests.behind(4) == tuple(range(1, half + 1))
    assert made.guests.changed() == {4}
    made.replace(dump(made, *crowd(4, MANY)), events(), 3.0)
    made.guests.changed()
    made.replace(dump(made), events(), 4.0)
    assert (made.guests.overfull(4), made.guests.changed()) == (False, {4})


def test_a_port_that_is_gone_takes_its_guests_with_it() -> None:
    made = table(Entry(A, 4), Entry(B, 5), *crowd(6, MANY))
    made.guests.changed()
    made.forget([4, 6])
    assert made.guests.behind(4) == ()
    assert made.guests.behind(5) == (B,)
    assert not made.guests.overfull(6)
    assert 5 not in made.guests.changed()


def test_when_all_ports_have_too_many_the_largest_give_way() -> None:
    guests = GuestAddresses(50, threading.RLock())
    first = macs(range(30))
    guests.see(first, np.full(30, 4, np.int32))
    guests.see(macs(range(100, 120)), np.full(20, 5, np.int32))
    assert not guests.overfull(4)
    guests.see(macs([200]), np.array([5], np.int32))
    assert (guests.overfull(4), guests.overfull(5)) == (True, False)
    assert len(guests.behind(5)) == 21
    guests.adopt(macs(range(1000, 1080)), np.repeat(np.array([6, 7], np.int64), 40))
    assert [guests.overfull(port) for port in (5, 6, 7)] == [False, True, True]
    assert len(guests.behind(5)) == 21


def test_what_has_no_room_in_the_table_is_behind_its_port() -> None:
    made = table(Entry(0xE, 4, "local"), limit=1)
    made.apply(new(Entry(B, 5)))
    assert made.usage()[0].refusals == 1
    assert made.guests.behind(5) == (B,)

"""Who is counted apart when there are more VLANs than the cap: none is cut off for good."""

from __future__ import annotations

import random
from ipaddress import IPv4Address

import numpy as np
import pytest

from l2exporter.limits import VLAN_IDLE_SECONDS, Limits
from l2exporter.tables.bindings import Moves
from l2exporter.tables.state import Tables
from l2exporter.tables.usage import Usage
from tests.tables.packets import ip, packets

A, B = 0x02000000000A, 0x02000000000B
ONE, TWO = "192.0.2.1", "192.0.2.2"


class Trunk:
    """Two devices of the same tables, and the clock of their packets."""

    def __init__(self, **limits: int) -> None:
        self.tables = Tables(Limits(devices=2, **limits))
        numbers = [self.tables.device(name) for name in ("eth0", "eth1")]
        self.devices = [number for number in numbers if number is not None]
        self.now = 1000.0

    def send(self, *vlans: int, mac: int = A, sender: str = ONE, device: int = 0) -> Moves | None:
        """One batch: the sender in each of these VLANs."""
        batch = packets(*[(sender, mac)] * len(vlans), vlan=vlans)
        return self.tables.observe(self.devices[device], batch, self.now)[1]

    def vlans(self, device: str = "eth0") -> set[str]:
        return {vlan for name, vlan in self.tables.segments.labels().values() if name == device}

    def tracked(self) -> set[tuple[str, str, int]]:
        """(device, vlan, ip) of every tracked address."""
        labels = self.tables.segments.labels()
        columns = self.tables.addresses.keys(self.tables.addresses.rows())
        return {(*labels[s], a) for s, a in zip(*(c.tolist() for c in columns), strict=True)}

    def usage(self) -> Usage:
        return next(usage for usage in self.tables.usage() if usage.table == "vlans")


def moved(moves: Moves | None) -> int:
    return 0 if moves is None else len(moves)


@pytest.mark.parametrize("device", [0, 1], ids=["this device", "another"])
def test_random_tags_do_not_keep_untagged_addresses_from_being_tracked(device: int) -> None:
    trunk = Trunk()
    trunk.send(*random.Random(5).sample(range(1, 4095), 600))
    assert trunk.usage() == Usage("vlans", 512, 512, evictions=0, refusals=88)
    trunk.send(0, device=device)
    assert (f"eth{device}", "", ip(ONE)) in trunk.tracked()
    assert moved(trunk.send(0, mac=B, device=device)) == 1
    assert trunk.usage().refusals == 88


def test_a_protected_address_among_the_others_shows_its_moves() -> None:
    trunk = Trunk(vlans=1)
    trunk.tables.protect([IPv4Address(ONE)])
    for sender in (ONE, TWO):
        trunk.send(1, 2, sender=sender)
    assert trunk.tracked() == {
        *(("eth0", vlan, ip(ONE)) for vlan in ("1", "other")),
        ("eth0", "1", ip(TWO)),
    }
    assert moved(trunk.send(2, mac=B, sender=TWO)) == 0
    assert moved(trunk.send(2, mac=B)) == 1


def test_room_is_made_after_the_idle_time_and_not_before() -> None:
    trunk = Trunk(vlans=1)
    trunk.send(1)
    trunk.now += VLAN_IDLE_SECONDS
    trunk.send(2)
    assert trunk.vlans() == {"", "1", "other"}
    assert trunk.usage() == Usage("vlans", 1, 1, evictions=0, refusals=1)
    trunk.now += 1
    trunk.send(2)
    assert trunk.vlans() == {"", "2", "other"}
    assert trunk.usage() == Usage("vlans", 1, 1, evictions=1, refusals=1)


def test_room_is_made_for_another_device_too() -> None:
    trunk = Trunk(vlans=1)
    trunk.send(1)
    trunk.now += VLAN_IDLE_SECONDS + 1
    trunk.send(1, device=1)
    assert (trunk.vlans("eth0"), trunk.vlans("eth1")) == ({""}, {"", "1", "other"})


def test_a_vlan_in_use_is_kept() -> None:
    trunk = Trunk(vlans=2)
    trunk.send(1, 2)
    trunk.now += VLAN_IDLE_SECONDS - 1
    trunk.send(1)
    trunk.now += 2
    trunk.send(3)
    assert trunk.vlans() == {"", "1", "3", "other"}


def test_one_goes_in_a_batch_at_most_the_one_seen_longest_ago_first() -> None:
    trunk = Trunk(vlans=3)
    for vlan in (2, 1, 3):
        trunk.send(vlan)
        trunk.now += 1
    trunk.now += VLAN_IDLE_SECONDS
    trunk.send(4, 5)
    assert trunk.vlans() == {"", "1", "3", "4", "other"}
    trunk.send(5)
    assert trunk.vlans() == {"", "3", "4", "5", "other"}
    assert trunk.usage() == Usage("vlans", 3, 3, evictions=2, refusals=1)


def test_a_vlan_with_a_protected_address_is_kept() -> None:
    trunk = Trunk(vlans=2)
    trunk.tables.protect([IPv4Address(ONE)])
    trunk.send(1, sender=ONE)
    trunk.now += 1
    trunk.send(2, sender=TWO)
    trunk.now += 2 * VLAN_IDLE_SECONDS
    trunk.send(3, sender=TWO)
    assert trunk.vlans() == {"", "1", "3", "other"}
    trunk.tables.protect([])
    trunk.send(4, sender=TWO)
    assert trunk.vlans() == {"", "3", "4", "other"}


def test_who_made_room_leaves_neither_addresses_nor_figures() -> None:
    trunk = Trunk(vlans=1)
    figures = trunk.tables.segments.columns.add(np.uint64)
    trunk.send(1)
    figures[trunk.tables.segments.locate(trunk.devices[0], np.ones(1, np.int32), trunk.now)] = 9
    trunk.now += VLAN_IDLE_SECONDS + 1
    assert moved(trunk.send(2, mac=B)) == 0
    assert trunk.tracked() == {("eth0", "2", ip(ONE))}
    assert figures.sum() == 0


def test_without_a_vlan_that_is_refused_the_idle_stay() -> None:
    trunk = Trunk(vlans=2)
    trunk.send(1)
    trunk.now += 2 * VLAN_IDLE_SECONDS
    trunk.send(0, 2)
    trunk.now += VLAN_IDLE_SECONDS + 1
    trunk.send(0, 1)
    assert trunk.vlans() == {"", "1", "2"}
    assert trunk.usage().evictions == 0

"""Where floods are counted; tables of links by hand, for what this kernel need not be able to."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

import pytest

from l2exporter.capture.devices import Selection
from l2exporter.capture.flood_socket import Direction
from l2exporter.capture.flood_targets import (
    CROWDED,
    SWITCHING,
    Target,
    Targets,
    captured_devices,
)
from l2exporter.kernel.links import Link
from tests.capture.floods import Guests, guest_mac
from tests.kernel.rows import link

BRIDGE = 9


def captured(*links: Link, counted: tuple[int, ...] = ()) -> dict[str, Target]:
    found = captured_devices({link.index: link for link in links}, Selection(), counted)
    return {target.name: target for target in found.values()}


def refusal(*links: Link) -> str:
    """Why eth0 is not counted."""
    return captured(link(2, "eth0"), *links)["eth0"].refusal


def test_a_station_is_counted_with_all_that_is_stacked_on_it() -> None:
    vlan = link(3, "eth0.7", "vlan", lower=2)
    found = captured(link(2, "eth0"), vlan, link(4, "mv0", "macvlan", lower=3))
    assert found == {"eth0": Target("eth0", Direction.TO_OTHERS)}


def test_devices_that_claim_to_be_below_each_other_end_the_search() -> None:
    assert refusal(link(3, "a", "vlan", lower=4), link(4, "b", "vlan", lower=3)) == ""


def test_bridges_and_their_ports_and_what_carries_one_are_refused() -> None:
    bridge = link(BRIDGE, "br0", "bridge")
    vlan = link(3, "eth0.7", "vlan", lower=2, port_kind="bridge", master=BRIDGE)
    assert captured(bridge)["br0"].refusal == SWITCHING
    assert refusal(bridge, vlan) == SWITCHING
    assert refusal(link(3, "lan1", "dsa", lower=2, port_kind="bridge", master=BRIDGE)) == SWITCHING
    assert refusal(link(4, "mv0", "macvlan", lower=3, port_kind="openvswitch"), vlan) == SWITCHING


@pytest.mark.parametrize(
    ("port_kind", "master", "expected"),
    [
        ("bridge", BRIDGE, SWITCHING),
        ("openvswitch", BRIDGE, SWITCHING),
        ("", BRIDGE, SWITCHING),
        ("vrf", BRIDGE, ""),
        ("", None, ""),
    ],
)
def test_a_port_is_refused_unless_it_only_routes(
    port_kind: str, master: int | None, expected: str
) -> None:
    card = link(2, "eth0", port_kind=port_kind, master=master)
    assert captured(card)["eth0"].refusal == expected


def test_what_only_looks_stacked_leaves_a_device_counted() -> None:
    assert refusal(link(3, "vx0", "vxlan", lower=2, port_kind="bridge", master=BRIDGE)) == ""
    assert refusal(link(4, "va", "veth", lower=2, port_kind="bridge", master=BRIDGE)) == ""
    assert refusal(link(5, "v7", "vlan", lower=77, port_kind="bridge", master=BRIDGE)) == ""


def test_only_captured_devices_and_one_that_went_down() -> None:
    up, down = link(2, "eth0"), link(3, "eth1", up=False)
    assert captured(up, down).keys() == {"eth0"}
    assert captured(up, down, counted=(3,)).keys() == {"eth0", "eth1"}
    assert captured(up, link(4, "tap0", "tun"), counted=(4,)).keys() == {"eth0"}


def test_guests_are_behind_taps_and_veths_in_a_bridge() -> None:
    ports = [
        link(2, "vnet0", "tun", port_kind="bridge", master=BRIDGE),
        link(3, "vnet1", "veth", port_kind="bridge", master=BRIDGE, up=False),
        link(4, "eth0", port_kind="bridge", master=BRIDGE),
        link(5, "vx0", "vxlan", port_kind="bridge", master=BRIDGE),
        link(6, "tap0", "tun"),
        link(7, "ovs0", "veth", port_kind="openvswitch", master=BRIDGE),
    ]
    guests = Guests(limit=1)
    guests.learn(2, guest_mac(1))
    guests.learn(3, guest_mac(2), guest_mac(3))
    table = {port.index: port for port in ports}
    assert found(Selection(), table, guests) == {
        2: Target("vnet0", Direction.OUT, frozenset({0x02_00_00_00_0A_01})),
        3: Target("vnet1", Direction.OUT, refusal=CROWDED),
    }
    exclude = Selection(exclude=re.compile("vnet|vnet1"))
    assert found(exclude, table, guests).keys() == {2}, "the whole name must match"


def found(selection: Selection, links: dict[int, Link], guests: Guests) -> Mapping[int, Target]:
    return Targets(selection, devices=False, guest_ports=True).follow(links, guests)


class Asked(Guests):
    """Guests that remember of which port they were asked."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[int] = []

    def behind(self, port: int) -> tuple[int, ...]:
        self.asked.append(port)
        return super().behind(port)


def test_guests_are_asked_of_a_port_once_and_when_it_changed() -> None:
    guests = Asked()
    targets = Targets(Selection(), devices=False, guest_ports=True)
    port = link(2, "vnet0", "tun", port_kind="bridge", master=BRIDGE)
    links = {2: port}
    targets.follow(links, guests)
    links[3] = link(3, "vnet1", "tun", port_kind="bridge", master=BRIDGE)
    targets.follow(links, guests)
    assert guests.asked == [2, 3]
    links[2] = replace(port, name="lan0")
    assert [target.name for target in targets.follow(links, guests).values()] == ["lan0", "vnet1"]
    assert guests.asked == [2, 3]
    guests.learn(2, guest_mac(1))
    targets.follow(links, guests)
    guests.learn(3, guest_mac(2))
    links[2] = port
    assert [len(target.known) for target in targets.follow(links, guests).values()] == [1, 1]
    assert guests.asked == [2, 3, 2, 3]

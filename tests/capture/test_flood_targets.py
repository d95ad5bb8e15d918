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
from l2exporter.limits import GUEST_MACS
from tests.capture.floods import Guests, guest_mac

BRIDGE = 9


def link(
    index: int,
    name: str,
    kind: str = "",
    *,
    up: bool = True,
    port_kind: str = "",
    lower: int | None = None,
    master: int | None = None,
    mac: int | None = None,
) -> Link:
    return Link(
        index=index,
        name=name,
        arphrd=1,
        up=up,
        running=up,
        noarp=False,
        loopback=False,
        mac=None if mac is None else mac.to_bytes(6).hex(":"),
        kind=kind,
        port_kind=port_kind,
        lower=lower,
        master=master,
        vlan_id=None,
    )


def captured(*links: Link, counted: tuple[int, ...] = ()) -> dict[str, Target]:
    found = captured_devices({link.index: link for link in links}, Selection(), counted)
    return {target.name: target for target in found.values()}


def known(*links: Link) -> tuple[int, ...]:
    """Whose frames are no flood on eth0, if it is counted."""
    target = captured(link(2, "eth0", mac=1), *links)["eth0"]
    assert (target.direction, target.refusal) == (Direction.TO_OTHERS, "")
    return target.known


def refusal(*links: Link) -> str:
    """Why eth0 is not counted."""
    return captured(link(2, "eth0", mac=1), *links)["eth0"].refusal


def test_frames_for_what_is_stacked_on_a_device_are_its_own_at_any_height() -> None:
    vlan = link(3, "eth0.7", "vlan", lower=2, mac=0x33)
    assert known() == (1,)
    assert known(vlan) == (1, 0x33)
    assert known(link(4, "mv0", "macvlan", lower=3, mac=0x44), vlan) == (1, 0x33, 0x44)
    assert known(link(5, "mt0", "macvtap", lower=2, mac=0x55)) == (1, 0x55)
    assert known(link(6, "sec0", "macsec", lower=2, mac=0x66)) == (1, 0x66)


def test_what_only_looks_stacked_is_not() -> None:
    assert known(link(3, "va", "veth", lower=2, mac=0x33)) == (1,), "a veth's lower is its peer"
    assert known(link(4, "vx0", "vxlan", lower=2, mac=0x44)) == (1,), "its frames are wrapped"
    assert known(link(5, "eth1.7", "vlan", lower=77, mac=0x55)) == (1,)


def test_devices_that_claim_to_be_below_each_other_end_the_search() -> None:
    first = link(3, "a", "vlan", lower=4, mac=0x33)
    assert known(first, link(4, "b", "vlan", lower=3, mac=0x44)) == (1,)


def test_bridges_and_their_ports_and_what_carries_one_are_refused() -> None:
    bridge = link(BRIDGE, "br0", "bridge", mac=9)
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


def test_a_tunnel_whose_end_is_in_a_bridge_leaves_the_card_counted() -> None:
    assert known(link(3, "vx0", "vxlan", lower=2, port_kind="bridge", master=BRIDGE)) == (1,)


def test_as_many_macs_as_a_filter_takes() -> None:
    stacked = [link(n, f"mv{n}", "macvlan", lower=2, mac=n) for n in range(100, 99 + GUEST_MACS)]
    assert known(*stacked) == (1, *range(100, 99 + GUEST_MACS))
    assert refusal(*stacked, link(9, "one-more", "macvlan", lower=2, mac=9)) == CROWDED


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
        2: Target("vnet0", Direction.OUT, (0x02_00_00_00_0A_01,)),
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

from __future__ import annotations

import re

import pytest

from l2exporter.capture.devices import Selection, choose
from l2exporter.kernel.links import Link, read_links
from l2exporter.kernel.rtnetlink import Netlink
from tests.kernel.rows import link
from tests.lab.namespace import Namespace, veth

VIRTUAL = "virtual device: name it to capture it"
AUTOMATIC = Selection()


LO = link(1, "lo", arphrd=772, loopback=True)
ETH0 = link(2, "eth0")
ETH1 = link(3, "eth1")


def decide(*links: Link, selection: Selection = AUTOMATIC) -> dict[str, str]:
    """Reasons by name; whatever the order of the table, they must be the same."""
    there = choose({link.index: link for link in links}, selection)
    back = choose({link.index: link for link in reversed(links)}, selection)
    assert there == back
    return {link.name: there[link.index] for link in links}


def test_hardware_that_is_up_and_nothing_for_loopback() -> None:
    idle = link(4, "eth2", up=False)
    assert decide(LO, ETH0, ETH1, idle) == {
        "lo": "not an Ethernet device",
        "eth0": "",
        "eth1": "",
        "eth2": "down",
    }


def test_what_is_not_ethernet_or_uses_no_arp() -> None:
    ib = link(4, "ib0", arphrd=32)
    quiet = link(5, "eth2", noarp=True)
    assert decide(ib, quiet) == {"ib0": "not an Ethernet device", "eth2": "does not use ARP"}


@pytest.mark.parametrize("kind", ["bond", "team"])
def test_a_bond_stands_for_its_ports(kind: str) -> None:
    bond = link(9, "bond0", kind)
    ports = [link(n, f"eth{n}", port_kind=kind, master=9) for n in (2, 3)]
    assert decide(*ports, bond) == {"eth2": "port of bond0", "eth3": "port of bond0", "bond0": ""}


def test_a_cards_virtual_function_is_seen_on_the_card_that_is_its_master() -> None:
    function = link(4, "enP1s1", master=2)
    assert decide(ETH0, function) == {"eth0": "", "enP1s1": "port of eth0"}


def test_a_hypervisor_captures_its_uplink_and_bridge_but_no_guest() -> None:
    uplink = link(2, "eth0", port_kind="bridge", master=9)
    tap = link(4, "tap0", "tun", port_kind="bridge", master=9)
    guest = link(5, "veth0", "veth", port_kind="bridge", master=9)
    assert decide(uplink, tap, guest, link(9, "br0", "bridge")) == {
        "eth0": "",
        "tap0": "guest port of br0",
        "veth0": "guest port of br0",
        "br0": "",
    }


def test_a_bond_below_a_bridge_is_captured_as_a_card_is() -> None:
    bond = link(8, "bond0", "bond", port_kind="bridge", master=9)
    port = link(2, "eth0", port_kind="bond", master=8)
    reasons = decide(port, bond, link(9, "br0", "bridge"))
    assert reasons == {"eth0": "port of bond0", "bond0": "", "br0": ""}


def test_ports_of_open_vswitch() -> None:
    switch = link(9, "ovs-system", "openvswitch")
    uplink = link(2, "eth0", port_kind="openvswitch", master=9)
    tap = link(4, "tap0", "tun", port_kind="openvswitch", master=9)
    reasons = decide(switch, uplink, tap)
    assert reasons == {"ovs-system": VIRTUAL, "eth0": "", "tap0": "guest port of ovs-system"}


def test_a_master_that_is_already_gone_still_has_a_reason() -> None:
    tap = link(4, "tap0", "tun", port_kind="bridge", master=99)
    assert decide(ETH0, tap)["tap0"] == "guest port of a bridge"


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        ("vlan", "VLAN device of eth0, which is captured"),
        ("macvlan", "macvlan device of eth0, which is captured"),
        ("macvtap", "macvtap device of eth0, which is captured"),
        ("ipvlan", "ipvlan device of eth0, which is captured"),
    ],
)
def test_what_lies_on_a_captured_card_is_seen_there(kind: str, reason: str) -> None:
    assert decide(link(4, "upper", kind, lower=2), ETH0) == {"upper": reason, "eth0": ""}


def test_a_vlan_device_is_captured_when_its_card_is_excluded() -> None:
    vlan = link(4, "eth0.10", "vlan", lower=2, port_kind="bridge", master=9)
    bridge = link(9, "br10", "bridge")
    selection = Selection(exclude=re.compile("eth0"))
    assert decide(ETH0, vlan, bridge, selection=selection) == {
        "eth0": "excluded by --capture.device-exclude",
        "eth0.10": "",
        "br10": "",
    }


def test_a_vlan_device_whose_card_is_in_another_namespace_is_captured() -> None:
    assert decide(LO, link(4, "eth0", "macvlan")) == {"lo": "not an Ethernet device", "eth0": ""}


def test_what_lies_on_a_vlan_device_is_seen_on_the_card_too() -> None:
    vlan = link(4, "eth0.10", "vlan", lower=2)
    upper = link(5, "mv0", "macvlan", lower=4)
    assert decide(upper, vlan, ETH0)["mv0"] == "macvlan device of eth0, which is captured"
    excluded = Selection(exclude=re.compile("eth0"))
    reasons = decide(upper, vlan, ETH0, selection=excluded)
    assert reasons["mv0"] == "macvlan device of eth0.10, which is captured"


def test_devices_that_lie_on_each_other_end() -> None:
    one, two = link(4, "a", "macvlan", lower=5), link(5, "b", "macvlan", lower=4)
    chosen = choose({4: one, 5: two}, AUTOMATIC)
    assert set(chosen) == {4, 5}
    assert "" in chosen.values()


def test_a_veth_stands_for_the_card_where_there_is_none() -> None:
    card = link(4, "eth0", "veth")
    assert decide(LO, card)["eth0"] == ""
    idle = link(2, "eth9", up=False)
    assert decide(LO, card, idle)["eth0"] == VIRTUAL


@pytest.mark.parametrize("kind", ["vxlan", "dummy", "ifb", "tun", "openvswitch", "vrf", "gretap"])
def test_other_virtual_devices_are_left_until_they_are_named(kind: str) -> None:
    virtual = link(4, "x0", kind)
    assert decide(virtual, ETH0)["x0"] == VIRTUAL
    assert decide(virtual, ETH0, selection=Selection(names=("x0",))) == {
        "x0": "",
        "eth0": "not named by --capture.device",
    }


def test_the_ports_of_a_switch_chip_are_hardware() -> None:
    conduit = link(2, "eth0")
    port = link(4, "lan1", "dsa", lower=2, port_kind="bridge", master=9)
    assert decide(conduit, port, link(9, "br-lan", "bridge"))["lan1"] == ""


def test_named_devices_are_captured_also_while_down_but_only_ethernet() -> None:
    down = link(4, "eth2", up=False)
    selection = Selection(names=("eth2", "lo"))
    assert decide(LO, ETH0, down, selection=selection) == {
        "lo": "not an Ethernet device",
        "eth0": "not named by --capture.device",
        "eth2": "",
    }


def test_an_included_name_must_match_as_a_whole_whatever_the_kind() -> None:
    tap = link(4, "tap0", "tun", port_kind="bridge", master=9)
    long = link(5, "tap01", "tun")
    selection = Selection(include=re.compile("tap[0-9]"))
    assert decide(tap, long, ETH0, LO, selection=selection) == {
        "tap0": "",
        "tap01": "does not match --capture.device-include",
        "eth0": "does not match --capture.device-include",
        "lo": "not an Ethernet device",
    }


@pytest.mark.parametrize(
    "asked", [Selection(), Selection(names=("eth0",)), Selection(include=re.compile("eth."))]
)
def test_an_excluded_device_is_captured_on_no_account(asked: Selection) -> None:
    selection = Selection(asked.names, asked.include, re.compile("eth0"))
    assert decide(ETH0, selection=selection) == {"eth0": "excluded by --capture.device-exclude"}


def test_an_excluded_name_must_match_as_a_whole() -> None:
    selection = Selection(exclude=re.compile("eth0"))
    assert decide(link(4, "eth01"), selection=selection) == {"eth01": ""}


def test_nothing_to_choose_from() -> None:
    assert choose({}, AUTOMATIC) == {}


@pytest.mark.root
def test_a_real_namespace() -> None:
    with Namespace() as namespace:
        veth(namespace, "wire", namespace, "port")
        namespace.bridge("br0", "port")
        namespace.ip("link", "add", "mv0", "link", "wire", "up", "type", "macvlan")
        namespace.ip("link", "add", "mv1", "link", "br0", "type", "macvlan")
        namespace.ip("link", "add", "vx0", "up", "type", "vxlan", "id", "5", "dstport", "4789")
        namespace.ip("tuntap", "add", "tap0", "mode", "tap")
        namespace.ip("link", "set", "tap0", "master", "br0", "up")
        with namespace.entered(), Netlink() as netlink:
            links = read_links(netlink)
        reasons = choose(links, AUTOMATIC)
        assert {links[index].name: reason for index, reason in reasons.items()} == {
            "lo": "not an Ethernet device",
            "wire": "",
            "port": "guest port of br0",
            "br0": "",
            "mv0": "macvlan device of wire, which is captured",
            "mv1": "down",
            "vx0": VIRTUAL,
            "tap0": "guest port of br0",
        }

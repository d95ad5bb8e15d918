from __future__ import annotations

import struct

import pytest
from pyroute2 import IPRoute  # type: ignore[import-untyped]

from l2exporter.errors import KernelError
from l2exporter.kernel.links import Link, link_change, parse_link, read_links
from l2exporter.kernel.rtnetlink import RTMGRP_LINK, Netlink
from tests.kernel.build import attr, info, link, name, u32
from tests.lab.namespace import Namespace, veth
from tests.lab.wait import wait_until

RTM_DELLINK = 17
AF_BRIDGE = 7
IFLA_ADDRESS, IFLA_LINK, IFLA_MASTER, IFLA_WIRELESS, IFLA_LINK_NETNSID = 1, 5, 10, 11, 37
IFLA_INFO_DATA, IFLA_INFO_SLAVE_KIND = 2, 4


@pytest.fixture
def furnished(wired: Namespace) -> Namespace:
    """One device of each kind that can be made without hardware."""
    wired.bridge("br0", "v1")
    wired.ip("link", "add", "mv0", "link", "v0", "type", "macvlan")
    wired.ip("link", "add", "vx0", "type", "vxlan", "id", "5", "dstport", "4789")
    wired.ip("tuntap", "add", "tap0", "mode", "tap")
    wired.ip("tuntap", "add", "tun0", "mode", "tun")
    wired.ip("link", "set", "tap0", "master", "br0")
    wait_until(lambda: "state UP" in wired.ip("link", "show", "br0"), "carrier of br0")
    return wired


def opened(namespace: Namespace, groups: int = 0) -> Netlink:
    with namespace.entered():
        return Netlink(groups)


@pytest.mark.root
def test_devices_of_a_namespace(furnished: Namespace) -> None:
    with opened(furnished) as netlink:
        rows = {row.name: row for row in read_links(netlink).values()}
    assert rows["lo"].loopback
    assert rows["lo"].arphrd == 772
    assert rows["v0"].mac == "02:00:00:00:ff:01"
    assert (rows["v0"].kind, rows["v0"].up, rows["v0"].running) == ("veth", True, True)
    assert (rows["v1"].port_kind, rows["v1"].master) == ("bridge", rows["br0"].index)
    assert rows["v1"].lower == rows["v0"].index
    assert (rows["br0"].kind, rows["br0"].lower, rows["br0"].master) == ("bridge", None, None)
    assert (rows["mv0"].kind, rows["mv0"].lower) == ("macvlan", rows["v0"].index)
    assert (rows["mv0"].up, rows["mv0"].running) == (False, False)
    assert (rows["tap0"].kind, rows["tap0"].port_kind) == ("tun", "bridge")
    assert (rows["tun0"].mac, rows["tun0"].noarp, rows["tun0"].arphrd) == (None, True, 65534)


@pytest.mark.root
def test_a_peer_in_another_namespace_is_no_lower_device(namespace: Namespace) -> None:
    with Namespace() as other:
        veth(namespace, "near", other, "far")
        with opened(namespace) as netlink:
            rows = {row.name: row for row in read_links(netlink).values()}
    assert rows["near"].lower is None


@pytest.mark.root
def test_links_equal_those_that_pyroute2_reads(furnished: Namespace) -> None:
    with opened(furnished) as netlink:
        ours = read_links(netlink)
    with furnished.entered(), IPRoute() as reference:
        theirs = {row.index: row for row in map(from_pyroute2, reference.get_links())}
    assert len(ours) >= 8
    assert ours == theirs


def from_pyroute2(message: object) -> Link:
    get = message.get  # type: ignore[attr-defined]
    flags = get("flags")
    linkinfo = get("linkinfo") or {}
    mac = get("address")
    elsewhere = get("link_netnsid") is not None
    return Link(
        index=get("index"),
        name=get("ifname"),
        arphrd=get("ifi_type"),
        up=bool(flags & 1),
        running=bool(flags & 0x40),
        noarp=bool(flags & 0x80),
        loopback=bool(flags & 8),
        mac=mac if mac and len(mac) == 17 else None,
        kind=linkinfo.get("kind") or "",
        port_kind=linkinfo.get("slave_kind") or "",
        lower=None if elsewhere else get("link"),
        master=get("master"),
        vlan_id=None,
    )


@pytest.mark.root
def test_the_life_of_a_device_in_events(namespace: Namespace) -> None:
    table: dict[int, Link] = {}

    def follow() -> dict[str, Link]:
        for change in filter(None, map(link_change, netlink.events())):
            index, row = change
            if row is None:
                table.pop(index)
            else:
                table[index] = row
        return {row.name: row for row in table.values()}

    with opened(namespace, RTMGRP_LINK) as netlink:
        table.update(read_links(netlink))
        namespace.ip("link", "add", "br0", "type", "bridge")
        veth(namespace, "v0", namespace, "v1")
        namespace.ip("link", "set", "v1", "master", "br0")
        assert follow()["v1"].master == follow()["br0"].index
        namespace.ip("link", "set", "v1", "nomaster")
        rows = follow()
        assert rows["v1"].master is None, "leaving a bridge is not being deleted"
        assert rows["v1"].port_kind == ""
        namespace.ip("link", "set", "v1", "down")
        namespace.ip("link", "set", "v1", "name", "renamed")
        assert follow()["renamed"].index == rows["v1"].index
        assert "v1" not in follow()
        namespace.ip("link", "set", "renamed", "up")
        assert follow()["renamed"].up
        namespace.ip("link", "delete", "v0")
        assert sorted(follow()) == ["br0", "lo"]
        assert table == read_links(netlink)


def test_a_vlan_device_made_by_hand() -> None:
    vid = attr(IFLA_INFO_DATA, attr(1, struct.pack("=H", 42)) + attr(2, bytes(8)))
    message = link(name("eth0.42"), attr(IFLA_LINK, u32(2)), info("vlan", vid), flags=0x1043)
    row = parse_link(message)
    assert (row.kind, row.lower, row.vlan_id, row.up, row.running) == ("vlan", 2, 42, True, True)


def test_the_data_of_another_kind_is_no_vlan_id() -> None:
    data = attr(IFLA_INFO_DATA, attr(1, struct.pack("=H", 42)))
    assert parse_link(link(name("x"), info("macvlan", data))).vlan_id is None


@pytest.mark.parametrize("kind", ["bond", "team", "openvswitch", "vrf"])
def test_a_port_made_by_hand(kind: str) -> None:
    port = attr(18, attr(IFLA_INFO_SLAVE_KIND, kind.encode() + b"\0"))
    row = parse_link(link(name("eth0"), attr(IFLA_MASTER, u32(9)), port))
    assert (row.kind, row.port_kind, row.master) == ("", kind, 9)


def test_up_is_what_the_administrator_wants_and_running_what_the_wire_gives() -> None:
    waiting = parse_link(link(name("eth0"), flags=0x1003))
    assert (waiting.up, waiting.running) == (True, False)
    running = parse_link(link(name("eth0"), flags=0x11043))
    assert (running.up, running.running) == (True, True)


def test_an_infiniband_address_is_no_mac() -> None:
    assert parse_link(link(name("ib0"), attr(IFLA_ADDRESS, bytes(20)), arphrd=32)).mac is None


def test_namespace_id_zero_is_one_too() -> None:
    row = parse_link(link(name("v"), attr(IFLA_LINK, u32(2)), attr(IFLA_LINK_NETNSID, u32(0))))
    assert row.lower is None


def test_leaving_a_bridge_is_not_being_deleted() -> None:
    assert link_change(link(name("eth0"), kind=RTM_DELLINK, family=AF_BRIDGE)) is None
    assert link_change(link(name("eth0"), family=AF_BRIDGE)) is None
    assert link_change(link(name("eth0"), kind=RTM_DELLINK)) == (7, None)


def test_a_wireless_event_is_no_row() -> None:
    assert link_change(link(name("wlan0"), attr(IFLA_WIRELESS, bytes(8)))) is None
    assert link_change(link(attr(IFLA_WIRELESS, bytes(8)))) is None
    assert link_change(link(name("wlan0"))) == (7, parse_link(link(name("wlan0"))))


def test_events_of_other_kinds_are_no_link_changes() -> None:
    assert link_change(link(name("eth0"), kind=24)) is None


def test_a_message_that_cannot_be_a_link_is_an_error() -> None:
    message = link(name("eth0"))
    with pytest.raises(KernelError, match="15 bytes"):
        link_change(message._replace(body=message.body[:15]))
    with pytest.raises(KernelError, match="without a name"):
        parse_link(message._replace(body=message.body[:16]))

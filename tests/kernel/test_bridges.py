"""Bridges and ports beside what sysfs and iproute2 tell of them."""

from __future__ import annotations

import json

import pytest

from l2exporter.kernel.bridges import Bridge, Port, read_bridges, read_ports
from l2exporter.kernel.tally import Tally
from tests.kernel.answers import Disturbed, opened
from tests.lab.namespace import Namespace, veth
from tests.lab.netlink import limit_learned
from tests.lab.wait import wait_until

pytestmark = pytest.mark.root

MANY = 100


@pytest.fixture
def switched(wired: Namespace) -> Namespace:
    """A bridge br0 with port v0, and an odd one br1 with port v2."""
    veth(wired, "v2", wired, "v3")
    wired.bridge("br0", "v0")
    wired.ip("link", "set", "br0", "type", "bridge", "nf_call_arptables", "1")
    options = "ageing_time 1234 forward_delay 701 stp_state 1 nf_call_iptables 1"
    wired.ip("link", "add", "br1", "type", "bridge", *options.split())
    wired.ip("link", "set", "v2", "master", "br1")
    wired.ip("link", "set", "br1", "up")
    wired.run("bridge", "link", "set", "dev", "v2", "flood", "off", "isolated", "on")
    return wired


def bridges_of(namespace: Namespace) -> dict[str, Bridge]:
    with opened(namespace) as netlink:
        return {bridge.name: bridge for bridge in read_bridges(netlink, Tally())}


def ports_of(namespace: Namespace) -> dict[str, Port]:
    with opened(namespace) as netlink:
        return {port.name: port for port in read_ports(netlink, Tally())}


def in_sysfs(namespace: Namespace, device: str, setting: str) -> int:
    return int(namespace.run("cat", f"/sys/class/net/{device}/{setting}"))


@pytest.mark.parametrize("device", ["br0", "br1"])
def test_bridges_have_the_settings_that_sysfs_shows(switched: Namespace, device: str) -> None:
    bridge = bridges_of(switched)[device]

    def shown(setting: str) -> int:
        return in_sysfs(switched, device, f"bridge/{setting}")

    assert bridge.index == in_sysfs(switched, device, "ifindex")
    assert bridge.ageing_seconds * 100 == shown("ageing_time")
    assert bridge.forward_delay_seconds * 100 == shown("forward_delay")
    assert bridge.stp == ("none", "kernel", "user")[shown("stp_state")]
    assert bridge.vlan_filtering is False
    assert bridge.pvid is None
    netfilter = [f"nf_call_{tables}" for tables in ("iptables", "ip6tables", "arptables")]
    assert [getattr(bridge, each) for each in netfilter] == [shown(each) for each in netfilter]


def test_bridges_have_the_settings_that_iproute2_shows(switched: Namespace) -> None:
    shown = {
        row["ifname"]: row["linkinfo"]["info_data"]
        for row in json.loads(switched.ip("-d", "-j", "link", "show", "type", "bridge"))
    }
    bridges = bridges_of(switched)
    assert bridges.keys() == shown.keys() == {"br0", "br1"}
    assert bridges["br1"].ageing_seconds == 12.34
    assert bridges["br1"].nf_call_iptables
    assert not bridges["br0"].nf_call_iptables
    for device, bridge in bridges.items():
        theirs = shown[device]
        assert bridge.ageing_seconds * 100 == theirs["ageing_time"]
        assert bridge.forward_delay_seconds * 100 == theirs["forward_delay"]
        assert bridge.topology_change == theirs["topology_change"]
        assert bridge.topology_change_detected == theirs["topology_change_detected"]


def test_what_a_bridge_has_learnt_and_may_learn(switched: Namespace) -> None:
    limit_learned(switched, "br0", 77)
    assert bridges_of(switched)["br0"].learned_limit == 77
    assert bridges_of(switched)["br1"].learned_limit == 0
    switched.address("v1", "192.0.2.1/24")
    switched.run("ping", "-c1", "-W1", "-I", "v1", "192.0.2.77", check=False)

    def learned() -> int:
        return switched.run("bridge", "fdb", "show", "br", "br0", "dynamic").count("master br0")

    wait_until(lambda: bridges_of(switched)["br0"].learned == learned() > 0, "a MAC is learnt")


def test_ports_have_the_settings_that_iproute2_and_sysfs_show(switched: Namespace) -> None:
    shown = {row["ifname"]: row for row in json.loads(switched.run("bridge", "-d", "-j", "link"))}
    ports = ports_of(switched)
    assert ports.keys() == shown.keys() == {"v0", "v2"}
    assert (ports["v0"].unicast_flood, ports["v0"].isolated) == (True, False)
    assert (ports["v2"].unicast_flood, ports["v2"].isolated) == (False, True)
    for device, port in ports.items():
        theirs = shown[device]
        assert port.index == theirs["ifindex"]
        assert port.bridge == in_sysfs(switched, theirs["master"], "ifindex")
        assert port.unicast_flood == in_sysfs(switched, device, "brport/unicast_flood")
        assert port.learning == theirs["learning"]
        assert port.isolated == theirs["isolated"]
        assert port.locked == theirs["locked"]
        assert port.neigh_suppress == theirs["neigh_suppress"]


@pytest.mark.parametrize("setting", ["learning", "locked", "neigh_suppress"])
def test_one_setting_of_a_port_is_not_another(switched: Namespace, setting: str) -> None:
    before = getattr(ports_of(switched)["v0"], setting)
    switched.run("bridge", "link", "set", "dev", "v0", setting, "off" if before else "on")
    after = ports_of(switched)["v0"]
    others = {"learning", "locked", "neigh_suppress", "isolated"} - {setting}
    assert getattr(after, setting) is not before
    assert [getattr(after, other) for other in others] == [other == "learning" for other in others]


def test_a_port_that_begins_to_forward_is_a_change_of_topology(switched: Namespace) -> None:
    switched.ip("link", "set", "br0", "type", "bridge", "stp_state", "1", "forward_delay", "200")
    switched.ip("link", "set", "v0", "down")
    assert ports_of(switched)["v0"].state == "disabled"
    before = bridges_of(switched)["br0"]
    assert not before.topology_change
    switched.ip("link", "set", "v0", "up")
    wait_until(lambda: ports_of(switched)["v0"].state == "listening", "it listens")
    wait_until(lambda: ports_of(switched)["v0"].state == "learning", "it learns")
    wait_until(lambda: ports_of(switched)["v0"].state == "forwarding", "it forwards")
    after = bridges_of(switched)["br0"]
    assert after.topology_change
    assert after.topology_change_detected
    assert not bridges_of(switched)["br1"].topology_change_detected


def test_a_bridge_that_goes_meanwhile_is_an_interruption(namespace: Namespace) -> None:
    namespace.batch("ip", [f"link add b{n} type bridge" for n in range(MANY)])
    tally = Tally()
    with Disturbed(namespace, "link", "delete", "b99") as netlink:
        names = [bridge.name for bridge in read_bridges(netlink, tally)]
    assert sorted(names) == sorted(f"b{n}" for n in range(MANY - 1))
    assert tally == Tally(dumps=1, interrupted=1)


def test_the_ports_of_a_bridge_that_goes_meanwhile_are_still_rows(switched: Namespace) -> None:
    tally = Tally()
    with Disturbed(switched, "link", "delete", "br1") as netlink:
        assert "v0" in [port.name for port in read_ports(netlink, tally)]
        assert [port.name for port in read_ports(netlink, tally)] == ["v0"]
    assert (tally.failures, tally.malformed) == (0, 0)


def test_a_namespace_without_bridges_has_none(wired: Namespace) -> None:
    assert bridges_of(wired) == {}
    assert ports_of(wired) == {}

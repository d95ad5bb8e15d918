"""Which neighbours can outlive the FDB, and which it lacks. Rows with VLANs are made by hand."""

from __future__ import annotations

import math

import pytest

from l2exporter.kernel.bridges import Bridge
from l2exporter.kernel.links import Link
from l2exporter.kernel.neighbor_tables import NeighborTable
from l2exporter.kernel.retention import Retention
from l2exporter.tables.forwarding import ForwardingTable
from l2exporter.tables.verdicts import Verdict, missing, verdicts
from tests.kernel.rows import link
from tests.tables.fdb import Entry, dump, new
from tests.tables.neighborhood import Neighbor, bridge, links, neighbors, parameters, table

Known = tuple[int, int, int]
"""(bridge, VLAN, MAC)."""

MAC, OTHER = 0x020000000007, 0x020000000008
BR0, BR1 = 10, 11


def verdict(
    made: Bridge, *tables: NeighborTable, devices: dict[int, Link] | None = None
) -> Verdict:
    (one,) = verdicts([made], links() if devices is None else devices, tables)
    return one


def test_a_nearly_empty_table_outlives_any_ageing() -> None:
    found = verdict(bridge(), table(14))
    assert found.outlives
    assert found.retention == Retention(60, math.inf)
    assert found.collected == Retention(60, 75)
    assert (found.fdb_seconds, found.entries, found.threshold) == (300, 14, 128)
    assert (found.bridge, found.family, found.device) == (bridge(), "ipv4", "br0")
    assert verdict(bridge(ageing_seconds=1e9), table(14)).outlives


@pytest.mark.parametrize(
    ("made", "outlives"),
    [
        (bridge(), False),
        (bridge(ageing_seconds=75), False),
        (bridge(ageing_seconds=74.99), True),
        (bridge(ageing_seconds=0), True),
        (bridge(topology_change=True), True),
        (bridge(topology_change=True, forward_delay_seconds=80), False),
    ],
    ids=["default", "just enough", "just too little", "none", "change", "slow change"],
)
def test_a_table_that_is_collected_is_a_matter_of_seconds(made: Bridge, outlives: bool) -> None:
    assert verdict(made, table(128)).outlives is outlives


def test_there_is_one_for_each_bridge_and_family_whose_parameters_are_known() -> None:
    both = {BR0: parameters(), BR1: parameters()}
    tables = [table(family="ipv4", devices=both), table(200, family="ipv6")]
    bridges = [bridge(BR0, "br0"), bridge(BR1, "br1")]
    found = verdicts(bridges, {}, tables)
    assert {(one.bridge.name, one.family): one.outlives for one in found} == {
        ("br0", "ipv4"): True,
        ("br0", "ipv6"): False,
        ("br1", "ipv4"): True,
    }
    assert verdicts([], {}, tables) == verdicts(bridges, {}, []) == []


VLAN = link(30, "br0.7", "vlan", BR0, vlan_id=7)
"""A VLAN device; this host's kernel has none, so it is a row made by hand."""


@pytest.mark.parametrize(
    "upper",
    [
        [VLAN],
        [link(30, "mv", "macvlan", BR0)],
        [link(30, "iv", "ipvlan", BR0)],
        [link(30, "mt", "macvtap", 31), link(31, "it", "ipvtap", BR0)],
    ],
    ids=["vlan", "macvlan", "ipvlan", "stacked"],
)
def test_a_device_on_top_whose_entries_live_longer_decides(upper: list[Link]) -> None:
    made = table(200, devices={BR0: parameters(), 30: parameters(gc_stale=600)})
    found = verdict(bridge(), made, devices=links(*upper))
    assert found.outlives
    assert found.device == upper[0].name
    assert found.retention == found.collected == Retention(600, 615)


@pytest.mark.parametrize(
    "other",
    [
        link(30, "veth0", "veth", BR0),
        link(30, "mv", "macvlan", BR1),
        link(30, "mv", "macvlan"),
        link(30, "iv", "ipvlan", BR0, noarp=True),
        link(30, "gone", "vlan", 99, vlan_id=7),
    ],
    ids=["wire", "elsewhere", "on nothing", "asks for nobody", "gone"],
)
def test_a_device_that_sends_nothing_through_the_bridge_has_no_say(other: Link) -> None:
    made = table(200, devices={BR0: parameters(), 30: parameters(gc_stale=600)})
    found = verdict(bridge(), made, devices=links(other))
    assert (found.device, found.outlives) == ("br0", False)


def test_of_devices_alike_the_bridge_is_named() -> None:
    made = table(14, devices={30: parameters(), BR0: parameters()})
    assert verdict(bridge(), made, devices=links(VLAN)).device == "br0"
    longer = table(14, devices={30: parameters(gc_stale=61), BR0: parameters()})
    assert verdict(bridge(), longer, devices=links(VLAN)).device == "br0.7"


def test_devices_that_stand_on_each_other_end_the_walk() -> None:
    circle = links(link(30, "a", "macvlan", 31), link(31, "b", "macvlan", 30))
    made = table(200, devices={BR0: parameters(), 30: parameters(gc_stale=600)})
    assert verdict(bridge(), made, devices=circle).device == "br0"


def forwarding(*known: Known) -> ForwardingTable:
    """A table that has adopted a dump of these."""
    made = ForwardingTable(64)
    made.replace(
        dump(made, *(Entry(mac, 20, vlan=vlan, bridge=on) for on, vlan, mac in known)), new(), 0
    )
    return made


def lacks(
    *entries: Neighbor,
    known: tuple[Known, ...] = (),
    made: Bridge | None = None,
    devices: dict[int, Link] | None = None,
) -> list[str]:
    """The addresses of those that br0 lacks, of these IPv4 neighbours."""
    found = missing([made or bridge()], devices or links(), neighbors(*entries), forwarding(*known))
    assert set(found) == {("br0", "ipv4")}
    return [entry.ip for entry in found["br0", "ipv4"]]


def test_a_neighbour_is_missing_until_its_mac_is_known() -> None:
    one = (BR0, "192.0.2.7", MAC, "stale")
    assert lacks(one) == ["192.0.2.7"]
    assert lacks(one, known=((BR0, 0, OTHER),)) == ["192.0.2.7"]
    assert lacks(one, known=((BR1, 0, MAC),)) == ["192.0.2.7"]
    assert lacks(one, known=((BR0, 0, MAC),)) == []


@pytest.mark.parametrize(
    ("state", "usable"),
    [
        ("incomplete", False),
        ("reachable", True),
        ("stale", True),
        ("delay", True),
        ("probe", True),
        ("failed", False),
        ("noarp", False),
        ("permanent", True),
    ],
)
def test_only_what_is_used_without_asking_can_be_missing(state: str, usable: bool) -> None:
    assert bool(lacks((BR0, "192.0.2.7", MAC, state))) is usable


@pytest.mark.parametrize("mac", [0, 0x01005E000001, 0xFFFFFFFFFFFF, 0x030000000007])
def test_a_mac_that_is_none_or_many_is_not_missing(mac: int) -> None:
    assert lacks((BR0, "192.0.2.7", mac, "permanent")) == []


def test_neighbours_of_other_devices_are_not_the_bridge_s() -> None:
    assert lacks((12, "192.0.2.7", MAC, "stale"), (30, "192.0.2.8", OTHER, "stale")) == []
    assert lacks((30, "192.0.2.8", MAC, "stale"), devices=links(VLAN)) == ["192.0.2.8"]


def test_what_is_missing_is_told_in_full_and_in_the_order_of_addresses() -> None:
    ips = ["192.0.2.10", "192.0.2.9", "10.0.0.1", "192.0.2.100"]
    entries = [(BR0, ip, MAC, "stale") for ip in ips]
    assert lacks(*entries) == ["10.0.0.1", "192.0.2.9", "192.0.2.10", "192.0.2.100"]
    kept = neighbors((30, "fe80::10", MAC, "probe"), (30, "fe80::9", MAC, "stale"), family="ipv6")
    found = missing([bridge()], links(VLAN), kept, forwarding())["br0", "ipv6"]
    assert [(one.bridge, one.family, one.device, one.ip, one.mac, one.state) for one in found] == [
        ("br0", "ipv6", "br0.7", "fe80::9", MAC, "stale"),
        ("br0", "ipv6", "br0.7", "fe80::10", MAC, "probe"),
    ]


def test_every_bridge_is_there_and_each_has_its_own() -> None:
    bridges = [bridge(BR0, "br0"), bridge(BR1, "br1"), bridge(12, "br2")]
    kept = neighbors(
        (BR1, "192.0.2.1", OTHER, "stale"),
        (BR0, "192.0.2.2", MAC, "stale"),
        (BR1, "192.0.2.3", MAC, "stale"),
    )
    found = missing(bridges, links(), kept, forwarding((BR1, 0, MAC)))
    assert {key: [one.ip for one in entries] for key, entries in found.items()} == {
        ("br0", "ipv4"): ["192.0.2.2"],
        ("br1", "ipv4"): ["192.0.2.1"],
        ("br2", "ipv4"): [],
    }


FILTERING = bridge(vlan_filtering=True, pvid=5)


@pytest.mark.parametrize(
    ("made", "upper", "vlan"),
    [
        (bridge(), [], 0),
        (bridge(pvid=5), [VLAN], 0),
        (FILTERING, [link(30, "ipv", "ipvlan", BR0)], 5),
        (FILTERING, [VLAN], 7),
        (FILTERING, [link(30, "ipv", "ipvlan", 31), link(31, "v", "vlan", BR0, vlan_id=7)], 7),
        (FILTERING, [link(30, "v", "vlan", 31, vlan_id=7), link(31, "ipv", "ipvlan", BR0)], 7),
        (
            FILTERING,
            [link(30, "q", "vlan", 31, vlan_id=99), link(31, "v", "vlan", BR0, vlan_id=7)],
            7,
        ),
        (FILTERING, [link(30, "v", "vlan", BR0, vlan_id=0)], 5),
    ],
    ids=[
        "no filtering",
        "no filtering, tagged",
        "untagged",
        "tagged",
        "untagged on tagged",
        "tagged on untagged",
        "two tags",
        "priority tag",
    ],
)
def test_the_vlan_that_the_bridge_reads_is_the_one_that_counts(
    made: Bridge, upper: list[Link], vlan: int
) -> None:
    device = upper[0].index if upper else BR0
    one = (device, "192.0.2.7", MAC, "stale")
    for known in (0, 5, 7, 99):
        expected = [] if known == vlan else ["192.0.2.7"]
        assert lacks(one, known=((BR0, known, MAC),), made=made, devices=links(*upper)) == expected


@pytest.mark.parametrize(
    ("made", "upper"),
    [
        (bridge(vlan_filtering=True, pvid=None), link(30, "ipv", "ipvlan", BR0)),
        (FILTERING, link(30, "v", "vlan", BR0, vlan_id=None)),
    ],
    ids=["no pvid", "no tag"],
)
def test_where_the_vlan_cannot_be_told_nobody_is_accused_falsely(made: Bridge, upper: Link) -> None:
    one = (30, "192.0.2.7", MAC, "stale")
    for known in (0, 5, 7):
        assert lacks(one, known=((BR0, known, MAC),), made=made, devices=links(upper)) == []
    assert lacks(one, known=((BR0, 0, OTHER),), made=made, devices=links(upper)) == ["192.0.2.7"]


@pytest.mark.parametrize("kind", ["macvlan", "macvtap"])
def test_a_sibling_that_is_served_without_the_bridge_is_not_missed(kind: str) -> None:
    below = link(31, "mv", kind, BR0)
    for upper in ([link(30, "mv0", kind, BR0)], [link(30, "v", "vlan", 31, vlan_id=7), below]):
        one = (30, "192.0.2.7", MAC, "stale")
        assert lacks(one, known=(), made=bridge(), devices=links(*upper)) == []

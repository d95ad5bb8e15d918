"""A hypervisor as the kernel tells of it, made by hand: what the examples in the docs come from.

br0 (10) filters VLANs; its ports are the uplink eth0, the guests vnet0 (VLAN 1) and vnet1 (VLAN
20), and vxlan100 to other hypervisors. The host has addresses on br0, on br0.20 on top of it, and
on eth1, its storage network. The guest 192.0.2.7 has been quiet for so long that br0 forgot it;
that of vnet1 came from another hypervisor behind eth0.
"""

from __future__ import annotations

from dataclasses import replace

from l2exporter.kernel.netfilter import BridgeNetfilter
from l2exporter.kernel.tally import Tally
from l2exporter.kernel.vxlans import Vxlan
from tests.collectors.kernel_scene import Entry, Flood, KernelScene, events, vxlan_rows
from tests.tables.neighborhood import neighbors, parameters, table

BR0, ETH0, ETH1, VNET0, VNET1, VXLAN100, STACKED = 10, 2, 3, 11, 12, 13, 14

HOST = 0x020000000100
GATEWAY, PRINTER, REMOTE = 0x020000000001, 0x020000000002, 0x020000000003
GUEST, TENANT, QUIET, STORAGE = 0x020000000005, 0x020000000006, 0x020000000007, 0x020000000009
ALL_ROUTERS = 0x333300000002


def hypervisor(*names: str) -> KernelScene:
    """A scene with this host, and the named collectors."""
    host = KernelScene(*names)
    _devices(host)
    _forwarding(host)
    _neighbors(host)
    host.floods = [Flood("eth0", 204), Flood("vnet0", 17), Flood("vnet1", 0)]
    host.tallies = {
        "fdb": Tally(dumps=12, events=1204, overruns=1),
        "bridges": Tally(dumps=40),
        "bridge_ports": Tally(dumps=41, interrupted=2, failures=1),
        "vxlans": Tally(dumps=40),
        "vxlan_fdb": Tally(dumps=40),
        "neighbors": Tally(dumps=80, interrupted=1),
        "neighbor_tables": Tally(dumps=40),
    }
    return host


def _devices(host: KernelScene) -> None:
    host.device(1, "lo", loopback=True)
    host.device(ETH1, "eth1")
    host.bridge(
        BR0,
        "br0",
        stp="kernel",
        vlan_filtering=True,
        pvid=1,
        learned=3,
        learned_limit=0,
        nf_call_iptables=True,
    )
    host.reader.filtered = BridgeNetfilter(iptables=False, ip6tables=False, arptables=False)
    host.port(ETH0, "eth0")
    host.port(VNET0, "vnet0", isolated=True)
    host.port(VNET1, "vnet1", isolated=True)
    host.port(VXLAN100, "vxlan100", learning=False, neigh_suppress=True)
    host.device(VXLAN100, "vxlan100", kind="vxlan", master=BR0, port_kind="bridge")
    host.device(STACKED, "br0.20", kind="vlan", lower=BR0, vlan_id=20)
    host.reader.vxlan_devices = [Vxlan(VXLAN100, "vxlan100", 100, 300.0, learning=False, limit=0)]
    remotes = [(0, "static"), (0, "static"), (0, "extern_learned"), (200, "extern_learned")]
    host.reader.vxlan_entries = {VXLAN100: vxlan_rows(*remotes)}


def _forwarding(host: KernelScene) -> None:
    own = [Entry(BR0, BR0, HOST, "local", vid) for vid in (0, 1, 20)]
    ports = [
        Entry(BR0, port, HOST + port, "local", vid)
        for port, vid in ((ETH0, 1), (ETH0, 20), (VNET0, 1), (VNET1, 20), (VXLAN100, 1))
    ]
    learned = [
        Entry(BR0, ETH0, GATEWAY, "learned", 1, updated=0.4, used=0.4),
        Entry(BR0, ETH0, PRINTER, "static", 1, updated=500.0, used=500.0),
        Entry(BR0, VNET0, GUEST, "learned", 1, updated=2.5, used=1.0),
        Entry(BR0, ETH0, TENANT, "learned", 20, updated=140.0, used=200.0),
        Entry(BR0, VXLAN100, REMOTE, "extern_learned", 1, updated=90.0, used=7.0),
    ]
    quiet = Entry(BR0, VNET0, QUIET, "learned", 1, updated=300.0, used=4.0)
    host.dump(quiet)
    host.dump(*own, *ports, *learned, quiet, now=1700000000.0)
    host.waiting = [
        events(replace(learned[3], port=VNET1)),
        events(quiet, added=False, expired=True),
    ]


def _neighbors(host: KernelScene) -> None:
    host.reader.neighbor_rows = {
        "ipv4": neighbors(
            (BR0, "192.0.2.1", GATEWAY, "reachable"),
            (BR0, "192.0.2.5", GUEST, "stale"),
            (BR0, "192.0.2.7", QUIET, "stale"),
            (BR0, "192.0.2.66", 0, "failed"),
            (STACKED, "198.51.100.6", TENANT, "delay"),
            (ETH1, "203.0.113.9", STORAGE, "permanent"),
        ),
        "ipv6": neighbors(
            (BR0, "fe80::1", GATEWAY, "probe"),
            (VNET0, "ff02::2", ALL_ROUTERS, "noarp"),
            family="ipv6",
        ),
    }
    known = {index: parameters(index=index) for index in host.links}
    known[BR0] = replace(known[BR0], reachable=21.7)
    host.reader.tables = [
        replace(table(14, devices=known), failed_resolutions=3, unresolved_discards=2),
        replace(table(140, family="ipv6", devices=known), unresolved_discards=0),
    ]

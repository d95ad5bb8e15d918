"""A tunnel between two hosts: what vxlan devices know, and what they are set to."""

from __future__ import annotations

import math
from collections.abc import Iterator

import pytest

from tests.lab.exporter import Exporter, key
from tests.lab.namespace import Namespace, veth
from tests.live.samples import Key, by, eventually

pytestmark = pytest.mark.root

VNI = 7
THERE = "192.0.2.2"


@pytest.fixture(scope="module")
def here(there: Namespace) -> Iterator[Namespace]:
    with Namespace() as made:
        for end in (made, there):
            end.sysctl("net.ipv6.conf.default.disable_ipv6", 1)  # it would speak unasked
        veth(made, "eth0", there, "eth0")
        for number, end in enumerate((made, there), start=1):
            end.address("eth0", f"192.0.2.{number}/24")
            tunnel(end, f"192.0.2.{number}", f"192.0.2.{3 - number}", "ageing", "300")
            end.address("vx0", f"198.51.100.{number}/24")
        yield made


@pytest.fixture(scope="module")
def exporter(here: Namespace) -> Iterator[Exporter]:
    with Exporter(here) as running:
        yield running


def tunnel(end: Namespace, local: str, remote: str, *options: str, device: str = "vx0") -> None:
    underlay = ("local", local, "remote", remote, "dstport", "4789", "dev", "eth0")
    number = str(VNI + int(device[2:]))
    end.ip("link", "add", device, "up", "type", "vxlan", "id", number, *underlay, *options)


def entries(kind: str, device: str = "vx0", vni: int = VNI) -> Key:
    return key("l2_vxlan_fdb_entries", device=device, vni=str(vni), kind=kind)


def of(name: str, device: str) -> Key:
    return key(f"l2_vxlan_{name}", device=device)


def test_entries_by_kind(here: Namespace, there: Namespace, exporter: Exporter) -> None:
    eventually(exporter, {entries("learned"): 0, entries("static"): 1})
    here.run("ping", "-c1", "-W5", "198.51.100.2")
    eventually(exporter, {entries("learned"): 1, entries("static"): 1})
    here.batch(
        "bridge",
        [
            f"fdb add 02:00:00:00:0d:01 dev vx0 dst {THERE} static",
            f"fdb add 02:00:00:00:0d:02 dev vx0 dst {THERE} permanent",
            f"fdb add 02:00:00:00:0d:03 dev vx0 dst {THERE} extern_learn",
            "fdb append 00:00:00:00:00:00 dev vx0 dst 192.0.2.3",
        ],
    )
    # A MAC with several remotes is an entry for each.
    known = {entries("learned"): 1, entries("static"): 4, entries("extern_learned"): 1}
    samples = eventually(exporter, known)
    assert not by(samples, "l2_bridge_fdb_entries", "kind")
    here.batch("bridge", [f"fdb del 02:00:00:00:0d:0{n} dev vx0 dst {THERE}" for n in (1, 2, 3)])
    eventually(exporter, {entries("static"): 2})


def test_what_it_learned_is_forgotten(
    here: Namespace, there: Namespace, exporter: Exporter
) -> None:
    here.run("ping", "-c1", "-W5", "198.51.100.2")
    eventually(exporter, {entries("learned"): 1})
    mac = there.mac("vx0")
    here.run("bridge", "fdb", "del", mac, "dev", "vx0", "dst", THERE)
    eventually(exporter, {entries("learned"): 0})


def test_settings_and_a_device_that_goes(here: Namespace, exporter: Exporter) -> None:
    tunnel(here, "192.0.2.1", THERE, "ageing", "45", "maxaddress", "9", "nolearning", device="vx1")
    plain = {of("ageing_seconds", "vx0"): 300, of("learning", "vx0"): 1}
    other = {of("ageing_seconds", "vx1"): 45, of("learning", "vx1"): 0, of("fdb_limit", "vx1"): 9}
    eventually(exporter, {**plain, of("fdb_limit", "vx0"): math.inf, **other})
    eventually(exporter, {entries("static", "vx1", VNI + 1): 1})
    here.ip("link", "delete", "vx1")
    samples = eventually(exporter, {**plain, **dict.fromkeys(other)})
    assert by(samples, "l2_vxlan_fdb_entries", "device").keys() == {"vx0"}
    assert "Traceback" not in exporter.log()


def test_a_bridge_over_a_tunnel_and_the_tunnel_are_told_apart(
    here: Namespace, exporter: Exporter
) -> None:
    here.bridge("br0", "vx0")
    local = key("l2_bridge_fdb_entries", bridge="br0", port="vx0", vlan="", kind="local")
    samples = eventually(exporter, {local: 1, of("learning", "vx0"): 1})
    assert entries("static") in samples
    here.ip("link", "delete", "br0")
    eventually(exporter, {local: None, of("learning", "vx0"): 1})

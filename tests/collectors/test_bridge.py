from __future__ import annotations

import math

import pytest

from l2exporter.errors import KernelError
from l2exporter.kernel.netfilter import BridgeNetfilter
from tests.collectors.kernel_scene import NO_NETFILTER, KernelScene

PROGRAMS = ("iptables", "ip6tables", "arptables")
FLAGS = ("unicast_flood", "learning", "isolated", "locked", "neigh_suppress")


def scene() -> KernelScene:
    return KernelScene("bridge")


def test_settings_are_those_of_each_bridge() -> None:
    host = scene()
    host.bridge(10, "br0")
    host.bridge(
        20,
        "br1",
        ageing_seconds=15.0,
        forward_delay_seconds=4.0,
        stp="kernel",
        topology_change=True,
        topology_change_detected=True,
        vlan_filtering=True,
    )
    for figure, first, second in (
        ("ageing_seconds", 300, 15),
        ("forward_delay_seconds", 15, 4),
        ("topology_change", 0, 1),
        ("topology_change_detected", 0, 1),
        ("vlan_filtering", 0, 1),
    ):
        assert host.samples(f"l2_bridge_{figure}") == {("br0",): first, ("br1",): second}
    assert host.samples("l2_bridge_stp_info") == {("br0", "none"): 1, ("br1", "kernel"): 1}


def test_learned_entries_and_their_limit_are_absent_where_the_kernel_has_none() -> None:
    host = scene()
    host.bridge(10, "old", learned=None, learned_limit=None)
    host.bridge(20, "free", learned=0, learned_limit=0)
    host.bridge(30, "full", learned=64, learned_limit=64)
    assert host.samples("l2_bridge_fdb_learned_entries") == {("free",): 0, ("full",): 64}
    assert host.samples("l2_bridge_fdb_learned_limit") == {("free",): math.inf, ("full",): 64}


@pytest.mark.parametrize("program", PROGRAMS)
@pytest.mark.parametrize(
    ("everywhere", "own", "effective"),
    [
        (None, True, 0),
        (None, None, 0),
        (False, None, 0),
        (False, False, 0),
        (False, True, 1),
        (True, None, 1),
        (True, False, 1),
        (True, True, 1),
    ],
)
def test_bridged_frames_pass_through_what_is_loaded_and_asked_for_by_either(
    program: str, everywhere: bool | None, own: bool | None, effective: int
) -> None:
    host = scene()
    settings = dict.fromkeys(PROGRAMS, False if everywhere is not None else None)
    host.reader.filtered = BridgeNetfilter(**{**settings, program: everywhere})
    host.bridge(10, "br0", **{f"nf_call_{program}": own})
    told = {each: host.samples(f"l2_bridge_nf_call_{each}") for each in PROGRAMS}
    assert told == {each: {("br0",): effective if each == program else 0} for each in PROGRAMS}


def test_without_br_netfilter_none_does() -> None:
    host = scene()
    assert host.reader.filtered == NO_NETFILTER
    host.bridge(nf_call_iptables=True)
    assert host.samples("l2_bridge_nf_call_iptables") == {("br0",): 0}


@pytest.mark.parametrize("flag", FLAGS)
def test_a_ports_flags_are_told_each_under_its_name(flag: str) -> None:
    host = scene()
    host.bridge()
    off = dict.fromkeys(FLAGS, False)
    host.port(11, "vnet0", 10, **{**off, flag: True})
    host.port(12, "vnet1", 10, **{**dict.fromkeys(FLAGS, True), flag: None})
    for each in FLAGS:
        told = {("br0", "vnet0"): float(each == flag)}
        told |= {} if each == flag else {("br0", "vnet1"): 1.0}
        assert host.samples(f"l2_bridge_port_{each}") == told


def test_a_port_has_the_state_and_the_bridge_that_it_has_now() -> None:
    host = scene()
    host.bridge(10, "br0")
    host.bridge(20, "br1")
    host.port(11, "vnet0", bridge=10, state="forwarding")
    host.port(21, "vnet1", bridge=20, state="blocking")
    assert host.samples("l2_bridge_port_state_info") == {
        ("br0", "vnet0", "forwarding"): 1,
        ("br1", "vnet1", "blocking"): 1,
    }


def test_a_port_of_a_bridge_that_came_since_the_bridges_were_read_waits_for_the_next_scrape() -> (
    None
):
    host = scene()
    host.port(11, "vnet0", bridge=99)
    assert host.samples("l2_bridge_port_state_info") == {}
    assert host.samples("l2_bridge_port_learning") == {}


def test_what_cannot_be_read_is_a_failure_and_no_figure() -> None:
    host = scene()
    host.bridge()
    host.reader.fault = KernelError("netlink: refused")
    told = {s.name: s.value for family in host.suite.collect() for s in family.samples}
    assert told["l2_scrape_collector_success"] == 0
    assert "l2_bridge_ageing_seconds" not in told

"""What bridges and their ports are set to, as it is changed under a running exporter."""

from __future__ import annotations

import pytest

from tests.lab.exporter import Exporter, key
from tests.lab.hypervisor import BRIDGE, Hypervisor
from tests.live.samples import Key, by, eventually

pytestmark = pytest.mark.root

FLAGS = {
    "flood": ("l2_bridge_port_unicast_flood", 1),
    "learning": ("l2_bridge_port_learning", 1),
    "isolated": ("l2_bridge_port_isolated", 0),
    "neigh_suppress": ("l2_bridge_port_neigh_suppress", 0),
    "locked": ("l2_bridge_port_locked", 0),
}
"""Option of `bridge link set` -> metric and the kernel's default."""

PROGRAMS = ("ip", "ip6", "arp")
MANY = 20


def of_bridge(name: str, bridge: str = BRIDGE) -> Key:
    return key(f"l2_bridge_{name}", bridge=bridge)


def test_flags_of_ports_follow_what_is_set(host: Hypervisor, exporter: Exporter) -> None:
    guest, other = host.guests
    words = {0: "off", 1: "on"}

    def flags(flip: int) -> dict[Key, float | None]:
        here = {key(m, bridge=BRIDGE, port=guest.port): v ^ flip for m, v in FLAGS.values()}
        there = {key(m, bridge=BRIDGE, port=other.port): v for m, v in FLAGS.values()}
        return {**here, **there}

    eventually(exporter, flags(0))
    for flip in (1, 0):
        options = [word for flag, (_, v) in FLAGS.items() for word in (flag, words[v ^ flip])]
        host.namespace.run("bridge", "link", "set", "dev", guest.port, *options)
        eventually(exporter, flags(flip))


def test_settings_of_a_bridge_follow_what_is_set(host: Hypervisor, exporter: Exporter) -> None:
    ageing, delay = of_bridge("ageing_seconds"), of_bridge("forward_delay_seconds")
    host.setting("ageing_time", "30000", "forward_delay", "1500")
    eventually(exporter, {ageing: 300, delay: 15})
    host.setting("ageing_time", "150", "forward_delay", "400")
    eventually(exporter, {ageing: 1.5, delay: 4})
    host.setting("ageing_time", "30000", "forward_delay", "0")
    eventually(exporter, {ageing: 300, delay: 0})


def test_the_netfilter_options_that_are_in_effect(host: Hypervisor, exporter: Exporter) -> None:
    calls = {of_bridge(f"nf_call_{name}tables"): f"nf_call_{name}tables" for name in PROGRAMS}
    sysctls = [f"net.bridge.bridge-nf-call-{name}tables" for name in PROGRAMS]
    for name in sysctls:
        host.namespace.sysctl(name, 0)
    eventually(exporter, dict.fromkeys(calls, 0))
    for option in calls.values():
        host.setting(option, "1")
    eventually(exporter, dict.fromkeys(calls, 1))
    for option in calls.values():
        host.setting(option, "0")
    eventually(exporter, dict.fromkeys(calls, 0))
    for name in sysctls:
        host.namespace.sysctl(name, 1)
    eventually(exporter, dict.fromkeys(calls, 1))


def test_bridges_are_told_apart(exporter: Exporter, host: Hypervisor) -> None:
    names = [f"many{number}" for number in range(MANY)]
    ageings = {name: 10 + number for number, name in enumerate(names)}
    host.namespace.batch(
        "ip",
        [f"link add {name} up type bridge ageing_time {ageings[name]}00" for name in names],
    )
    eventually(exporter, {of_bridge("ageing_seconds", name): ageings[name] for name in names})
    verdicts = by(exporter.scrape(), "l2_neighbor_outlives_fdb", "bridge", family="ipv4")
    assert verdicts.keys() >= set(names)
    host.namespace.batch("ip", [f"link delete {name}" for name in names])
    eventually(exporter, {of_bridge("ageing_seconds", name): None for name in names})

"""The kernel's neighbour tables, of both families, under a running exporter in a namespace."""

from __future__ import annotations

import math
import re

import pytest

from tests.lab import crowd
from tests.lab.crowd import crowded, wait_for_room
from tests.lab.exporter import Exporter, key
from tests.lab.hypervisor import BRIDGE, FAMILIES, Hypervisor
from tests.live.samples import Key, by, eventually

pytestmark = pytest.mark.root

both = pytest.mark.parametrize("family", FAMILIES)


@pytest.fixture(autouse=True)
def unknown(host: Hypervisor) -> None:
    """No neighbour is known at first."""
    forget(host)


def forget(host: Hypervisor) -> None:
    for number in FAMILIES.values():
        host.namespace.ip(f"-{number}", "neigh", "flush", "all", "nud", "all")


def entries(family: str, state: str, device: str = BRIDGE) -> Key:
    return key("l2_neighbor_entries", device=device, family=family, state=state)


def of_table(name: str, family: str, **labels: str) -> Key:
    return key(f"l2_neighbor_{name}", family=family, **labels)


def of_device(name: str, family: str, **labels: str) -> Key:
    return key(f"l2_neighbor_{name}", device=BRIDGE, family=family, **labels)


def foreign(family: str, number: int) -> str:
    """An address on the bridge that nobody has."""
    return f"192.0.2.{100 + number}" if family == "ipv4" else f"2001:db8::1:{number}"


@both
def test_entries_by_state(host: Hypervisor, exporter: Exporter, family: str) -> None:
    states = {"reachable": 1, "stale": 2, "permanent": 3}
    given = [state for state, count in states.items() for _ in range(count)]
    lines = [
        f"neigh add {foreign(family, n)} lladdr 02:00:00:00:0e:{n:02x} dev {BRIDGE} nud {state}"
        for n, state in enumerate(given)
    ]
    host.namespace.sysctl(f"net.ipv{FAMILIES[family]}.neigh.{BRIDGE}.base_reachable_time_ms", 60000)
    host.namespace.batch("ip", lines)
    others = dict.fromkeys(("incomplete", "delay", "probe", "failed"), 0)
    known = {entries(family, state): count for state, count in {**states, **others}.items()}
    eventually(exporter, known)
    forget(host)
    eventually(exporter, {entries(family, state): None for state in states})


@both
def test_an_address_that_nobody_answers_for(
    host: Hypervisor, exporter: Exporter, family: str
) -> None:
    host.neighbor_setting("retrans_time_ms", 50)
    failed = of_table("failed_resolutions_total", family)
    before = exporter.scrape()
    host.namespace.run("ping", "-c1", "-W1", foreign(family, 0), check=False)
    samples = eventually(exporter, {entries(family, "failed"): 1, entries(family, "incomplete"): 0})
    assert samples[failed] > before[failed]


@both
def test_a_resolved_neighbor_is_reachable_and_then_stale(
    host: Hypervisor, exporter: Exporter, family: str
) -> None:
    guest, _ = host.guests
    number = FAMILIES[family]
    setting = f"net.ipv{number}.neigh.{BRIDGE}.base_reachable_time_ms"
    host.namespace.sysctl(setting, 60_000)
    host.ask(guest, family)
    eventually(exporter, {entries(family, "reachable"): 1})
    host.namespace.sysctl(setting, 500)
    host.namespace.ip(f"-{number}", "neigh", "flush", "all")
    host.ask(guest, family)
    eventually(exporter, {entries(family, "reachable"): 0, entries(family, "stale"): 1})
    host.tell(guest, family)
    eventually(exporter, {entries(family, "stale"): 0, entries(family, "delay"): 1})


@both
def test_times_of_a_device_follow_what_is_set(
    host: Hypervisor, exporter: Exporter, family: str
) -> None:
    prefix = f"net.ipv{FAMILIES[family]}.neigh.{BRIDGE}"
    host.namespace.sysctl(f"{prefix}.base_reachable_time_ms", 12_000)
    host.namespace.sysctl(f"{prefix}.gc_stale_time", 77)
    host.namespace.sysctl(f"{prefix}.delay_first_probe_time", 3)
    base, stale = of_device("base_reachable_seconds", family), of_device("gc_stale_seconds", family)
    delay = of_device("delay_probe_seconds", family)
    wait_for_room(exporter)
    samples = eventually(exporter, {base: 12, stale: 77, delay: 3})
    assert 6 <= samples[of_device("reachable_seconds", family)] <= 18
    assert samples[of_device("retention_seconds", family, bound="min")] == 77
    assert samples[of_device("retention_seconds", family, bound="max")] == math.inf


@both
def test_only_devices_that_resolve_addresses_have_times(
    host: Hypervisor, exporter: Exporter, family: str
) -> None:
    told = by(exporter.scrape(), "l2_neighbor_base_reachable_seconds", "device", family=family)
    assert told.keys() == {BRIDGE}


@both
def test_the_table_is_the_kernels_and_its_limits_are_as_iproute2_has_them(
    host: Hypervisor, exporter: Exporter, family: str
) -> None:
    said = host.namespace.run("ip", f"-{FAMILIES[family]}", "ntable", "show")
    limits = dict(re.findall(r"thresh([123]) (\d+)", said))
    levels = {of_table("gc_threshold", family, level=n): int(limits[n]) for n in limits}
    assert len(levels) == 3
    eventually(exporter, dict(levels))
    size = of_table("table_entries", family)
    with crowded(host.namespace):
        samples = eventually(exporter, {entries(family, "permanent", crowd.DEVICE): crowd.SIZE})
        assert samples[size] >= crowd.SIZE
    eventually(exporter, {entries(family, "permanent", crowd.DEVICE): None})


@both
def test_what_a_namespace_does_not_have_is_absent(
    host: Hypervisor, exporter: Exporter, family: str
) -> None:
    statistics = {"ipv4": "arp_cache", "ipv6": "ndisc_cache"}[family]
    shown = host.namespace.run("ls", "/proc/net/stat").split()
    assert statistics not in shown
    samples = exporter.scrape()
    assert of_table("unresolved_discards_total", family) not in samples
    for counter in ("table_overflows", "forced_gc_runs", "failed_resolutions"):
        assert of_table(f"{counter}_total", family) in samples

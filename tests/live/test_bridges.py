"""What bridges learn, forget and are set to, under a running exporter."""

from __future__ import annotations

import math
from collections.abc import Iterator

import pytest

from tests.lab.exporter import Exporter, Samples, key
from tests.lab.hypervisor import BRIDGE, Hypervisor
from tests.lab.namespace import Namespace
from tests.lab.netlink import authenticate_by_mac, limit_learned
from tests.live.samples import Key, by, eventually, grows

pytestmark = pytest.mark.root

MAC = "02:00:00:00:0a:01"


@pytest.fixture(scope="module")
def host() -> Iterator[Hypervisor]:
    with Hypervisor(3) as made:
        for guest in made.guests:
            guest.send()
        yield made


@pytest.fixture(scope="module")
def exporter(host: Hypervisor) -> Iterator[Exporter]:
    with Exporter(host.namespace) as running:
        eventually(running, {key("l2_bridge_fdb_synchronized"): 1})
        yield running


@pytest.fixture(autouse=True)
def forgotten(host: Hypervisor) -> None:
    """What another test made the bridge learn does not count in this one."""
    host.setting("fdb_flush")


def event(name: str, bridge: str = BRIDGE) -> Key:
    return key("l2_bridge_fdb_events_total", bridge=bridge, event=name)


def entries(port: str, kind: str, bridge: str = BRIDGE) -> Key:
    return key("l2_bridge_fdb_entries", bridge=bridge, port=port, vlan="", kind=kind)


def of_bridge(name: str, bridge: str = BRIDGE) -> Key:
    return key(f"l2_bridge_{name}", bridge=bridge)


def port_state(port: str, state: str, bridge: str = BRIDGE) -> Key:
    return key("l2_bridge_port_state_info", bridge=bridge, port=port, state=state)


def about(samples: Samples, **labels: str) -> set[str]:
    """The names of the samples that have these labels."""
    return {name for name, pairs in samples if labels.items() <= dict(pairs).items()}


def test_what_was_learned_before_it_started_is_known_with_its_age(exporter: Exporter) -> None:
    samples = exporter.scrape()
    assert samples[of_bridge("fdb_age_seconds_gcount")] == 3
    assert 0 <= samples[of_bridge("fdb_age_seconds_gsum")] < 3 * 300
    by_age = by(samples, "l2_bridge_fdb_age_seconds_bucket", "le", bridge=BRIDGE)
    assert by_age["300.0"] == by_age["+Inf"] == 3
    assert samples[event("learned")] == 0


def test_a_guest_that_migrates_takes_its_address_to_another_port(
    host: Hypervisor, exporter: Exporter
) -> None:
    old, new, _ = host.guests
    moves = key("l2_bridge_fdb_moves_total", bridge=BRIDGE, vlan="")
    moving = key("l2_bridge_fdb_mac_moves_total", bridge=BRIDGE, vlan="", mac=MAC)
    old.send(source=MAC)
    before = eventually(exporter, {entries(old.port, "learned"): 1, moving: None})
    assert moves in before
    new.send(source=MAC)
    there = {entries(old.port, "learned"): 0, entries(new.port, "learned"): 1, moving: 1}
    samples = eventually(exporter, there)
    growth = {moves: 1, event("moved"): 1, event("learned"): 0, event("flushed"): 0}
    assert {name: samples[name] - before[name] for name in growth} == growth
    old.send(source=MAC)
    back = {entries(old.port, "learned"): 1, entries(new.port, "learned"): 0, moving: 2}
    samples = eventually(exporter, back)
    assert samples[moves] == before[moves] + 2


def test_entries_of_every_kind_that_this_kernel_makes(host: Hypervisor, exporter: Exporter) -> None:
    """`offloaded` ones take a switch in hardware: made by hand in the unit tests."""
    guest, _, _ = host.guests
    port = guest.port
    before = exporter.scrape()
    made = {
        "local": "local",
        "static": "static",
        "sticky": "sticky dynamic",
        "extern_learned": "extern_learn",
        "learned": "dynamic",
    }
    macs = {kind: f"02:00:00:00:0b:{n:02x}" for n, kind in enumerate(made)}
    commands = [f"fdb add {macs[kind]} dev {port} master {how}" for kind, how in made.items()]
    host.namespace.batch("bridge", commands)
    guest.send(source=MAC)
    counts = {"local": 2, "static": 1, "sticky": 1, "extern_learned": 1, "learned": 2}
    eventually(exporter, {entries(port, kind): count for kind, count in counts.items()})

    host.namespace.batch("bridge", [f"fdb del {mac} dev {port} master" for mac in macs.values()])
    host.setting("fdb_flush")
    kept: dict[Key, float | None] = {entries(port, kind): None for kind in counts}
    kept |= {entries(port, "local"): 1, entries(port, "learned"): 0}
    samples = eventually(exporter, kept)
    assert samples[event("added")] - before[event("added")] == 3
    assert samples[event("removed")] - before[event("removed")] == 3


def test_a_guest_that_is_kept_out_has_a_locked_entry(host: Hypervisor, exporter: Exporter) -> None:
    guest, other, _ = host.guests
    locked = key("l2_bridge_port_locked", bridge=BRIDGE, port=guest.port)
    eventually(exporter, {locked: 0})
    authenticate_by_mac(host.namespace, guest.port, on=True)
    with other.listening() as listener:
        guest.send(other.mac, source=MAC)
        eventually(exporter, {locked: 1, entries(guest.port, "locked"): 1})
        assert not listener.heard(other.mac)
    authenticate_by_mac(host.namespace, guest.port, on=False)
    host.setting("fdb_flush")
    eventually(exporter, {locked: 0, entries(guest.port, "locked"): None})


def test_a_full_fdb_learns_no_more(host: Hypervisor, exporter: Exporter) -> None:
    guest, _, _ = host.guests
    count, limit = of_bridge("fdb_learned_entries"), of_bridge("fdb_learned_limit")
    eventually(exporter, {count: 0, limit: math.inf})
    limit_learned(host.namespace, BRIDGE, 5)
    for number in range(9):
        guest.send(source=f"02:00:00:00:0c:{number:02x}")
    eventually(exporter, {count: 5, limit: 5, entries(guest.port, "learned"): 5})
    limit_learned(host.namespace, BRIDGE, 0)
    guest.send(source="02:00:00:00:0c:08")
    eventually(exporter, {count: 6, limit: math.inf, entries(guest.port, "learned"): 6})


def test_a_flush_and_a_port_that_goes_down(host: Hypervisor, exporter: Exporter) -> None:
    one, two, _ = host.guests
    before = exporter.scrape()
    for guest in (one, two):
        guest.send()
    eventually(exporter, {entries(one.port, "learned"): 1, entries(two.port, "learned"): 1})
    host.namespace.ip("link", "set", one.port, "down")
    gone = {entries(one.port, "learned"): 0, entries(two.port, "learned"): 1}
    eventually(exporter, gone | {port_state(one.port, "disabled"): 1})
    host.setting("fdb_flush")
    samples = eventually(exporter, {entries(two.port, "learned"): 0})
    assert samples[event("flushed")] - before[event("flushed")] == 2
    assert samples[event("aged_out")] == before[event("aged_out")]
    host.namespace.ip("link", "set", one.port, "up")
    eventually(exporter, {port_state(one.port, "forwarding"): 1})


def test_a_bridge_made_anew_and_one_renamed_begin_and_end_series(
    host: Hypervisor, exporter: Exporter
) -> None:
    guest, _, _ = host.guests
    ip = host.namespace.ip
    before = exporter.scrape()
    guest.send(source=MAC)
    eventually(exporter, {entries(guest.port, "learned"): 1})

    ip("link", "set", BRIDGE, "down")
    ip("link", "set", BRIDGE, "name", "br9")
    ip("link", "set", guest.port, "name", "tap9")
    ip("link", "set", "br9", "up")
    new_names = {port_state("tap9", "forwarding", "br9"): 1, entries("tap9", "local", "br9"): 1}
    renamed = eventually(
        exporter, {**new_names, of_bridge("ageing_seconds", "br9"): 300, event("learned"): None}
    )
    assert not about(renamed, bridge=BRIDGE)
    assert not about(renamed, port=guest.port)
    assert renamed[event("learned", "br9")] == before[event("learned")] + 1
    guest.send(source=MAC)
    eventually(exporter, {entries("tap9", "learned", "br9"): 1})

    ip("link", "delete", "br9")
    eventually(exporter, {of_bridge("ageing_seconds", "br9"): None})
    ip("link", "set", "tap9", "name", guest.port)
    host.namespace.bridge(BRIDGE, *(guest.port for guest in host.guests))
    anew = eventually(exporter, {of_bridge("ageing_seconds"): 300, event("learned"): 0})
    assert not about(anew, bridge="br9")
    guest.send(source=MAC)
    grows(exporter, anew, {entries(guest.port, "learned"): 1, event("learned"): 1})
    assert "Traceback" not in exporter.log()


def test_a_namespace_without_a_bridge_has_no_samples_of_one() -> None:
    with Namespace() as empty, Exporter(empty) as exporter:
        samples = exporter.scrape()
        assert not [name for name, pairs in samples if "bridge" in dict(pairs)]
        assert samples[key("l2_bridge_fdb_synchronized")] == 1
        assert set(by(samples, "l2_scrape_collector_success", "collector").values()) == {1}

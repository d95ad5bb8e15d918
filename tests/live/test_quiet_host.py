"""The failure that bridges cause: a quiet guest's MAC is forgotten, its neighbour entry is not.

Three tiers of evidence, each from nothing to its value and back: the settings allow it, the
tables disagree now, frames are being flooded.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator

import pytest

from tests.lab import frames
from tests.lab.crowd import crowded, wait_for_room
from tests.lab.exporter import Exporter, key
from tests.lab.guest import DEVICE
from tests.lab.hypervisor import BRIDGE, FAMILIES, Hypervisor
from tests.lab.wait import wait_until
from tests.live.samples import Key, eventually, grows

pytestmark = pytest.mark.root

FORGETFUL, MINDFUL = 1, 300
"""Seconds that the bridge keeps a MAC: the least that is handy, and the kernel's default."""


@pytest.fixture(scope="module")
def host() -> Iterator[Hypervisor]:
    with Hypervisor(3) as made:
        yield made


@pytest.fixture(scope="module")
def exporter(host: Hypervisor) -> Iterator[Exporter]:
    """It has seen every guest, so that a frame for the guest itself is no flood on its port."""
    with Exporter(host.namespace, "--capture.guest-unknown-unicast") as running:
        eventually(running, {flooded(guest.port): 0 for guest in host.guests})
        for guest in host.guests:
            guest.send()

        def settled() -> bool:
            before = running.scrape()
            for guest, other in itertools.pairwise([*host.guests, host.guests[0]]):
                guest.send(other.mac)
            after = running.scrape()
            return all(before[flooded(g.port)] == after[flooded(g.port)] for g in host.guests)

        wait_until(settled, "every guest is known")
        yield running


@pytest.fixture(autouse=True)
def forgetful(host: Hypervisor) -> None:
    host.ageing(FORGETFUL)


def missing(family: str) -> Key:
    return key("l2_neighbor_missing_from_fdb", bridge=BRIDGE, family=family)


def verdict(value: int) -> dict[Key, float | None]:
    return {
        key("l2_neighbor_outlives_fdb", bridge=BRIDGE, family=family): value for family in FAMILIES
    }


def flooded(port: str) -> Key:
    return key("l2_unknown_unicast_frames_total", device=port)


def event(name: str) -> Key:
    return key("l2_bridge_fdb_events_total", bridge=BRIDGE, event=name)


def learned(port: str) -> Key:
    return key("l2_bridge_fdb_entries", bridge=BRIDGE, port=port, vlan="", kind="learned")


@pytest.mark.parametrize("family", FAMILIES)
def test_a_datagram_to_a_quiet_guest_reaches_a_bystander(
    host: Hypervisor, exporter: Exporter, family: str
) -> None:
    quiet, bystander, _ = host.guests
    ip = quiet.address(family)
    where = {"bridge": BRIDGE, "device": BRIDGE, "family": family}
    listed = key("l2_neighbor_missing_from_fdb_info", **where, ip=ip, mac=quiet.mac)
    stale = key("l2_neighbor_entries", device=BRIDGE, family=family, state="stale")
    host.ageing(MINDFUL)
    host.ask(quiet, family)
    before = eventually(exporter, {missing(family): 0, listed: None, learned(quiet.port): 1})
    host.ageing(FORGETFUL)
    evidence = {missing(family): 1, listed: 1, learned(quiet.port): 0, stale: 1}
    samples = eventually(exporter, evidence)
    assert samples[flooded(bystander.port)] == before[flooded(bystander.port)]

    with quiet.receiving(family) as service, bystander.listening() as listener:
        for number in (1, 2):
            host.tell(quiet, family)
            assert service.recv(64) == b"quiet"
            samples = grows(exporter, before, {flooded(bystander.port): number})
            assert listener.heard(quiet.mac) == number
        assert samples[flooded(quiet.port)] == before[flooded(quiet.port)]
        assert samples[missing(family)] == 1

        host.ageing(MINDFUL)
        quiet.send()
        eventually(exporter, {missing(family): 0, listed: None, learned(quiet.port): 1})
        host.tell(quiet, family)
        assert service.recv(64) == b"quiet"
        assert exporter.scrape()[flooded(bystander.port)] == samples[flooded(bystander.port)]
        assert listener.heard(quiet.mac) == 2


def test_settings_alone_tell_whether_it_can_happen(host: Hypervisor, exporter: Exporter) -> None:
    host.neighbor_setting("gc_stale_time", 2)
    kept = [
        key("l2_neighbor_retention_seconds", device=BRIDGE, family=family, bound="max")
        for family in FAMILIES
    ]
    without_limit: dict[Key, float | None] = dict.fromkeys(kept, math.inf)
    host.ageing(MINDFUL)
    wait_for_room(exporter)
    eventually(exporter, verdict(1) | without_limit)
    with crowded(host.namespace):
        samples = eventually(exporter, verdict(0))
        assert all(2 <= samples[bound] < MINDFUL for bound in kept)
        host.ageing(FORGETFUL)
        eventually(exporter, verdict(1))
        host.ageing(MINDFUL)
        eventually(exporter, verdict(0))
        host.neighbor_setting("gc_stale_time", MINDFUL + 1)
        eventually(exporter, verdict(1))
        host.neighbor_setting("gc_stale_time", 2)
        eventually(exporter, verdict(0))
    eventually(exporter, verdict(1) | without_limit)


def test_a_guest_that_only_receives_is_forgotten_while_in_demand(
    host: Hypervisor, exporter: Exporter
) -> None:
    sink, source, bystander = host.guests
    forgets = {learned(guest.port): 0 for guest in host.guests}
    eventually(exporter, forgets)
    static = f"{source.mac} dev {source.port} master static"
    host.namespace.batch("bridge", [f"fdb add {static}"])
    host.ageing(MINDFUL)
    sink.send()
    before = eventually(exporter, {learned(sink.port): 1})
    host.ageing(FORGETFUL)

    def streams() -> bool:
        source.send(sink.mac)
        return exporter.scrape()[event("aged_out_in_demand")] > before[event("aged_out_in_demand")]

    wait_until(streams, "the sink is forgotten")
    samples = exporter.scrape()
    assert samples[event("aged_out")] == before[event("aged_out")]
    source.send(sink.mac, count=5)
    samples = grows(exporter, samples, {flooded(bystander.port): 5})
    assert samples[flooded(sink.port)] == before[flooded(sink.port)]
    assert samples[flooded(source.port)] == before[flooded(source.port)]

    host.ageing(MINDFUL)
    sink.send()
    eventually(exporter, {learned(sink.port): 1})
    source.send(sink.mac, count=5)
    assert exporter.scrape()[flooded(bystander.port)] == samples[flooded(bystander.port)]

    sink.send()
    host.ageing(FORGETFUL)
    eventually(exporter, forgets)
    growth = {event("learned"): 1, event("aged_out"): 1, event("aged_out_in_demand"): 1}
    grows(exporter, before, growth)
    host.namespace.batch("bridge", [f"fdb del {static}"])


def test_what_a_port_does_not_learn_is_flooded_for_ever(
    host: Hypervisor, exporter: Exporter
) -> None:
    guest, sender, bystander = host.guests
    learning = key("l2_bridge_port_learning", bridge=BRIDGE, port=guest.port)
    before = eventually(exporter, {learning: 1, learned(guest.port): 0})
    host.ageing(MINDFUL)
    host.namespace.run("bridge", "link", "set", "dev", guest.port, "learning", "off")
    for _ in range(3):
        guest.send()
        sender.send(guest.mac)
    samples = eventually(exporter, {learning: 0, learned(sender.port): 1})
    assert samples[learned(guest.port)] == 0
    assert samples[flooded(bystander.port)] == before[flooded(bystander.port)] + 3

    host.namespace.run("bridge", "link", "set", "dev", guest.port, "learning", "on")
    guest.send()
    eventually(exporter, {learning: 1, learned(guest.port): 1})
    with bystander.listening() as listener:
        sender.send(guest.mac)
        sender.send(bystander.mac)
        wait_until(lambda: listener.heard(bystander.mac) == 1, "the frame behind it")
        assert not listener.heard(guest.mac)
    assert exporter.scrape()[flooded(bystander.port)] == samples[flooded(bystander.port)]


def test_a_port_that_takes_no_floods_is_a_bystander_no_more(
    host: Hypervisor, exporter: Exporter
) -> None:
    _, sender, bystander = host.guests
    takes = key("l2_bridge_port_unicast_flood", bridge=BRIDGE, port=bystander.port)
    before = eventually(exporter, {takes: 1})
    host.namespace.run("bridge", "link", "set", "dev", bystander.port, "flood", "off")
    sender.send("02:00:00:00:09:09")
    samples = eventually(exporter, {takes: 0})
    assert samples[flooded(bystander.port)] == before[flooded(bystander.port)]
    host.namespace.run("bridge", "link", "set", "dev", bystander.port, "flood", "on")
    sender.send("02:00:00:00:09:09")
    grows(exporter, before, {takes: 0, flooded(bystander.port): 1})


def test_a_bystander_counts_what_reaches_its_own_card(host: Hypervisor, exporter: Exporter) -> None:
    quiet, bystander, sender = host.guests
    seen = key("l2_unknown_unicast_frames_total", device=DEVICE)
    with Exporter(bystander.namespace, "--capture.unknown-unicast") as there:
        eventually(there, {seen: 0})
        sender.send(bystander.mac)
        sender.send(frames.BROADCAST)
        sender.send("01:00:5e:00:00:01")
        sender.send("02:00:00:00:09:09", count=3)
        eventually(there, {seen: 3})
        host.ageing(MINDFUL)
        quiet.send()
        eventually(exporter, {learned(quiet.port): 1})
        sender.send(quiet.mac, count=2)
        sender.send("02:00:00:00:09:09")
        eventually(there, {seen: 4})

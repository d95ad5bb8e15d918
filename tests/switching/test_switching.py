"""The thread that keeps the forwarding table current, on real bridges in namespaces."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator

import pytest

from l2exporter import limits
from l2exporter.kernel.fdb import KINDS
from tests.lab import frames
from tests.lab.guest import Guest
from tests.lab.hypervisor import BRIDGE, Hypervisor
from tests.lab.namespace import veth
from tests.lab.wait import wait_until
from tests.switching.watched import Watched, number, watching

pytestmark = pytest.mark.root
ROAMER = "02:00:00:00:aa:01"


@pytest.fixture
def host() -> Iterator[Hypervisor]:
    with Hypervisor(2) as made:
        yield made


@pytest.fixture
def watched(host: Hypervisor) -> Iterator[Watched]:
    with watching(host.namespace) as made:
        yield made


def test_what_was_there_before_is_known_and_not_counted(host: Hypervisor) -> None:
    first, second = host.guests
    first.send(source=ROAMER)
    wait_until(lambda: ROAMER in host.namespace.run("bridge", "fdb"), "the bridge has learned")
    with watching(host.namespace) as watched:
        assert watched.knows(ROAMER)
        assert not watched.knows("02:00:00:00:aa:02")
        assert watched.event("learned") == 0
        assert watched.entries(first.port, KINDS.index("local")) == 1
        assert watched.switching.fault is None
        assert {link.name for link in watched.switching.links().values()} == {
            *("lo", BRIDGE, first.port, second.port)
        }


def test_a_mac_is_learned_moves_and_is_flushed(host: Hypervisor, watched: Watched) -> None:
    first, second = host.guests
    learned = watched.event("learned")
    first.send(source=ROAMER)
    wait_until(lambda: watched.knows(ROAMER), "the bridge learned it")
    assert watched.event("learned") == learned + 1
    assert watched.event("moved") == 0
    for times, guest in enumerate((second, first, second), start=1):
        guest.send(source=ROAMER)
        wait_until(lambda times=times: watched.event("moved") == times, "moved")  # type: ignore[misc]
    bridge, port = watched.index(BRIDGE), watched.index(second.port)
    with watched.table.lock:
        assert watched.table.moves() == {(bridge, 0): 3}
        assert watched.table.moving() == [(bridge, 0, number(ROAMER), 3)]
        assert number(ROAMER) in watched.table.guests.behind(port)
        assert number(ROAMER) not in watched.table.guests.behind(watched.index(first.port))
    flushed = watched.entries(second.port)
    host.namespace.ip("link", "set", "dev", second.port, "type", "bridge_slave", "fdb_flush")
    wait_until(lambda: watched.event("flushed") == flushed, "flushed")
    assert not watched.knows(ROAMER)
    assert watched.entries(second.port) == 0
    assert number(ROAMER) in watched.table.guests.behind(port)


def test_what_an_operator_enters_is_added_and_removed(host: Hypervisor, watched: Watched) -> None:
    port = host.guests[0].port
    added, removed = watched.event("added"), watched.event("removed")
    host.namespace.run("bridge", "fdb", "add", ROAMER, "dev", port, "master", "static")
    wait_until(lambda: watched.event("added") == added + 1, "added")
    assert watched.entries(port, KINDS.index("static")) == 1
    host.namespace.run("bridge", "fdb", "del", ROAMER, "dev", port, "master")
    wait_until(lambda: watched.event("removed") == removed + 1, "removed")
    assert not watched.knows(ROAMER)


def test_what_falls_silent_ages_out_in_demand_or_not(host: Hypervisor, watched: Watched) -> None:
    first, second = host.guests
    host.ageing(2)
    second.send(source="02:00:00:00:aa:02")
    second.send(source=ROAMER)
    wait_until(lambda: watched.knows(ROAMER), "learned")

    def speaks_to_it_in_vain() -> bool:
        first.send(to=ROAMER)
        return watched.event("aged_out_in_demand") == 1

    wait_until(speaks_to_it_in_vain, "aged out in demand")
    wait_until(lambda: not watched.knows("02:00:00:00:aa:02"), "aged out")
    assert not watched.knows(ROAMER)
    assert watched.event("aged_out") >= 1
    assert watched.event("aged_out_in_demand") == 1


def test_a_bridge_that_is_deleted_takes_everything_with_it(
    host: Hypervisor, watched: Watched
) -> None:
    veth(host.namespace, "q1", host.namespace, "q2")
    host.namespace.bridge("br1", "q1")
    index, port = watched.index("br1"), watched.index("q1")
    wait_until(lambda: watched.event("added", "br1") > 0, "the bridge's own addresses")
    assert {link.master for link in watched.switching.links().values()} >= {index}
    host.namespace.ip("link", "delete", "br1")
    host.namespace.ip("link", "delete", "q1")

    def gone() -> bool:
        watched.switching.catch_up()
        with watched.table.lock:
            return index not in watched.table.events()

    wait_until(gone, "forgotten")
    with watched.table.lock:
        assert index not in {bridge for bridge, _ in watched.table.moves()}
        assert index not in {bridge for bridge, *_ in watched.table.counts()}
        assert not {index, port} & watched.switching.links().keys()
    assert watched.entries(host.guests[0].port, KINDS.index("local")) == 1


def storm(guest: Guest, count: int) -> None:
    """Frames from so many new senders."""
    sent = [b"\xff" * 6 + (0x020100000000 + n).to_bytes(6) + bytes(48) for n in range(count)]
    frames.send(guest.namespace, "eth0", sent)


def test_lost_events_are_made_good_by_a_dump(
    host: Hypervisor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "FDB_EVENT_BYTES", 4096)
    monkeypatch.setattr("l2exporter.switching.NAP_SECONDS", 0.2)
    first, second = host.guests
    with watching(host.namespace) as watched:
        first.send(source=ROAMER)
        wait_until(lambda: watched.knows(ROAMER), "learned")
        dumps = watched.feed.tally.dumps
        storm(first, 500)
        second.send(source=ROAMER)
        wait_until(lambda: watched.feed.tally.overruns > 0, "the overrun")
        wait_until(lambda: watched.table.synchronized, "synchronized again")
        assert watched.feed.tally.dumps > dumps
        assert watched.entries(first.port) >= 500
        assert watched.event("moved") == 1
        assert watched.switching.fault is None


def test_a_storm_that_fits_the_buffer_loses_nothing(host: Hypervisor, watched: Watched) -> None:
    learned = watched.event("learned")
    storm(host.guests[0], 900)
    wait_until(lambda: watched.event("learned") >= learned + 900, "all of them")
    assert watched.feed.tally.overruns == 0
    assert watched.event("moved") == 0


def test_scrapes_from_many_threads_count_each_event_once(
    host: Hypervisor, watched: Watched
) -> None:
    done = threading.Event()
    learned = watched.event("learned")

    def scrape() -> None:
        while not done.is_set():
            watched.switching.catch_up()

    threads = [threading.Thread(target=scrape) for _ in range(3)]
    for thread in threads:
        thread.start()
    try:
        storm(host.guests[0], 500)
        for guest in (host.guests[1], host.guests[0]):
            storm(guest, 500)
        wait_until(lambda: watched.event("moved") == 1000, "all of them")
    finally:
        done.set()
        for thread in threads:
            thread.join()
    assert watched.event("learned") >= learned + 500
    assert watched.table.synchronized


def test_stopping_ends_the_thread_and_a_late_scrape_does_no_harm(host: Hypervisor) -> None:
    before = len(os.listdir("/proc/self/fd"))
    with watching(host.namespace) as watched:
        assert "switching" in {thread.name for thread in threading.enumerate()}
    assert "switching" not in {thread.name for thread in threading.enumerate()}
    assert len(os.listdir("/proc/self/fd")) == before
    watched.switching.catch_up()
    assert watched.switching.fault is None
    assert watched.entries(host.guests[0].port, KINDS.index("local")) == 1

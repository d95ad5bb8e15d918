"""When the switching thread does what, with a feed that is a script: only the thread is real."""

from __future__ import annotations

import os
import threading
import time
from dataclasses import replace

import pytest

from l2exporter import switching
from l2exporter.errors import Overrun
from l2exporter.switching import Switching
from l2exporter.tables.forwarding import ForwardingTable
from tests.kernel.rows import link
from tests.lab.wait import wait_until
from tests.switching.feeds import A, B, Counters, Script, met, running
from tests.tables.fdb import BRIDGE, Entry, events, gone, new


def changes(floods: Counters) -> list[tuple[int, tuple[int, ...]]]:
    return [change for _, _, changed in floods.told for change in changed.items()]


def test_a_long_dump_is_followed_by_a_longer_pause(
    feed: Script, table: ForwardingTable, hurried: None
) -> None:
    feed.labour = 0.1
    with running(feed, table):
        feed.say(Overrun("netlink: dropped"))
        wait_until(lambda: len(feed.dumps) == 2, "the second dump")
    assert feed.dumps[1] - feed.dumps[0] >= 0.1 * switching.RESYNC_PAUSES


def test_events_during_a_dump_are_newer_than_it(feed: Script, table: ForwardingTable) -> None:
    feed.during = [new(Entry(A, 5)), new(Entry(B, 4))]
    with running(feed, table):
        wait_until(lambda: table.synchronized, "the first dump")
        with table.lock:
            assert {port: n for (_, port, _, _), n in table.counts().items()} == {5: 1, 4: 1}
    assert met(table, "learned") == 0


def test_a_scrape_that_meets_an_overrun_wakes_the_thread(
    feed: Script, table: ForwardingTable, hurried: None
) -> None:
    with running(feed, table) as made:
        wait_until(lambda: table.synchronized, "the first dump")
        feed.waiting.append(Overrun("netlink: dropped"))  # without a word to the thread
        made.catch_up()
        wait_until(lambda: len(feed.dumps) == 2, "the second dump")


def test_a_scrape_takes_in_what_waits_but_no_end_of_it(
    feed: Script, table: ForwardingTable
) -> None:
    with running(feed, table) as made:
        wait_until(lambda: table.synchronized, "the first dump")
        feed.waiting = [new(Entry(n, 4)) for n in range(100, 200)]
        made.catch_up()
        assert met(table, "learned") == switching.BATCHES
        assert len(feed.waiting) == 100 - switching.BATCHES


def test_once_it_is_started_the_table_is_filled(feed: Script, table: ForwardingTable) -> None:
    with running(feed, table):
        assert table.synchronized
        assert table.counts() != {}


def test_a_scrape_waits_for_a_dump_but_not_for_long(
    feed: Script, table: ForwardingTable, hurried: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    with running(feed, table) as made:
        feed.hold = threading.Event()
        feed.say(Overrun("netlink: dropped"))
        wait_until(lambda: len(feed.dumps) == 2, "the second dump begins")
        with monkeypatch.context() as impatient:
            impatient.setattr(switching, "DUMP_WAIT_SECONDS", 0.01)
            assert not made.catch_up()
        threading.Timer(0.1, feed.hold.set).start()
        assert made.catch_up()
        assert table.synchronized


def test_a_dump_without_end_does_not_hold_up_the_stop(
    feed: Script, table: ForwardingTable, hurried: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(switching, "STOP_SECONDS", 0.01)
    with running(feed, table) as made:
        feed.hold = threading.Event()
        feed.say(Overrun("netlink: dropped"))
        wait_until(lambda: len(feed.dumps) == 2, "the second dump begins")
    assert not feed.hold.is_set()
    feed.hold.set()
    wait_until(lambda: "switching" not in {t.name for t in threading.enumerate()}, "its end")
    assert made.fault is None


def test_ages_are_kept_fresh_without_any_event(
    feed: Script, table: ForwardingTable, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(switching, "DUMP_SECONDS", 0.05)
    with running(feed, table):
        wait_until(lambda: len(feed.dumps) == 4, "the fourth dump")
    assert feed.dumps[3] - feed.dumps[0] >= 3 * 0.05


def test_when_nothing_happens_nothing_is_done(
    feed: Script, table: ForwardingTable, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits: list[float] = []
    floods = Counters()
    wait = Switching._wait

    def counted(self: Switching) -> bool:
        waits.append(time.monotonic())
        return wait(self)

    monkeypatch.setattr(Switching, "_wait", counted)
    with running(feed, table, floods):
        wait_until(lambda: bool(floods.told), "the start")
        time.sleep(0.3)
        assert len(waits) <= 4


def test_flood_counters_are_told_of_links_and_guests(feed: Script, table: ForwardingTable) -> None:
    floods = Counters()
    feed.links = {BRIDGE: link(BRIDGE), 4: link(4), 5: link(5)}
    with running(feed, table, floods):
        wait_until(lambda: (4, (A,)) in changes(floods), "the first dump")
        feed.say(new(Entry(B, 5)))
        wait_until(lambda: (5, (B,)) in changes(floods), "a guest that speaks")
        feed.links = {**feed.links, 6: link(6)}
        feed.say(events())
        wait_until(lambda: floods.told[-1][1] == {BRIDGE, 4, 5, 6}, "a port without guests")
        feed.links = {BRIDGE: link(BRIDGE), 5: link(5)}
        feed.say(events())
        wait_until(lambda: floods.told[-1][1] == {BRIDGE, 5}, "a port that is gone")
        wait_until(lambda: (4, ()) in changes(floods), "its guests")
        for n in range(100, 150):
            feed.say(new(Entry(n, 5)))
        wait_until(lambda: (5, (*range(100, 150), B)) in changes(floods), "all of a burst")
    pauses = [b[0] - a[0] for a, b in zip(floods.told, floods.told[1:], strict=False)]
    assert min(pauses) >= switching.FOLLOW_SECONDS


def test_who_was_behind_a_port_need_not_be_there_on_another_bridge(
    feed: Script, table: ForwardingTable
) -> None:
    port = replace(link(4), port_kind="bridge", master=BRIDGE)
    feed.links = {BRIDGE: link(BRIDGE), 4: port, 8: link(8)}
    with running(feed, table) as made:
        assert table.guests.behind(4) == (A,)
        feed.links = {**feed.links, 4: replace(port, master=8)}
        made.catch_up()
        assert table.guests.behind(4) == ()


def test_a_bridge_that_came_and_went_unseen_is_forgotten(
    feed: Script, table: ForwardingTable
) -> None:
    feed.links = {BRIDGE: link(BRIDGE), 4: link(4)}
    brief = Entry(B, 9, bridge=8)
    with running(feed, table) as made:
        with table.lock:
            table.apply(new(brief))
            table.apply(gone(brief))
            assert table.events()[8]["learned"] == 1
        feed.links = {BRIDGE: link(BRIDGE), 4: link(4)}  # it was in none of them
        made.catch_up()
        with table.lock:
            assert table.events().keys() == {BRIDGE}
            assert table.moves().keys() == {(BRIDGE, 0)}


def test_stopping_before_the_start_is_no_fault(feed: Script, table: ForwardingTable) -> None:
    before = len(os.listdir("/proc/self/fd"))
    made = Switching(feed, table, None)  # type: ignore[arg-type]
    made.stop()
    assert len(os.listdir("/proc/self/fd")) == before

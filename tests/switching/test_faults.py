"""The switching thread in faults that no kernel makes on order: only the thread is real."""

from __future__ import annotations

import logging
import time

import pytest

from l2exporter import switching
from l2exporter.errors import KernelError, Overrun
from l2exporter.kernel.fdb import FdbEvents
from l2exporter.tables.forwarding import ForwardingTable
from tests.lab.wait import wait_until
from tests.switching.feeds import A, B, Counters, Script, met, running
from tests.tables.fdb import Entry, gone, new


def kinds(caplog: pytest.LogCaptureFixture) -> list[type[BaseException] | None]:
    return [record.exc_info[0] for record in caplog.records if record.exc_info]


def test_an_overrun_is_made_good_by_a_dump_no_sooner_than_a_second_later(
    feed: Script, table: ForwardingTable, caplog: pytest.LogCaptureFixture
) -> None:
    with running(feed, table) as made:
        wait_until(lambda: table.synchronized, "the first dump")
        assert table.dumped_at == 77.0
        feed.entries = (Entry(A, 5),)
        feed.say(Overrun("netlink: dropped"))
        wait_until(lambda: not table.synchronized, "the loss")
        assert made.fault == "netlink: dropped"
        feed.say(new(Entry(B, 4)))
        wait_until(lambda: met(table, "learned") == 1, "events after it")
        wait_until(lambda: table.synchronized, "the second dump")
        wait_until(lambda: made.fault is None, "all is well")
    assert feed.dumps[1] - feed.dumps[0] >= switching.RESYNC_SECONDS
    assert len(feed.dumps) == 2
    assert met(table, "moved") == 1
    assert [record.message for record in caplog.records] == [
        "bridges: events: netlink: dropped (logged once for this kind)"
    ]


def test_a_storm_of_overruns_gets_a_share_of_the_time(
    table: ForwardingTable, caplog: pytest.LogCaptureFixture, hurried: None
) -> None:
    class Storm(Script):
        def events(self) -> FdbEvents:
            raise Overrun("netlink: dropped")

    storm = Storm()
    storm.say()
    with running(storm, table):
        wait_until(lambda: len(storm.dumps) >= 4, "the fourth dump")
        assert not table.synchronized
    pauses = [after - before for before, after in zip(storm.dumps, storm.dumps[1:], strict=False)]
    assert min(pauses) >= 0.05
    assert len(caplog.records) == 1
    storm.close()


def test_events_lost_during_a_dump_are_made_good_by_another(
    feed: Script, table: ForwardingTable, hurried: None
) -> None:
    feed.during = [new(Entry(B, 4)), Overrun("netlink: dropped")]
    with running(feed, table):
        wait_until(lambda: table.synchronized, "synchronized")
    assert len(feed.dumps) == 2


def test_removals_during_the_first_dump_ask_for_another(
    feed: Script, table: ForwardingTable, hurried: None
) -> None:
    feed.during = [gone(Entry(B, 4))]
    with running(feed, table):
        wait_until(lambda: len(feed.dumps) == 2 and table.complete, "the second dump")


def test_a_dump_that_fails_is_tried_again(
    feed: Script, table: ForwardingTable, caplog: pytest.LogCaptureFixture, hurried: None
) -> None:
    feed.refusals = [KernelError("netlink: EBUSY"), KernelError("netlink: EBUSY"), KeyError("x")]
    with running(feed, table) as made:
        wait_until(lambda: len(feed.dumps) == 4, "the fourth attempt")
        wait_until(lambda: made.fault is None, "all is well")
    assert [record.levelno for record in caplog.records] == [logging.WARNING, logging.ERROR]
    assert kinds(caplog) == [KeyError]


def test_a_table_that_fails_costs_a_batch_and_a_dump(
    feed: Script,
    table: ForwardingTable,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    hurried: None,
) -> None:
    def failing(*_: object) -> None:
        raise ZeroDivisionError

    with running(feed, table) as made:
        wait_until(lambda: table.synchronized, "the first dump")
        with monkeypatch.context() as patch:
            patch.setattr(table, "apply", failing)
            patch.setattr(table, "replace", failing)
            feed.say(new(Entry(B, 4)))
            wait_until(lambda: len(feed.dumps) >= 3, "two dumps that failed")
            assert not table.synchronized
            assert made.fault == "ZeroDivisionError"
        wait_until(lambda: table.synchronized, "a dump that did not")
        wait_until(lambda: made.fault is None, "all is well")
    assert kinds(caplog) == [ZeroDivisionError, ZeroDivisionError]


def test_a_feed_that_fails_for_ever_is_not_asked_without_end(
    table: ForwardingTable, hurried: None
) -> None:
    class Broken(Script):
        asked = 0

        def events(self) -> FdbEvents:
            self.asked += 1
            raise KernelError("netlink: broken")

    broken = Broken()
    broken.say()
    with running(broken, table):
        began = time.monotonic()
        wait_until(lambda: broken.asked >= 6, "the sixth attempt")
        # Each dump asks once, and what was heard once more.
        assert broken.asked <= 2 * (2 + (time.monotonic() - began) / 0.05)
    broken.close()


def test_a_feed_without_a_descriptor_is_tried_again(
    feed: Script,
    table: ForwardingTable,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    hurried: None,
) -> None:
    with running(feed, table) as made:
        wait_until(lambda: table.synchronized, "the first dump")
        with monkeypatch.context() as patch:
            patch.setattr(feed, "fileno", lambda: -1)
            feed.say(new(Entry(B, 4)))
            wait_until(lambda: made.fault is not None, "the fault")
        wait_until(lambda: made.fault is None, "all is well")
        feed.say(new(Entry(0xC, 4)))
        wait_until(lambda: met(table, "learned") >= 1, "events are heard again")
    assert kinds(caplog) == [ValueError]


def test_flood_counters_that_fail_are_told_again(
    feed: Script, table: ForwardingTable, caplog: pytest.LogCaptureFixture, hurried: None
) -> None:
    floods = Counters()
    floods.refusals = [OSError(24, "Too many open files")] * 3
    with running(feed, table, floods) as made:
        wait_until(lambda: bool(floods.told), "the fourth attempt")
        wait_until(lambda: made.fault is None, "all is well")
    assert kinds(caplog) == [OSError]

from __future__ import annotations

import select
from collections.abc import Iterator

import pytest

from l2exporter import limits
from l2exporter.errors import Overrun
from l2exporter.kernel.fdb import FdbEvents
from l2exporter.kernel.fdb_feed import FdbFeed
from l2exporter.kernel.tally import Tally
from tests.kernel.forwarding import BRIDGE, GUEST, bridged, entries, feed_of, joined, speak, text
from tests.lab.namespace import Namespace
from tests.lab.wait import wait_until

MANY = 3_000
EXPIRED, REACHABLE = 0x04, 0x02  # NUD_STALE, NUD_REACHABLE

Change = tuple[bool, str, str, str, int]
"""(added, port, MAC, kind, state)."""


@pytest.fixture
def bridge() -> Iterator[Namespace]:
    with bridged() as namespace:
        yield namespace


@pytest.fixture
def feed(bridge: Namespace) -> Iterator[FdbFeed]:
    made = feed_of(bridge)
    made.dump(list)
    made.events()
    yield made
    made.close()


def names_of(feed: FdbFeed) -> dict[int, str]:
    return {index: link.name for index, link in feed.links.items()}


def changes(feed: FdbFeed) -> list[Change]:
    names = names_of(feed)
    events = feed.events()
    rows = entries(events.rows, names)
    numbers = events.rows.state.tolist()
    return [
        (added, port, mac, kind, state)
        for added, (_, port, mac, kind), state in zip(events.added, rows, numbers, strict=True)
    ]


def awaited(feed: FdbFeed, count: int) -> list[Change]:
    """The next `count` changes; nothing is left waiting."""
    found: list[Change] = []

    def enough() -> bool:
        found.extend(changes(feed))
        return len(found) >= count

    wait_until(enough, f"{count} changes")
    return found


def churn(namespace: Namespace, *verbs: str, count: int = MANY) -> None:
    lines = (
        f"fdb {verb} {text(0x0600_0000_0000 + n)} dev p0 master static"
        for verb in verbs
        for n in range(count)
    )
    namespace.batch("bridge", lines)


@pytest.mark.root
def test_learnt_refreshed_moved_and_deleted(bridge: Namespace, feed: FdbFeed) -> None:
    speak(bridge, "e0")
    speak(bridge, "e0")
    speak(bridge, "e1")
    bridge.run("bridge", "fdb", "del", GUEST, "dev", "p1", "master")
    assert awaited(feed, 3) == [
        (True, "p0", GUEST, "learned", REACHABLE),
        (True, "p1", GUEST, "learned", REACHABLE),
        (False, "p1", GUEST, "learned", REACHABLE),
    ]
    assert (feed.tally.events, feed.tally.dumps) == (3, 1)


@pytest.mark.root
def test_aged_out_and_flushed_differ_in_their_state(bridge: Namespace, feed: FdbFeed) -> None:
    speak(bridge, "e0")
    bridge.ip("link", "set", "dev", BRIDGE, "type", "bridge", "fdb_flush")
    assert awaited(feed, 2)[1] == (False, "p0", GUEST, "learned", REACHABLE)
    bridge.ip("link", "set", "dev", BRIDGE, "type", "bridge", "ageing_time", "100")
    speak(bridge, "e0")
    assert awaited(feed, 2)[1] == (False, "p0", GUEST, "learned", EXPIRED)


@pytest.mark.root
def test_what_ages_out_tells_when_it_was_last_seen(bridge: Namespace, feed: FdbFeed) -> None:
    bridge.ip("link", "set", "dev", BRIDGE, "type", "bridge", "ageing_time", "100")
    speak(bridge, "e0")
    seen: list[FdbEvents] = []

    def removed() -> bool:
        seen.append(feed.events())
        return bool((~seen[-1].added).any())

    wait_until(removed, "it ages out")
    assert seen[-1].rows.updated.tolist()[-1] >= 100


@pytest.mark.root
def test_entries_that_are_put_there_by_hand(bridge: Namespace, feed: FdbFeed) -> None:
    lines = [
        "fdb add 02:00:00:00:02:01 dev p1 master static",
        "fdb add 02:00:00:00:02:02 dev p1 master static sticky",
        "fdb add 02:00:00:00:02:03 dev p1 master extern_learn",
        "fdb replace 02:00:00:00:02:01 dev p1 master dynamic",
        "fdb del 02:00:00:00:02:02 dev p1 master",
    ]
    bridge.batch("bridge", lines)
    found = [(added, mac[-2:], kind) for added, _, mac, kind, _ in awaited(feed, 5)]
    assert found == [
        (True, "01", "static"),
        (True, "02", "sticky"),
        (True, "03", "extern_learned"),
        (True, "01", "learned"),
        (False, "02", "sticky"),
    ]


@pytest.mark.root
def test_a_port_that_goes_takes_its_entries_along(bridge: Namespace, feed: FdbFeed) -> None:
    speak(bridge, "e0")
    bridge.ip("link", "set", "dev", "p0", "nomaster")
    found = awaited(feed, 3)
    assert {(added, port, kind) for added, port, _, kind, _ in found} == {
        (True, "p0", "learned"),
        (False, "p0", "learned"),
        (False, "p0", "local"),
    }


@pytest.mark.root
def test_a_dump_and_the_events_after_it_are_the_next_dump(bridge: Namespace, feed: FdbFeed) -> None:
    names = names_of(feed)
    before = set(entries(feed.dump(joined), names))
    churn(bridge, "add", count=50)
    speak(bridge, "e1")
    bridge.run("bridge", "fdb", "del", text(0x0600_0000_0000), "dev", "p0", "master")
    for added, port, guest, kind, _ in awaited(feed, 52):
        (before.add if added else before.remove)((BRIDGE, port, guest, kind))
    assert before == set(entries(feed.dump(joined), names))


@pytest.mark.root
def test_links_are_kept_current(bridge: Namespace, feed: FdbFeed) -> None:
    before = feed.links
    bridge.ip("link", "set", "dev", "p0", "down")
    bridge.ip("link", "set", "dev", "p0", "name", "renamed")
    bridge.ip("link", "set", "dev", "p1", "nomaster")
    bridge.ip("link", "add", "br1", "type", "bridge")
    bridge.ip("link", "del", "e1")
    feed.events()
    assert set(names_of(feed).values()) == {"lo", BRIDGE, "renamed", "e0", "br1"}
    after = feed.links
    assert before is not after, "whoever reads the links in another thread would be disturbed"
    feed.dump(list)
    assert feed.links == after


@pytest.mark.root
def test_nothing_else_wakes_it(bridge: Namespace, feed: FdbFeed) -> None:
    waiting = select.poll()
    waiting.register(feed.fileno(), select.POLLIN)
    bridge.address("e0", "192.0.2.1/24")
    bridge.ip("neigh", "add", "192.0.2.2", "lladdr", GUEST, "dev", "e0")
    assert waiting.poll(0) == []
    speak(bridge, "e0")
    assert waiting.poll(0) != []
    awaited(feed, 1)
    assert waiting.poll(0) == []


@pytest.mark.root
def test_entries_of_vxlan_devices_are_no_events(bridge: Namespace, feed: FdbFeed) -> None:
    bridge.ip("link", "add", "vx0", "type", "vxlan", "id", "42", "dstport", "4789")
    bridge.run("bridge", "fdb", "add", GUEST, "dev", "vx0", "dst", "127.0.0.2")
    assert changes(feed) == []
    assert feed.tally == Tally(dumps=1)


@pytest.mark.root
def test_no_more_at_once_than_allowed_and_none_is_lost(
    bridge: Namespace, feed: FdbFeed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "FDB_EVENTS_AT_ONCE", 40)
    churn(bridge, "add", "del", count=50)
    found = [changes(feed) for _ in range(4)]
    assert [len(some) for some in found] == [40, 40, 20, 0]
    added = [row[0] for some in found for row in some]
    assert added == [True] * 50 + [False] * 50


@pytest.mark.root
def test_a_storm_is_heard_whole(bridge: Namespace, feed: FdbFeed) -> None:
    churn(bridge, "add", "del")
    found = awaited(feed, 2 * MANY)
    numbers = [text(0x0600_0000_0000 + n) for n in range(MANY)]
    assert [row[2] for row in found] == numbers * 2
    assert feed.tally.overruns == 0


@pytest.mark.root
def test_lost_events_are_told_and_a_dump_makes_up_for_them(
    bridge: Namespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "FDB_EVENT_BYTES", 1)
    feed = feed_of(bridge)
    feed.dump(list)
    churn(bridge, "add")
    bridge.ip("link", "add", "br1", "type", "bridge")
    with pytest.raises(Overrun):
        feed.events()
    assert feed.tally.overruns == 1
    assert "br1" not in names_of(feed).values(), "its event was lost too"
    assert changes(feed) == [], "events from before the overrun are older than the dump"
    known = {mac for _, _, mac, _ in entries(feed.dump(joined), names_of(feed))}
    assert {text(0x0600_0000_0000 + n) for n in range(MANY)} <= known
    assert "br1" in names_of(feed).values()
    speak(bridge, "e0")
    assert awaited(feed, 1) == [(True, "p0", GUEST, "learned", REACHABLE)]
    feed.close()

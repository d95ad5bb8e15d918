"""What a feed makes of wrong or odd input, and of places where it may do little or nothing."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from l2exporter.errors import KernelError
from l2exporter.kernel.fdb import KINDS, FdbEvents
from l2exporter.kernel.fdb_feed import FdbFeed
from l2exporter.kernel.rtnetlink import Netlink
from l2exporter.kernel.tally import Tally
from tests.kernel.build import packet
from tests.kernel.entries import DEL, entry, fdb_entry, mac, master, vlan
from tests.kernel.forwarding import GUEST, bridged, speak

ROOT = Path(__file__).parents[2]
EXPIRED = 0x04  # NUD_STALE


@pytest.mark.root
def test_no_capability_is_needed() -> None:
    code = "from l2exporter.kernel.fdb_feed import FdbFeed as F; print(*F().dump(list)[0].mac)"
    powerless = ("setpriv", "--bounding-set=-all", "--inh-caps=-all")
    with bridged() as namespace:
        speak(namespace, "e0")
        told = namespace.run(*powerless, sys.executable, "-c", code)
    assert str(int(GUEST.replace(":", ""), 16)) in told.split()


def test_where_netlink_is_refused_it_says_so() -> None:
    command = [sys.executable, "-m", "tests.kernel.refused"]
    told = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT)
    assert told.stdout == "KernelError: netlink: cannot open a socket: Permission denied"


def heard(monkeypatch: pytest.MonkeyPatch, *datagrams: bytes) -> tuple[FdbEvents, Tally]:
    """What a feed makes of these."""
    monkeypatch.setattr(Netlink, "event_datagrams", lambda self, most: list(datagrams))
    feed = FdbFeed()
    try:
        return feed.events(), feed.tally
    finally:
        feed.close()


def test_order_is_kept_across_layouts(monkeypatch: pytest.MonkeyPatch) -> None:
    datagrams = [
        fdb_entry(1),
        fdb_entry(2, vlan(5)),
        fdb_entry(1, kind=DEL),
        entry(mac(1), master(2)),
        fdb_entry(2, vlan(5), kind=DEL, state=EXPIRED),
        fdb_entry(3),
    ]
    events, tally = heard(monkeypatch, *datagrams)
    assert events.rows.mac.tolist() == [1, 2, 1, 1, 2, 3]
    assert events.rows.vlan.tolist() == [0, 5, 0, 0, 5, 0]
    assert events.added.tolist() == [True, True, False, True, False, True]
    assert {KINDS[kind] for kind in events.rows.kind.tolist()} == {"learned"}
    assert tally == Tally(events=6)


def test_what_cannot_be_believed_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    short_link, nameless_link = packet(16, b"short"), packet(16, bytes(16))
    lie = fdb_entry(1)[:-1]
    events, tally = heard(monkeypatch, fdb_entry(2), lie, short_link, nameless_link, fdb_entry(3))
    assert events.rows.mac.tolist() == [2, 3]
    assert tally == Tally(events=2, malformed=3)


def test_nothing_heard_is_no_events(monkeypatch: pytest.MonkeyPatch) -> None:
    events, tally = heard(monkeypatch)
    assert len(events.added) == len(events.rows.mac) == 0
    assert tally == Tally()


def test_closed_means_an_error_of_ours() -> None:
    feed = FdbFeed()
    feed.close()
    with pytest.raises(KernelError):
        feed.events()
    with pytest.raises(KernelError):
        feed.dump(list)
    assert feed.tally == Tally(failures=1)

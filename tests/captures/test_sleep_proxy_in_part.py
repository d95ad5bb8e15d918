"""The trace where the exporter starts amid it: what it shows, and how sure it is."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.captures import macbook, sleep_proxy
from tests.captures.macbook import OWNER_IP, PROXY
from tests.captures.sleep_proxy import Trace, seconds
from tests.captures.watch import Watch, in_file
from tests.lab.frames import request

PLAIN, MIRROR = sleep_proxy.plain(), sleep_proxy.mirror()
SECOND = [
    ("13:17:50", "hold", OWNER_IP, "medium"),
    ("13:41:15", "release", OWNER_IP, "medium"),
]


def since(trace: Trace, clock: str) -> Trace:
    return [(time, frame) for time, frame in trace if time >= seconds(clock)]


def causes(watch: Watch) -> list[tuple[str, str]]:
    return [(clock, cause) for clock, _, cause in watch.journal.settled]


@pytest.mark.parametrize(
    ("trace", "clock"),
    [(PLAIN, "10:13:01"), (PLAIN, "10:13:12"), (MIRROR, "10:13:12"), (MIRROR, "10:14:00")],
)
def test_while_it_sleeps_the_magic_packet_and_the_return_show_what_it_was(
    trace: Trace, clock: str, tmp_path: Path
) -> None:
    """The proxy was not heard to offer; when it took the address is not known."""
    watch = Watch().take(in_file(since(trace, clock), tmp_path))
    first = [("10:16:31", "hold", OWNER_IP, "low"), ("10:16:34", "release", OWNER_IP, "medium")]
    assert watch.journal.transitions == [*first, *SECOND]
    assert watch.journal.held == [1405]
    assert watch.journal.wakes == [("10:16:34", "demand"), ("13:41:15", "maintenance")]
    assert causes(watch) == [
        ("10:16:34", "sleep_proxy_release"),
        ("13:17:50", "sleep_proxy_hold"),
        ("13:41:15", "sleep_proxy_release"),
    ]


def test_a_registration_is_as_good_as_an_offer(tmp_path: Path) -> None:
    """The owner's request of 10:13:00 is all that is seen before it."""
    begin, *rest = MIRROR
    watch = Watch().take(in_file([begin, *since(rest, "10:13:08")], tmp_path))
    first = [
        ("10:13:13", "hold", OWNER_IP, "confirmed"),
        ("10:16:34", "release", OWNER_IP, "confirmed"),
    ]
    assert watch.journal.transitions == [*first, *SECOND]
    assert watch.journal.held == [201, 1405]


@pytest.mark.parametrize(
    ("trace", "clock"), [(PLAIN, "10:14:00"), (PLAIN, "10:16:33"), (MIRROR, "10:16:33")]
)
def test_after_the_answers_and_the_magic_packet_nothing_tells_of_a_proxy(
    trace: Trace, clock: str, tmp_path: Path
) -> None:
    """A plain host that starts at 10:14 sees who wakes the owner, but not who had its address."""
    watch = Watch().take(in_file(since(trace, clock), tmp_path))
    assert watch.journal.transitions == []
    assert causes(watch) == [("13:17:50", "unknown"), ("13:41:15", "unknown")]
    assert not watch.samples("l2_sleep_proxy_info", "proxy_mac")


def test_an_offer_that_comes_late_tells_what_the_claims_before_it_were(tmp_path: Path) -> None:
    """The verdict on the move has been given by then; the hold, and its end, are told of."""
    *rest, last = since(PLAIN, "10:16:33")
    offered = (seconds("13:20:00"), macbook.offer())
    watch = Watch().take(in_file([*rest, offered, last], tmp_path))
    assert watch.journal.transitions == SECOND
    assert watch.journal.held == [1405]
    assert causes(watch) == [("13:17:50", "unknown"), ("13:41:15", "sleep_proxy_release")]


def test_at_its_own_address_a_proxy_holds_nothing(tmp_path: Path) -> None:
    own = (seconds("10:12:59"), request(PROXY, macbook.PROXY_IP, macbook.CLIENT_IP))
    watch = Watch().take(in_file([own, *PLAIN], tmp_path))
    assert {ip for _, _, ip, _ in watch.journal.transitions} == {OWNER_IP}

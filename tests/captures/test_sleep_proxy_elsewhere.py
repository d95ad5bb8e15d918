"""The trace with what the notes leave out, IPv6, and in a VLAN."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.captures import sleep_proxy
from tests.captures.macbook import OWNER, OWNER_IP, OWNER_IP6, PROXY
from tests.captures.sleep_proxy import seconds
from tests.captures.watch import Watch, in_file
from tests.lab.frames import tagged

VIEWS = {"plain": sleep_proxy.both(), "mirror": sleep_proxy.both(mirrored=True)}


@pytest.fixture(params=VIEWS)
def view(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_both_addresses_are_held_for_one_owner(view: str, tmp_path: Path) -> None:
    trace = [(time, frame) for time, frame in VIEWS[view] if time < seconds("10:16:30")]
    watch = Watch().take(in_file(trace, tmp_path))
    merit = {"plain": "high", "mirror": "confirmed"}[view]
    held = watch.samples("l2_sleep_proxy_held", "ip", "owner_mac", "proxy_mac", "confidence")
    assert held == {(ip, OWNER, PROXY, merit): 1 for ip in (OWNER_IP, OWNER_IP6)}
    since = watch.samples("l2_sleep_proxy_held_since_timestamp_seconds", "ip")
    assert {int(time) for time in since.values()} == {int(seconds("10:13:13"))}
    assert watch.samples("l2_sleep_proxy_held_addresses", "proxy_mac") == {(PROXY,): 2}


def test_both_are_released_and_the_owner_wakes_once(view: str, tmp_path: Path) -> None:
    watch = Watch().take(in_file(VIEWS[view], tmp_path))
    told = {(clock, kind, ip) for clock, kind, ip, _ in watch.journal.transitions}
    steps = [("10:13:13", "hold"), ("10:16:34", "release")]
    again = [("13:17:50", "hold"), ("13:41:15", "release")]
    assert told == {(*step, ip) for step in steps + again for ip in (OWNER_IP, OWNER_IP6)}
    assert watch.journal.wakes == [("10:16:34", "demand"), ("13:41:15", "maintenance")]
    assert sorted(watch.journal.held) == [201, 201, 1405, 1405]


def test_moves_of_both_families_have_their_causes(view: str, tmp_path: Path) -> None:
    watch = Watch().take(in_file(VIEWS[view], tmp_path))
    assert watch.samples("l2_moves_by_cause_total", "family", "cause") == {
        (family, f"sleep_proxy_{step}"): 2
        for family in ("ipv4", "ipv6")
        for step in ("hold", "release")
    }
    assert watch.samples("l2_ndp_moves_total", "ip") == {(OWNER_IP6,): 4}


def test_where_ipv6_is_taken_in_silence_the_tie_tells_whose_it_is(tmp_path: Path) -> None:
    """The owner's IPv6 address was never seen at the owner: its name, in mDNS, is the same."""
    trace = [
        (time, frame)
        for time, frame in sleep_proxy.both()
        if seconds("10:13:01") > time or seconds("10:13:07") <= time < seconds("10:16:30")
    ]
    unseen = [(time, frame) for time, frame in trace if frame[6:12] != _OWNER or frame[12] != 0x86]
    watch = Watch().take(in_file(unseen, tmp_path))
    held = watch.samples("l2_sleep_proxy_held", "ip", "owner_mac", "confidence")
    assert held == {(ip, OWNER, "high"): 1 for ip in (OWNER_IP, OWNER_IP6)}


_OWNER = bytes.fromhex(OWNER.replace(":", ""))


@pytest.mark.parametrize("tags", [(192,), (192, 7)])
def test_in_a_vlan_it_is_the_same_there(tags: tuple[int, ...], tmp_path: Path) -> None:
    plain = Watch().take(in_file(sleep_proxy.mirror(), tmp_path))
    trace = [(time, tagged(frame, *tags)) for time, frame in sleep_proxy.mirror()]
    watch = Watch().take(in_file(trace, tmp_path))
    assert watch.journal == plain.journal
    assert watch.samples("l2_sleep_proxy_transitions_total", "vlan", "transition") == {
        ("192", "hold"): 2,
        ("192", "release"): 2,
    }
    assert watch.samples("l2_wake_on_lan_packets_total", "vlan") == {("192",): 1}

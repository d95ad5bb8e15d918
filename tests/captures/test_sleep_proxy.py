"""The trace of the notes, in what a plain host and a mirror port see of it: as the log says."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest

from l2exporter.capture.pcap import read_frames
from tests.captures import macbook, sleep_proxy
from tests.captures.macbook import OWNER, OWNER_IP, PROXY
from tests.captures.sleep_proxy import LOG, Trace, seconds
from tests.captures.watch import Batches, Watch, at_once, by_the_second, in_file, one_by_one

VIEWS = {"plain": sleep_proxy.plain(), "mirror": sleep_proxy.mirror()}
MERITS = {"plain": "high", "mirror": "confirmed"}
"""What the first hold is worth; of the second, nobody was seen to say a word."""

FORMS = [in_file, one_by_one, by_the_second]
HOLDS = {"10:13:13": "hold", "10:16:34": "release", "13:17:50": "hold", "13:41:15": "release"}


def until(trace: Trace, clock: str) -> Trace:
    return [(time, frame) for time, frame in trace if time < seconds(clock)]


def shuffled(trace: Trace, seed: int) -> Trace:
    """The frames of each second at its begin, in any order; no answer precedes what it answers."""
    order, answer = Random(seed), macbook.accepted()
    begins = [(time if frame == answer else float(int(time)), frame) for time, frame in trace]
    return sorted(begins, key=lambda frame: (frame[0], order.random()))


def lines() -> list[tuple[str, ...]]:
    return [(clock, OWNER_IP, *macs) for clock, *macs in LOG]


@pytest.fixture(params=VIEWS)
def view(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def steps(merit: str) -> list[tuple[str, ...]]:
    """What is told of the holds. A magic packet is worth no more than the mDNS before it; the
    second time the owner returns by itself, which is no evidence.
    """
    merits = (merit, merit, "medium", "medium")
    return [(*step, OWNER_IP, worth) for step, worth in zip(HOLDS.items(), merits, strict=True)]


@pytest.mark.parametrize("form", [*FORMS, at_once])
def test_the_moves_are_the_four_lines_of_the_log(view: str, form: Batches, tmp_path: Path) -> None:
    watch = Watch().take(form(VIEWS[view], tmp_path))
    assert watch.journal.lines == lines()
    assert watch.samples("l2_arp_moves_total", "ip") == {(OWNER_IP,): 4}
    assert watch.samples("l2_arp_flip_flops_total", "ip") == {(OWNER_IP,): 3}
    last = watch.samples("l2_arp_last_move_timestamp_seconds", "ip")
    assert last == {(OWNER_IP,): seconds("13:41:15")} == {(OWNER_IP,): 1288273275}


@pytest.mark.parametrize("form", FORMS)
def test_the_holds_are_those_of_the_trace(view: str, form: Batches, tmp_path: Path) -> None:
    journal = Watch().take(form(VIEWS[view], tmp_path)).journal
    assert journal.transitions == steps(MERITS[view])
    assert journal.held == [201, 1405]
    assert journal.wakes == [("10:16:34", "demand"), ("13:41:15", "maintenance")]
    causes = [f"sleep_proxy_{step}" for step in HOLDS.values()]
    assert journal.settled == [
        (clock, OWNER_IP, cause) for clock, cause in zip(HOLDS, causes, strict=True)
    ]
    assert not journal.dropped


@pytest.mark.parametrize("seed", range(12))
def test_the_order_within_a_second_does_not_matter(view: str, seed: int, tmp_path: Path) -> None:
    journal = Watch().take(in_file(shuffled(VIEWS[view], seed), tmp_path)).journal
    assert (journal.lines, journal.transitions) == (lines(), steps(MERITS[view]))
    assert journal.wakes == [("10:16:34", "demand"), ("13:41:15", "maintenance")]
    assert len(journal.settled) == 4


def test_the_capture_files_say_the_same(view: str) -> None:
    name = {"plain": "sleep_proxy.pcap", "mirror": "sleep_proxy_mirror.pcap"}[view]
    watch = Watch().take(read_frames(str(Path(__file__).with_name(name))))
    assert watch.journal.transitions == steps(MERITS[view])


def test_the_exposition_shows_what_has_happened(view: str, tmp_path: Path) -> None:
    watch = Watch().take(in_file(VIEWS[view], tmp_path))
    assert watch.samples("l2_sleep_proxy_transitions_total", "transition") == {
        ("hold",): 2,
        ("release",): 2,
    }
    assert watch.samples("l2_sleep_proxy_wakes_total", "reason") == {
        ("demand",): 1,
        ("maintenance",): 1,
    }
    assert watch.samples("l2_wake_on_lan_packets_total", "vlan") == {("",): 1}
    assert watch.samples("l2_moves_by_cause_total", "family", "cause") == {
        ("ipv4", "sleep_proxy_hold"): 2,
        ("ipv4", "sleep_proxy_release"): 2,
    }
    assert not watch.samples("l2_moves_pending", "family")
    assert not watch.samples("l2_sleep_proxy_held", "ip")
    last = watch.samples("l2_arp_last_move_info", "from_mac", "to_mac", "cause")
    assert last == {(PROXY, OWNER, "sleep_proxy_release"): 1}


def test_the_histogram_has_both_holds(view: str, tmp_path: Path) -> None:
    watch = Watch().take(in_file(VIEWS[view], tmp_path))
    name = "l2_sleep_proxy_hold_duration_seconds"
    assert watch.samples(f"{name}_count", "vlan") == {("",): 2}
    assert round(watch.samples(f"{name}_sum", "vlan")["",]) == 201 + 1405
    buckets = watch.samples(f"{name}_bucket", "le")
    assert [buckets.get((le,), 0) for le in ("60.0", "300.0", "900.0", "1800.0")] == [0, 1, 1, 2]


def held(watch: Watch) -> dict[tuple[str, ...], float]:
    return watch.samples("l2_sleep_proxy_held", "ip", "owner_mac", "proxy_mac", "confidence")


def since(watch: Watch) -> dict[tuple[str, ...], float]:
    times = watch.samples("l2_sleep_proxy_held_since_timestamp_seconds", "ip")
    return {ip: float(int(time)) for ip, time in times.items()}


def test_while_it_sleeps_its_address_is_held(view: str, tmp_path: Path) -> None:
    watch = Watch().take(in_file(until(VIEWS[view], "10:16:30"), tmp_path))
    assert held(watch) == {(OWNER_IP, OWNER, PROXY, MERITS[view]): 1}
    assert since(watch) == {(OWNER_IP,): seconds("10:13:13")}
    assert watch.samples("l2_sleep_proxy_held_addresses", "proxy_mac") == {(PROXY,): 1}


def test_the_second_time_nothing_but_claims_was_seen(view: str, tmp_path: Path) -> None:
    watch = Watch().take(in_file(until(VIEWS[view], "13:30:00"), tmp_path))
    assert held(watch) == {(OWNER_IP, OWNER, PROXY, "medium"): 1}
    assert since(watch) == {(OWNER_IP,): seconds("13:17:50")}


def test_had_the_proxy_told_of_it_that_would_be_worth_more(tmp_path: Path) -> None:
    watch = Watch().take(in_file(until(sleep_proxy.announced(), "13:30:00"), tmp_path))
    assert held(watch) == {(OWNER_IP, OWNER, PROXY, "high"): 1}
    assert since(watch) == {(OWNER_IP,): seconds("13:17:50")}


def test_the_proxy_is_shown_by_what_it_says_of_itself(view: str, tmp_path: Path) -> None:
    watch = Watch().take(in_file(until(VIEWS[view], "10:16:30"), tmp_path))
    figures = ("intent", "portability", "marginal_power", "total_power", "features")
    info = watch.samples("l2_sleep_proxy_info", "proxy_mac", "name", *figures)
    assert info == {(PROXY, "MBP XYZ", "50", "37", "71", "72", ""): 1}

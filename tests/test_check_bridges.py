"""What `l2exporter check` makes of bridges: its sentences, word by word."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import pytest

from l2exporter import check_bridges
from l2exporter.check_bridges import Sight, describe, findings
from l2exporter.errors import KernelError
from l2exporter.findings import Finding, table
from l2exporter.kernel.bridges import Bridge
from l2exporter.kernel.retention import Retention
from l2exporter.tables.verdicts import Missing, Verdict
from tests.kernel.rows import port
from tests.tables.neighborhood import bridge

UNBOUNDED, BOUNDED = Retention(60, math.inf), Retention(60, 75)

KEEPS = "this host keeps an idle ARP entry"
SET_AGEING = "ip link set dev br0 type bridge ageing_time"


def verdict(
    made: Bridge,
    kept: Retention = UNBOUNDED,
    *,
    family: str = "ipv4",
    device: str = "br0",
    collected: Retention = BOUNDED,
    entries: int = 14,
    threshold: int = 128,
) -> Verdict:
    seconds = made.forward_delay_seconds if made.topology_change else made.ageing_seconds
    return Verdict(
        bridge=made,
        family=family,
        device=device,
        fdb_seconds=seconds,
        retention=kept,
        collected=collected,
        entries=entries,
        threshold=threshold,
        outlives=kept.most > seconds,
    )


NOTHING = Sight(bridges=[], ports=[], verdicts=[], missing={}, complete=True, entered=frozenset())


def told(found: Verdict) -> Finding:
    (row,) = describe(found.bridge, replace(NOTHING, verdicts=[found]))
    assert row.needed is False
    assert row.well is not found.outlives
    return row


@pytest.fixture(autouse=True)
def visible(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in the initial network namespace, where the thresholds can be set."""
    monkeypatch.setattr("os.path.exists", lambda path: path.startswith("/proc/sys/net/ipv"))


def test_without_limit_there_are_two_ways_out() -> None:
    row = told(verdict(bridge()))
    assert row.subject == "br0 ipv4"
    assert row.found.splitlines() == [
        "br0 forgets a MAC after 300 s;",
        f"{KEEPS} without limit because its table holds 14 of 128 entries;",
        "a frame to a quiet host will be flooded.",
    ]
    assert row.remedy.splitlines() == [
        "sysctl -w net.ipv4.neigh.default.gc_thresh1=0 (then 60 to 75 s)",
        f"{SET_AGEING} 8640000 (a day: longer than any host there is quiet)",
    ]


def test_the_other_family_has_its_own_words_and_sysctl() -> None:
    row = told(verdict(bridge(), family="ipv6"))
    assert row.subject == "br0 ipv6"
    assert "keeps an idle IPv6 neighbour entry without limit" in row.found
    assert row.remedy.startswith("sysctl -w net.ipv6.neigh.default.gc_thresh1=0 (then")


def test_where_the_sysctl_is_not_to_be_seen_it_is_said_where_it_is(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("os.path.exists", lambda path: False)
    assert told(verdict(bridge())).remedy.startswith(
        "sysctl -w net.ipv4.neigh.default.gc_thresh1=0 in the initial network namespace"
        " (then 60 to 75 s)\n"
    )


def test_where_the_threshold_alone_would_not_do_the_ageing_goes_with_it() -> None:
    row = told(verdict(bridge(ageing_seconds=75)))
    assert row.remedy.splitlines()[0].endswith("(then 60 to 75 s)")
    row = told(verdict(bridge(ageing_seconds=30)))
    assert row.remedy.splitlines()[0].endswith(f"(then 60 to 75 s), and {SET_AGEING} 7600")


def test_within_limits_but_too_long_the_ageing_is_raised() -> None:
    long = Retention(7.5, 90.25)
    row = told(verdict(bridge(ageing_seconds=30), long, collected=long, entries=200))
    assert row.found.splitlines() == [
        "br0 forgets a MAC after 30 s;",
        f"{KEEPS} for 7.5 to 90.2 s while its table holds 128 or more (now 200);",
        "a frame to a host that was quiet for 30 s may be flooded.",
    ]
    assert row.remedy == f"{SET_AGEING} 9100"


def test_what_is_well_is_said_with_its_figures() -> None:
    row = told(verdict(bridge(), BOUNDED, threshold=0))
    assert row.found.splitlines() == [
        "br0 forgets a MAC after 300 s;",
        f"{KEEPS} for 60 to 75 s;",
        "it asks for a quiet host anew before br0 forgets it.",
    ]
    assert row.remedy == ""


def test_a_device_on_top_that_decides_is_named() -> None:
    row = told(verdict(bridge(), Retention(600, 615), device="br0.7", threshold=0))
    assert f"{KEEPS} of br0.7 for 600 to 615 s;" in row.found


def test_a_bridge_that_remembers_nothing_floods_always() -> None:
    row = told(verdict(bridge(ageing_seconds=0), BOUNDED))
    assert row.found.splitlines() == [
        "br0 remembers no MAC, its ageing time is 0;",
        "every frame is flooded.",
    ]
    assert row.remedy == f"{SET_AGEING} 7600"


def test_who_remembers_for_a_day_is_not_told_to() -> None:
    for seconds in (check_bridges.DAY, 2 * check_bridges.DAY):
        row = told(verdict(bridge(ageing_seconds=seconds)))
        quiet = f"a frame to a host that was quiet for {seconds:.0f} s will be flooded."
        assert row.found.endswith(quiet)
        assert row.remedy == "sysctl -w net.ipv4.neigh.default.gc_thresh1=0 (then 60 to 75 s)"


def test_a_topology_change_is_waited_for() -> None:
    row = told(verdict(bridge(ageing_seconds=30, topology_change=True), BOUNDED))
    assert row.found.startswith("br0 forgets a MAC after 15 s while an STP topology change runs;")
    assert row.remedy.startswith("it ends by itself;")
    assert "\n" not in row.remedy


def gone(number: int, device: str = "br0") -> Missing:
    return Missing("br0", "ipv4", device, f"192.0.2.{number}", 0x020000000000 + number, "stale")


@pytest.mark.parametrize(("count", "more"), [(1, None), (5, None), (6, "and 1 more")])
def test_missing_neighbours_are_named_some_at_least(count: int, more: str | None) -> None:
    entries = [gone(n) for n in range(1, count + 1)]
    lacking = {("br0", "ipv4"): entries, ("br0", "ipv6"): [], ("br1", "ipv4"): entries}
    (row,) = describe(bridge(), replace(NOTHING, missing=lacking))
    assert (row.subject, row.well, row.needed) == ("br0 ipv4 now", False, False)
    first, second, *named = row.found.splitlines()
    assert first == f"br0 does not know {count} of this host's neighbours;"
    assert second == "the next frame to each is flooded:"
    assert named[0] == "192.0.2.1 (02:00:00:00:00:01, stale)"
    assert named[5:] == ([more] if more else [])


def test_a_missing_neighbour_on_another_device_says_so() -> None:
    lacking = {("br0", "ipv4"): [gone(1, "br0.7")]}
    (row,) = describe(bridge(), replace(NOTHING, missing=lacking))
    assert row.found.endswith("\n192.0.2.1 on br0.7 (02:00:00:00:00:01, stale)")


def test_ports_that_learn_nothing_and_were_told_nothing_are_named() -> None:
    ports = [
        port(20, "p2", learning=False),
        port(21, "p1", learning=False),
        port(22, "p3", learning=True),
        port(23, "p4", learning=None),
        port(24, "p5", learning=False, bridge=11),
        port(25, "p6", learning=False),
    ]
    sight = replace(NOTHING, ports=ports, entered=frozenset({25}))
    (row,) = describe(bridge(), sight)
    assert (row.subject, row.well, row.needed) == ("br0 ports", False, False)
    assert row.found.splitlines() == [
        "learning is off on p1, p2, and no MAC is entered by hand;",
        "all frames to the hosts there are flooded.",
    ]
    assert row.remedy == "bridge link set dev p1 learning on"
    many = [port(20 + n, f"p{n}", learning=False) for n in range(8)]
    (row,) = describe(bridge(), replace(NOTHING, ports=many))
    assert "off on p0, p1, p2, p3, p4 and 3 more, and no" in row.found


def test_where_no_port_takes_floods_frames_are_dropped() -> None:
    ports = [port(20 + n, f"p{n}", learning=False, unicast_flood=False) for n in range(2)]
    made = bridge(learned=1, learned_limit=1)
    found = [verdict(made), verdict(made, Retention(60, 400))]
    sight = replace(NOTHING, ports=ports, verdicts=found, missing={("br0", "ipv4"): [gone(1)]})
    rows = [row.found for row in describe(made, sight)]
    assert len(rows) == 5
    assert all("dropped (no port takes floods)" in row and "flooded" not in row for row in rows)
    for other in (True, None):
        some = [ports[0], replace(ports[1], unicast_flood=other)]
        assert all("flooded" in row.found for row in describe(made, replace(sight, ports=some)))


@pytest.mark.parametrize(
    ("learned", "limit", "full"),
    [(9, 10, False), (10, 10, True), (11, 10, True), (10, 0, False), (None, None, False)],
)
def test_a_table_at_its_limit_is_named(learned: int | None, limit: int | None, full: bool) -> None:
    rows = list(describe(bridge(learned=learned, learned_limit=limit), NOTHING))
    assert bool(rows) is full
    for row in rows:
        assert (row.subject, row.well, row.needed) == ("br0 table", False, False)
        assert row.found.startswith(f"br0 has learned {learned} of 10 MACs;")
        assert row.remedy == "ip link set dev br0 type bridge fdb_max_learned 20"


def looking(monkeypatch: pytest.MonkeyPatch, sight: Sight | KernelError) -> Sequence[Finding]:
    def look() -> Sight:
        if isinstance(sight, KernelError):
            raise sight
        return sight

    monkeypatch.setattr(check_bridges, "look", look)
    return findings()


def test_what_cannot_be_read_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    (row,) = looking(monkeypatch, KernelError("netlink: not permitted"))
    assert row == Finding("netlink", False, "netlink: not permitted", needed=False)


def test_without_bridges_there_is_nothing_to_say(monkeypatch: pytest.MonkeyPatch) -> None:
    assert looking(monkeypatch, NOTHING) == []
    assert looking(monkeypatch, replace(NOTHING, complete=False)) == []


def test_each_bridge_has_its_own_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    two = [bridge(), bridge(11, "br1")]
    found = [verdict(one, family=family) for family in ("ipv4", "ipv6") for one in two]
    sight = replace(NOTHING, bridges=two, verdicts=found, missing={("br1", "ipv4"): [gone(1)]})
    assert [row.subject for row in looking(monkeypatch, sight)] == [
        *("br0 ipv4", "br0 ipv6"),
        *("br1 ipv4", "br1 ipv6", "br1 ipv4 now"),
    ]
    (*_, last) = looking(monkeypatch, replace(sight, complete=False))
    assert (last.subject, last.well) == ("(all)", True)
    assert "limits.fdb_entries" in last.found


def test_long_findings_stand_as_paragraphs_under_each_other() -> None:
    rows = [
        Finding("a", False, "one;\ntwo.", "this\nthat", needed=False),
        Finding("longer", True, "well."),
    ]
    assert table("title", rows) == (
        "title\n"
        "  a       advice   one;\n"
        "                   two.\n"
        "                   Remedy: this\n"
        "                   or that\n"
        "  longer  ok       well.\n"
    )

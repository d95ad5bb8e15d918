from __future__ import annotations

from l2exporter.kernel.tally import Tally
from tests.collectors.kernel_scene import KernelScene


def test_every_figure_of_a_table_is_told_under_its_name() -> None:
    host = KernelScene("netlink")
    host.tallies = {"fdb": Tally(1, 2, 3, 4, 5, 6)}
    told = {s.name: s.value for family in host.suite.families() for s in family.samples}
    assert told == {
        "l2_netlink_dumps_total": 1,
        "l2_netlink_dump_interruptions_total": 2,
        "l2_netlink_dump_failures_total": 3,
        "l2_netlink_malformed_messages_total": 4,
        "l2_netlink_events_total": 5,
        "l2_netlink_overruns_total": 6,
    }


def test_every_table_is_there_at_zero_and_only_the_fdb_has_events() -> None:
    host = KernelScene("netlink")
    host.tallies = {"bridges": Tally(), "fdb": Tally()}
    assert host.samples("l2_netlink_dumps_total") == {("bridges",): 0, ("fdb",): 0}
    assert host.samples("l2_netlink_malformed_messages_total") == {("bridges",): 0, ("fdb",): 0}
    assert host.samples("l2_netlink_events_total") == {("fdb",): 0}
    assert host.samples("l2_netlink_overruns_total") == {("fdb",): 0}


def test_counters_are_those_of_the_moment() -> None:
    host = KernelScene("netlink")
    host.tallies = {"neighbors": Tally()}
    host.tallies["neighbors"].dumps += 2
    assert host.samples("l2_netlink_dumps_total") == {("neighbors",): 2}

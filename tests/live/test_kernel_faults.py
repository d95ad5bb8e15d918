"""What is left when the kernel gives less, loses events, or changes in mid-scrape."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile

import pytest

from tests.lab.exporter import COMMAND, Exporter, Samples, key
from tests.lab.hypervisor import BRIDGE, Hypervisor
from tests.lab.promtool import check_metrics
from tests.lab.wait import wait_until
from tests.live.samples import by, eventually

pytestmark = pytest.mark.root

FLOODS = "--capture.guest-unknown-unicast"
POWERLESS = ("setpriv", "--bounding-set=-all", "--inh-caps=-all", *COMMAND)
SMALL_BUFFER = (
    sys.executable,
    "-c",
    "import sys; from l2exporter import cli, limits as l; l.FDB_EVENT_BYTES = 65536; cli.main()",
)
"""An exporter whose socket holds some 150 events, where others hold 20,000."""

MANY = 1000
STRANGER = "02:00:00:00:0f:01"
ROUNDS = 40
EVERYTHING = {
    "l2_bridge_ageing_seconds",
    "l2_bridge_port_state_info",
    "l2_bridge_fdb_entries",
    "l2_bridge_fdb_events_total",
    "l2_bridge_fdb_mac_moves_total",
    "l2_bridge_fdb_age_seconds_bucket",
    "l2_vxlan_fdb_entries",
    "l2_neighbor_entries",
    "l2_neighbor_retention_seconds",
    "l2_neighbor_outlives_fdb",
    "l2_neighbor_missing_from_fdb_info",
    "l2_unknown_unicast_frames_total",
    "l2_netlink_dumps_total",
}


def entries(kind: str) -> tuple[str, frozenset[tuple[str, str]]]:
    return key("l2_bridge_fdb_entries", bridge=BRIDGE, port="p1", vlan="", kind=kind)


def names(exporter: Exporter) -> set[str]:
    return {name for name, _ in exporter.scrape()}


def succeeded(samples: Samples) -> dict[str, float]:
    return by(samples, "l2_scrape_collector_success", "collector")


def test_without_any_capability_only_floods_go_uncounted(host: Hypervisor) -> None:
    quiet, other = host.guests
    host.ageing(1)
    host.ask(quiet, "ipv4")
    with Exporter(host.namespace, FLOODS, command=POWERLESS) as exporter:
        missing = key("l2_neighbor_missing_from_fdb", bridge=BRIDGE, family="ipv4")
        eventually(exporter, {missing: 1, key("l2_bridge_ageing_seconds", bridge=BRIDGE): 1})
        host.ageing(300)
        quiet.send()
        other.send()
        learned = key("l2_bridge_fdb_events_total", bridge=BRIDGE, event="learned")
        samples = eventually(exporter, {missing: 0, entries("learned"): 1, learned: 2})
        assert set(succeeded(samples).values()) == {1}
        assert not by(samples, "l2_unknown_unicast_frames_total", "device")
        about = [line for line in exporter.log().splitlines() if "unknown unicast" in line]
        assert len(about) == 1
        assert "CAP_NET_RAW" in about[0]
        check_metrics(exporter.get("/metrics")[1])


def test_lost_events_are_counted_and_made_up_for(host: Hypervisor) -> None:
    lines = [f"02:00:00:01:{n >> 8:02x}:{n & 255:02x} dev p1 master static" for n in range(MANY)]
    overruns = key("l2_netlink_overruns_total", table="fdb")
    synchronized = key("l2_bridge_fdb_synchronized")
    with Exporter(host.namespace, command=SMALL_BUFFER) as exporter:
        eventually(exporter, {overruns: 0, synchronized: 1, entries("static"): None})
        os.kill(exporter.process.pid, signal.SIGSTOP)
        try:
            host.namespace.batch("bridge", [f"fdb add {line}" for line in lines])
        finally:
            os.kill(exporter.process.pid, signal.SIGCONT)
        samples = eventually(exporter, {overruns: 1, synchronized: 1, entries("static"): MANY})
        added = key("l2_bridge_fdb_events_total", bridge=BRIDGE, event="added")
        assert samples[added] < MANY
        dumps = samples[key("l2_netlink_dumps_total", table="fdb")]
        host.namespace.batch("bridge", [f"fdb del {line}" for line in lines[:10]])
        samples = eventually(exporter, {overruns: 1, entries("static"): MANY - 10})
        assert samples[key("l2_netlink_dumps_total", table="fdb")] == dumps
    host.namespace.batch("bridge", [f"fdb del {line}" for line in lines[10:]])


def test_bridges_that_come_and_go_in_mid_scrape_break_nothing(host: Hypervisor) -> None:
    making = "link add fleeting type bridge\nlink add end0 type veth peer end1\n"
    joining = "link set end0 master fleeting up\nlink set fleeting up\nlink set end1 up\n"
    breaking = "link delete fleeting\nlink delete end0\n"
    with tempfile.NamedTemporaryFile("w") as commands, Exporter(host.namespace, FLOODS) as exporter:
        commands.write((making + joining + breaking) * ROUNDS)
        commands.flush()
        gone = key("l2_bridge_ageing_seconds", bridge="fleeting")
        tracked = key("l2_tracked_entries", table="fdb")
        before = eventually(exporter, {key("l2_bridge_fdb_synchronized"): 1})
        churn = host.namespace.popen("ip", "-batch", commands.name, stdout=subprocess.DEVNULL)
        scrapes = [exporter.scrape()]
        while churn.poll() is None:
            scrapes.append(exporter.scrape())
        assert churn.returncode == 0
        events = key("l2_netlink_events_total", table="fdb")
        assert scrapes[-1][events] >= scrapes[0][events] + ROUNDS
        assert {each for samples in scrapes for each in succeeded(samples).values()} == {1}
        samples = eventually(exporter, {gone: None, tracked: before[tracked]})
        assert set(succeeded(samples).values()) == {1}
        assert not {name for name, labels in samples if dict(labels).get("bridge") == "fleeting"}
        assert "Traceback" not in exporter.log()


def test_a_scrape_with_all_of_it_passes_the_linter(host: Hypervisor) -> None:
    quiet, other = host.guests
    with Exporter(host.namespace, FLOODS) as exporter:
        eventually(exporter, {key("l2_bridge_fdb_synchronized"): 1})
        quiet.send()
        other.send(source=quiet.mac)
        other.send()
        host.namespace.ip("neigh", "replace", "192.0.2.50", "lladdr", STRANGER, "dev", BRIDGE)
        tunnel = ("id", "9", "dstport", "4789", "dev", BRIDGE)
        host.namespace.ip("link", "add", "vx0", "up", "type", "vxlan", *tunnel)
        wait_until(lambda: not EVERYTHING - names(exporter), "every family has a sample")
        check_metrics(exporter.get("/metrics")[1])
        assert set(succeeded(exporter.scrape()).values()) == {1}
    host.namespace.ip("link", "delete", "vx0")

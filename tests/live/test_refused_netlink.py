"""Where seccomp refuses netlink: the exporter serves what is left, and tells what is not."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.lab.exporter import Exporter, Samples, key
from tests.lab.hypervisor import Hypervisor
from tests.lab.promtool import check_metrics
from tests.live.samples import by

pytestmark = pytest.mark.root

ROOT = Path(__file__).parents[2]
CODE = f"""
import sys
sys.path.append({str(ROOT)!r})
from tests.kernel.refused import refuse_netlink
refuse_netlink()
from l2exporter import cli
cli.main()
"""
REFUSED = (sys.executable, "-c", CODE)
FLOODS = ("--capture.unknown-unicast", "--capture.guest-unknown-unicast")
OF_NETLINK = {"bridge", "fdb", "fdb_events", "vxlan", "neighbor", "neighbor_fdb"}
SILENT = ("l2_bridge_", "l2_vxlan_", "l2_neighbor_", "l2_unknown_unicast_")
WHY = "cannot open a socket: Permission denied"


def failed(samples: Samples) -> set[str]:
    succeeded = by(samples, "l2_scrape_collector_success", "collector")
    return {name for name, value in succeeded.items() if not value}


def test_it_serves_the_rest_and_tells_what_is_missing_once(host: Hypervisor) -> None:
    with Exporter(host.namespace, *FLOODS, command=REFUSED) as exporter:
        first = exporter.scrape()
        lines = exporter.log().splitlines()
        samples = exporter.scrape()
        assert exporter.log().splitlines() == lines
        check_metrics(exporter.get("/metrics")[1])
    assert failed(first) == failed(samples) == OF_NETLINK
    assert not [name for name, _ in samples if name.startswith(SILENT)]
    for table in ("fdb", "bridges", "vxlans"):
        assert samples[key("l2_netlink_dump_failures_total", table=table)] > 0
        assert samples[key("l2_netlink_dumps_total", table=table)] == 0
    (about,) = (line for line in lines if "bridges are not followed" in line and WHY in line)
    assert "floods are not counted" in about
    assert sum("no frames are captured" in line and WHY in line for line in lines) == 1
    assert sum("logged once for this kind" in line for line in lines) == len(OF_NETLINK)
    assert not any("Traceback" in line for line in lines)


def test_check_says_what_to_allow(host: Hypervisor) -> None:
    told = host.namespace.run(*REFUSED, "check", check=False)
    assert told.count(WHY) == 2
    assert "MISSING" in told
    assert "allow AF_NETLINK sockets" in told
    assert "Traceback" not in told

"""Every collector and metric is registered, tested, in a golden file and in the reference."""

from __future__ import annotations

import inspect
import re
import runpy
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import pytest
from prometheus_client.metrics_core import Metric
from prometheus_client.parser import text_string_to_metric_families

from l2exporter.collectors.registry import COLLECTORS, OF_THE_HOST
from tests.conftest import GOLDEN

ROOT = Path(__file__).parent.parent
GENERATE, REFERENCE = ROOT / "docs/generate.py", ROOT / "docs/metrics.md"

NOT_IN_GOLDEN = {
    "exporter": "is about the process that serves, which neither a capture nor a kernel leads to",
}
LIVE_ONLY = {"l2_capture_up", "l2_capture_drops_total", "l2_capture_ring_used_ratio"}
"""Told by a lane that captures; a capture file has neither a ring nor a device that is up."""

FIXED = {
    "l2_arp_packets_total": {"device", "vlan", "type"},
    "l2_gratuitous_arp_total": {"device", "vlan", "ip"},
    "l2_arp_moves_total": {"device", "vlan", "ip"},
    "l2_arp_flip_flops_total": {"device", "vlan", "ip"},
    "l2_arp_last_move_timestamp_seconds": {"device", "vlan", "ip"},
    "l2_arp_last_move_info": {"device", "vlan", "ip", "from_mac", "to_mac", "cause"},
    "l2_ndp_packets_total": {"device", "vlan", "type"},
    "l2_ndp_moves_total": {"device", "vlan", "ip"},
    "l2_moves_by_cause_total": {"device", "vlan", "family", "cause"},
    "l2_sleep_proxy_info": {
        *("device", "vlan", "proxy_mac", "name", "features"),
        *("intent", "portability", "marginal_power", "total_power"),
    },
    "l2_sleep_proxy_held_addresses": {"device", "vlan", "proxy_mac"},
    "l2_sleep_proxy_held": {"device", "vlan", "ip", "owner_mac", "proxy_mac", "confidence"},
    "l2_sleep_proxy_held_since_timestamp_seconds": {"device", "vlan", "ip"},
    "l2_sleep_proxy_transitions_total": {"device", "vlan", "transition"},
    "l2_wake_on_lan_packets_total": {"device", "vlan"},
    "l2_mac_addresses": {"device", "vlan", "mac"},
    "l2_protected_address_info": {"ip", "mac", "role"},
    "l2_protected_address_moves_total": {"device", "vlan", "ip", "role", "cause"},
    "l2_protected_address_claims_total": {"device", "vlan", "ip", "role"},
    "l2_ipv6_router_info": {"device", "vlan", "ip", "mac", "preference"},
    "l2_bridge_fdb_entries": {"bridge", "port", "vlan", "kind"},
    "l2_bridge_ageing_seconds": {"bridge"},
    "l2_bridge_fdb_events_total": {"bridge", "event"},
    "l2_bridge_fdb_moves_total": {"bridge", "vlan"},
    "l2_neighbor_entries": {"device", "family", "state"},
    "l2_neighbor_table_entries": {"family"},
    "l2_neighbor_gc_threshold": {"family", "level"},
    "l2_neighbor_gc_stale_seconds": {"device", "family"},
    "l2_neighbor_base_reachable_seconds": {"device", "family"},
    "l2_neighbor_retention_seconds": {"device", "family", "bound"},
    "l2_neighbor_outlives_fdb": {"bridge", "family"},
    "l2_neighbor_missing_from_fdb": {"bridge", "family"},
    "l2_unknown_unicast_frames_total": {"device"},
    "l2_tracked_entries": {"table"},
    "l2_tracked_limit": {"table"},
    "l2_tracked_evictions_total": {"table"},
    "l2_capture_frames_total": {"device", "lane"},
    "l2_capture_drops_total": {"device", "lane"},
    "l2_capture_up": {"device"},
    "l2_frame_errors_total": {"device", "protocol", "reason"},
    "l2_scrape_collector_duration_seconds": {"collector"},
    "l2_scrape_collector_success": {"collector"},
    "l2_exporter_build_info": {"version"},
}
"""Names and labels that dashboards and alerts are written against: changing one breaks them."""

YIELDED: dict[str, tuple[object, list[Metric]]] = runpy.run_path(str(GENERATE))["metrics"]()
"""What each yields after a small capture on a hypervisor; under "" how the collectors fared."""


def labels(families: Iterable[Metric]) -> dict[str, set[str]]:
    """The labels of each sample's name."""
    return {sample.name: set(sample.labels) for family in families for sample in family.samples}


def ours(families: Iterable[Metric]) -> dict[str, set[str]]:
    return {name: found for name, found in labels(families).items() if name.startswith("l2_")}


def told_in_golden_files() -> set[str]:
    texts = (path.read_text() for path in GOLDEN.glob("*.prom"))
    return {name for text in texts for name in labels(text_string_to_metric_families(text))}


@pytest.mark.parametrize("name", COLLECTORS)
def test_a_collector_is_a_file_with_a_test_of_its_own(name: str) -> None:
    assert COLLECTORS[name].__module__ == f"l2exporter.collectors.{name}"
    test = ROOT / f"tests/collectors/test_{name}.py"
    assert re.search(r"^def test_", test.read_text(), re.MULTILINE)


def test_every_collector_that_exists_is_registered() -> None:
    files = (ROOT / "l2exporter/collectors").glob("*.py")
    classes = re.compile(r"^class \w+Collector:", re.MULTILINE)
    assert {path.stem for path in files if classes.search(path.read_text())} == set(COLLECTORS)


@pytest.mark.parametrize("name", YIELDED)
def test_a_docstring_shows_just_the_metrics_and_labels_that_are_yielded(name: str) -> None:
    collector, families = YIELDED[name]
    sample = (inspect.getdoc(type(collector)) or "").rpartition("\n\n")[2]
    shown = text_string_to_metric_families(re.sub(r",\n +", ",", sample) + "\n")
    assert ours(shown) == ours(families) != {}


@pytest.mark.parametrize("name", COLLECTORS)
def test_every_metric_is_in_a_golden_file_unless_there_is_a_reason(name: str) -> None:
    told = told_in_golden_files() & set(labels(YIELDED[name][1]))
    if name in NOT_IN_GOLDEN:
        assert not told
    else:
        assert set(labels(YIELDED[name][1])) - told <= LIVE_ONLY


def test_those_that_are_in_no_golden_file_cannot_be_replayed_either() -> None:
    assert NOT_IN_GOLDEN.keys() < OF_THE_HOST < COLLECTORS.keys()


@pytest.mark.parametrize("name", FIXED)
def test_fixed_names_have_their_labels(name: str) -> None:
    everything = [family for _, families in YIELDED.values() for family in families]
    assert labels(everything)[name] == FIXED[name]


def test_every_name_has_our_prefix_and_says_what_it_is() -> None:
    for name, (_, families) in YIELDED.items():
        for family in families:
            assert family.name.startswith(("l2_", "process_") if name == "exporter" else "l2_")
            assert family.documentation.endswith(".")


@pytest.mark.parametrize("name", YIELDED)
def test_the_reference_has_every_metric_with_type_labels_and_an_example(name: str) -> None:
    page = REFERENCE.read_text()
    for family in YIELDED[name][1]:
        sample = family.samples[0]
        name = family.name if family.type == "histogram" else sample.name
        row = next(line for line in page.splitlines() if line.startswith(f"| `{name}` |"))
        assert row.count(" | ") == 4
        assert f"| {family.type} |" in row
        assert all(f"`{label}`" in row for label in sample.labels)
        assert re.search(rf"^{sample.name}[ {{]", page, re.MULTILINE)


def test_the_reference_is_what_its_script_writes_today(tmp_path: Path) -> None:
    written = tmp_path / "metrics.md"
    subprocess.run([sys.executable, GENERATE, written], cwd=tmp_path, check=True)
    assert written.read_text() == REFERENCE.read_text(), "run `make docs` and read the change"

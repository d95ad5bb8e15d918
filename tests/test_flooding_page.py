"""docs/flooding.md: its queries name metrics that exist, and answer where there is a case."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from tests.lab.promtool import promtool

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs/flooding.md").read_text()
BLOCK = re.search(r"```promql\n(.*?)```", PAGE, re.DOTALL)
QUERIES = [
    line for line in (BLOCK[1] if BLOCK else "").splitlines() if line and not line.startswith("#")
]

HOST = 'instance="host:10806"'
ROUTER = 'instance="router.example.net:10806"'
BRIDGE, IPV4 = 'bridge="br0"', 'family="ipv4"'

CASE = {
    f"l2_neighbor_outlives_fdb{{{HOST},{BRIDGE},{IPV4}}}": "1+0x60",
    f"l2_bridge_nf_call_iptables{{{HOST},{BRIDGE}}}": "1+0x60",
    f"l2_neighbor_table_entries{{{HOST},{IPV4}}}": "14+0x60",
    f'l2_neighbor_gc_threshold{{{HOST},{IPV4},level="1"}}': "128+0x60",
    f'l2_neighbor_retention_seconds{{{HOST},{IPV4},device="br0",bound="max"}}': "+Inf+0x60",
    f'l2_neighbor_retention_seconds{{{ROUTER},{IPV4},device="lan",bound="max"}}': "+Inf+0x60",
    f"l2_bridge_ageing_seconds{{{HOST},{BRIDGE}}}": "300+0x60",
    f"l2_neighbor_missing_from_fdb{{{HOST},{BRIDGE},{IPV4}}}": "1+0x60",
    f'l2_neighbor_missing_from_fdb_info{{{HOST},{BRIDGE},{IPV4},ip="192.0.2.7"}}': "1+0x60",
    f'l2_bridge_fdb_events_total{{{HOST},{BRIDGE},event="aged_out_in_demand"}}': "0+1x60",
    f'l2_unknown_unicast_frames_total{{{HOST},device="p2"}}': "0+1x60",
}
"""Series of the case of the quiet VM, a sample a minute."""

WELL = {
    f"l2_neighbor_outlives_fdb{{{HOST},{BRIDGE},{IPV4}}}": "0+0x60",
    f"l2_bridge_nf_call_iptables{{{HOST},{BRIDGE}}}": "1+0x60",
    f"l2_neighbor_table_entries{{{HOST},{IPV4}}}": "200+0x60",
    f'l2_neighbor_gc_threshold{{{HOST},{IPV4},level="1"}}': "128+0x60",
    f'l2_neighbor_retention_seconds{{{HOST},{IPV4},device="br0",bound="max"}}': "75+0x60",
    f'l2_neighbor_retention_seconds{{{ROUTER},{IPV4},device="lan",bound="max"}}': "75+0x60",
    f"l2_bridge_ageing_seconds{{{HOST},{BRIDGE}}}": "300+0x60",
    f"l2_neighbor_missing_from_fdb{{{HOST},{BRIDGE},{IPV4}}}": "0+0x60",
    f'l2_bridge_fdb_events_total{{{HOST},{BRIDGE},event="aged_out_in_demand"}}': "7+0x60",
    f'l2_unknown_unicast_frames_total{{{HOST},device="p2"}}': "7+0x60",
}


def check_answers(directory: Path, series: dict[str, str], *, some: bool) -> None:
    """Raise AssertionError with promtool's words unless each query has a result, or each none."""
    samples = [{"labels": "{}", "value": 1}] if some else []
    case = {
        "interval": "1m",
        "input_series": [{"series": name, "values": values} for name, values in series.items()],
        "promql_expr_test": [
            {"expr": f"count({query}) > bool 0", "eval_time": "60m", "exp_samples": samples}
            for query in QUERIES
        ],
    }
    path = directory / "page.yml"
    path.write_text(yaml.safe_dump({"tests": [case]}))
    promtool("test", "rules", path)


@pytest.mark.parametrize(("series", "some"), [(CASE, True), (WELL, False)], ids=["case", "well"])
def test_every_query_answers_in_the_case_and_none_where_all_is_well(
    tmp_path: Path, series: dict[str, str], some: bool
) -> None:
    assert len(QUERIES) >= 9
    check_answers(tmp_path, series, some=some)


def test_the_page_names_metrics_that_exist_only() -> None:
    reference = (ROOT / "docs/metrics.md").read_text()
    named = set(re.findall(r"\bl2_\w*[a-z]\b", PAGE))
    assert {name for name in named if f"`{name}`" not in reference} == set()

"""Labels of results: what is not there is found, and nothing is said of what is."""

from __future__ import annotations

import pytest

from tests.grafana.labelling import Labelling, Labels
from tests.grafana.promql import parsed
from tests.grafana.reference import known

SMALL: dict[str, Labels] = {
    "a": frozenset({"job", "ip", "vlan"}),
    "b": frozenset({"job", "ip", "mac"}),
    "c_bucket": frozenset({"job", "le"}),
}

SOUND = (
    "a",
    'a{ip=~"$ip"} * on (job, ip) group_left (mac) b',
    "sum by (ip) (rate(a[5m])) > 0 unless on (ip) b",
    'sum by (there) (label_replace(a, "there", "$1", "ip", "(.*)"))',
    "max by (mac) (a * on (ip) group_left (mac) b)",
    "histogram_quantile(0.9, sum by (le) (c_bucket))",
    'count_values by (ip) ("value", a) > scalar(count(b))',
    "topk(3, sum by (vlan) (a)) + time()",
    "sum by (mac, vlan) (a or b)",
    '{__name__=~"a|b", ip="192.0.2.1"}',
    'sum by (le) ({__name__=~"(c|c)_bucket|c_.*"})',
    'sum by (x) (label_replace(vector(1), "x", "text", "", ""))',
    "max_over_time(sum by (ip) (a)[1h:5m] offset 1d)",
    "a + ignoring (vlan, mac) b",
    "sum without (ip) (a)",
)

FAULTY = {
    "d": "there is no series d",
    "rate(d[5m])": "there is no series d",
    "topk(scalar(d), a)": "there is no series d",
    '{__name__=~"a|d"}': "there is no series d",
    '{__name__=~"(a|c)_bucket"}': "there is no series a_bucket",
    'a{mac="x"}': "no label mac in a",
    "sum by (mac) (a)": "no label mac in sum by",
    "sum without (mac) (a)": "no label mac in sum without",
    "sum by (ip) (sum by (vlan) (a))": "no label ip in sum by",
    "sum by (ip) (sum(a))": "no label ip in sum by",
    "topk by (mac) (3, a)": "no label mac in topk by",
    "a and on (vlan) b": "no label vlan in a",
    "a and ignoring (device) b": "no label device in a",
    "a * on (ip) group_left (device) b": "no label device in a",
    "sum by (mac) (a and on (ip) b)": "no label mac in sum by",
    "sum by (vlan) (a + on (ip) b)": "no label vlan in sum by",
    "sum by (vlan) (a * on (ip) group_right () b)": "no label vlan in sum by",
    'label_replace(a, "there", "$1", "mac", "(.*)")': "no label mac in label_replace",
    'label_join(a, "there", "/", "ip", "mac")': "no label mac in label_join",
    "histogram_quantile(0.9, sum by (job) (c_bucket))": "no label le in histogram_quantile",
    "sum by (le) (histogram_quantile(0.9, c_bucket))": "no label le in sum by",
    "(-sum by (mac) (a)) > 1": "no label mac in sum by",
}


def complaints(query: str) -> list[str]:
    labelling = Labelling(SMALL)
    labelling.of(parsed(query))
    return labelling.complaints


@pytest.mark.parametrize("query", SOUND)
def test_the_check_has_no_complaint_where_all_is_there(query: str) -> None:
    assert complaints(query) == []


@pytest.mark.parametrize("query", FAULTY)
def test_the_check_finds_what_is_not_there(query: str) -> None:
    found = complaints(query)
    assert len(found) == 1
    assert found[0].startswith(FAULTY[query])


def test_what_is_no_promql_is_an_error() -> None:
    with pytest.raises(ValueError, match="expected type matrix"):
        complaints("rate(a)")


def test_the_reference_is_read_whole() -> None:
    series = known()
    assert {"device", "vlan", "ip", "job", "instance", "segment"} == series["l2_arp_moves_total"]
    assert "le" in series["l2_sleep_proxy_hold_duration_seconds_bucket"]
    assert "le" not in series["l2_sleep_proxy_hold_duration_seconds_count"]
    assert "process_resident_memory_bytes" in series

from __future__ import annotations

import gzip
from collections.abc import Callable, Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.metrics_core import Metric
from prometheus_client.openmetrics.parser import (
    text_string_to_metric_families as parse_openmetrics,
)
from prometheus_client.parser import text_string_to_metric_families as parse_text

from l2exporter.web.exposition import OPENMETRICS, TEXT, render, wants_gzip, wants_openmetrics

from .conftest import entries, moves

PROMETHEUS_2 = (
    "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,"
    "text/plain;version=0.0.4;q=0.5,*/*;q=0.1"
)
PROMETHEUS_3 = (
    "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,"
    "application/openmetrics-text;version=0.0.1;q=0.5,"
    "text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2"
)
BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8"


@pytest.mark.parametrize(
    ("accept", "wanted"),
    [
        (PROMETHEUS_2, True),
        (PROMETHEUS_3, True),
        ("application/openmetrics-text", True),
        ("Application/OpenMetrics-Text; version=1.0.0; charset=utf-8", True),
        ("application/openmetrics-text;q=0.5,text/plain;q=0.4", True),
        ("", False),
        ("*/*", False),
        (BROWSER, False),
        ("text/plain;version=0.0.4", False),
        ("text/plain;q=0.6,application/openmetrics-text;version=1.0.0;q=0.5", False),
        ("application/openmetrics-text;q=0", False),
        ("application/openmetrics-text;q=x", False),
        ("application/openmetrics-text;version=0.0.1", False),
        ("application/openmetrics-text;version=2.0.0", False),
        ("application/openmetrics-text;version=x", False),
    ],
)
def test_format(accept: str, wanted: bool) -> None:
    assert wants_openmetrics(accept) is wanted


@pytest.mark.parametrize(
    ("accept_encoding", "wanted"),
    [
        ("gzip", True),
        ("deflate, GZIP;q=0.5", True),
        ("*", True),
        ("*;q=0, gzip", True),
        ("", False),
        ("identity", False),
        ("gzip;q=0", False),
        ("gzip; q=0.000, *", False),
        ("*;q=0", False),
        ("gzip;q=nan", False),
        ("gzipped", False),
    ],
)
def test_encoding(accept_encoding: str, wanted: bool) -> None:
    assert wants_gzip(accept_encoding) is wanted


@given(st.text(st.sampled_from('gzip*,;=q01. "')) | st.text())
def test_any_header_is_understood_or_ignored(header: str) -> None:
    assert wants_gzip(header) in {True, False}
    assert wants_openmetrics(header) in {True, False}


@pytest.mark.parametrize(
    ("accept", "content_type", "parse"),
    [("", TEXT, parse_text), (PROMETHEUS_3, OPENMETRICS, parse_openmetrics)],
)
@pytest.mark.parametrize("accept_encoding", ["", "gzip"])
def test_what_is_rendered_reads_back(
    accept: str,
    content_type: str,
    parse: Callable[[str], Iterable[Metric]],
    accept_encoding: str,
) -> None:
    families = [*moves(), *entries()]

    exposition = render(families, accept, accept_encoding)

    assert exposition.content_type == content_type
    assert exposition.encoding == (accept_encoding or None)
    body = gzip.decompress(exposition.body) if exposition.encoding else exposition.body
    assert list(parse(body.decode())) == families


def test_the_same_families_compress_to_the_same_bytes() -> None:
    assert render(moves(), "", "gzip") == render(moves(), "", "gzip")

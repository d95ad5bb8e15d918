from __future__ import annotations

import logging
from collections.abc import Iterator
from wsgiref.types import StartResponse, WSGIEnvironment
from wsgiref.util import setup_testing_defaults
from wsgiref.validate import validator

import pytest
from prometheus_client.metrics_core import Metric

from l2exporter.web.application import Application

from .conftest import FakeMetrics, moves


class Answered:
    """What the application answers, checked against PEP 3333 by wsgiref."""

    def __init__(self, application: Application, path: str, **environ: str) -> None:
        self.status = 0
        self.headers: dict[str, str] = {}
        request: WSGIEnvironment = {"SCRIPT_NAME": "", "PATH_INFO": path, "QUERY_STRING": ""}
        request.update(environ)
        setup_testing_defaults(request)
        start: StartResponse = self._start  # type: ignore[assignment]  # it needs no write()
        result = validator(application)(request, start)
        self.body = b"".join(result)
        result.close()  # type: ignore[attr-defined]  # the validator's result has it

    @property
    def line(self) -> str:
        """The body, which must be one line of plain text."""
        assert self.headers["Content-Type"] == "text/plain; charset=utf-8"
        text = self.body.decode()
        assert text.endswith("\n")
        assert text.count("\n") == 1
        return text[:-1]

    def _start(
        self, status: str, headers: list[tuple[str, str]], exc_info: object = None
    ) -> object:
        self.status = int(status.split(maxsplit=1)[0])
        self.headers = dict(headers)
        return lambda data: None


def test_metrics(application: Application, metrics: FakeMetrics) -> None:
    answer = Answered(application, "/metrics")
    assert answer.status == 200
    assert answer.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert answer.headers["Vary"] == "Accept, Accept-Encoding"
    assert "Content-Encoding" not in answer.headers
    assert b'l2_arp_moves_total{device="eth0",ip="192.0.2.1"} 3.0\n' in answer.body
    assert b"l2_neighbor_entries" in answer.body
    assert metrics.asked == [None]


def test_metrics_compressed(application: Application) -> None:
    answer = Answered(application, "/metrics", HTTP_ACCEPT_ENCODING="gzip")
    assert answer.headers["Content-Encoding"] == "gzip"
    assert answer.headers["Content-Length"] == str(len(answer.body))
    assert answer.body.startswith(b"\x1f\x8b")


def test_head_says_what_get_would(application: Application) -> None:
    got = Answered(application, "/metrics")
    headed = Answered(application, "/metrics", REQUEST_METHOD="HEAD")
    assert headed.body == b""
    assert (headed.status, headed.headers) == (got.status, got.headers)


@pytest.mark.parametrize(
    ("query", "only"),
    [
        ("collect[]=arp", {"arp"}),
        ("collect%5B%5D=arp&collect[]=%6eeighbor", {"arp", "neighbor"}),
        ("collect[]=arp&collect[]=arp&other=1&name[]=neighbor", {"arp"}),
        ("other=1", None),
        ("collect=arp", None),
    ],
)
def test_collect_chooses(
    application: Application, metrics: FakeMetrics, query: str, only: set[str] | None
) -> None:
    answer = Answered(application, "/metrics", QUERY_STRING=query)
    assert answer.status == 200
    assert metrics.asked == [only]
    assert (b"l2_neighbor_entries" in answer.body) is (only is None or "neighbor" in only)


@pytest.mark.parametrize(
    ("query", "line"),
    [
        ("collect[]=arp&collect[]=ndp", "collect[]: no collector 'ndp'; there are: arp, neighbor"),
        ("collect[]=", "collect[]: no collector ''; there are: arp, neighbor"),
        (
            "collect[]=%3Cb%3E%0a%ff%C3%A9",
            r"collect[]: no collector '<b>\n\ufffd\xe9'; there are: arp, neighbor",
        ),
        ("&".join(["a=1"] * 1000), "too many fields in the query"),
    ],
)
def test_a_bad_query_gets_one_line(
    application: Application, metrics: FakeMetrics, query: str, line: str
) -> None:
    answer = Answered(application, "/metrics", QUERY_STRING=query)
    assert answer.status == 400
    assert answer.line == line
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert metrics.asked == []


def test_healthy_and_ready(application: Application) -> None:
    assert Answered(application, "/-/healthy").line == "l2exporter is healthy."
    ready = Answered(application, "/-/ready")
    assert (ready.status, ready.line) == (200, "l2exporter is ready.")


def test_not_ready_says_why(metrics: FakeMetrics) -> None:
    application = Application(metrics, lambda: "no device is up", version="1")
    answer = Answered(application, "/-/ready")
    assert answer.status == 503
    assert answer.line == "l2exporter is not ready: no device is up"
    assert Answered(application, "/-/healthy").status == 200


def test_the_landing_page_leads_to_all(metrics: FakeMetrics) -> None:
    application = Application(
        metrics, lambda: None, telemetry_path='/m"><script>', version="1 <2>&"
    )
    answer = Answered(application, "/")
    page = answer.body.decode()
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert 'href="/m&quot;&gt;&lt;script&gt;"' in page
    assert "version 1 &lt;2&gt;&amp;." in page
    assert 'href="/-/healthy"' in page
    assert 'href="/-/ready"' in page
    assert '<html lang="en">' in page
    assert 'content="light dark"' in page
    assert "<script" not in page
    assert "http:" not in page


def test_another_telemetry_path(metrics: FakeMetrics) -> None:
    application = Application(metrics, lambda: None, telemetry_path="/", version="1")
    assert b"l2_arp_moves_total" in Answered(application, "/").body
    assert Answered(application, "/metrics").status == 404


@pytest.mark.parametrize("path", ["/metrics/", "/metric", "//metrics", "/-/", "/\xff\xfe"])
def test_an_unknown_path(application: Application, path: str) -> None:
    answer = Answered(application, path)
    assert (answer.status, answer.line) == (404, "no such page")


@pytest.mark.parametrize("path", ["/", "/metrics", "/-/healthy", "/-/ready"])
@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "TRACE", "PATCH"])
def test_another_method(
    application: Application, metrics: FakeMetrics, path: str, method: str
) -> None:
    answer = Answered(application, path, REQUEST_METHOD=method)
    assert answer.status == 405
    assert answer.headers["Allow"] == "GET, HEAD"
    assert metrics.asked == []


def broken() -> Iterator[Metric]:
    yield from moves()
    raise RuntimeError("secret")


def test_a_fault_is_logged_and_not_told(
    application: Application, metrics: FakeMetrics, caplog: pytest.LogCaptureFixture
) -> None:
    metrics.sources["broken"] = broken
    answer = Answered(application, "/metrics")
    assert answer.status == 500
    assert answer.line == "internal error; the log says more"
    (record,) = caplog.records
    assert record.levelno == logging.ERROR
    assert "'/metrics'" in record.getMessage()
    assert record.exc_info is not None
    assert Answered(application, "/metrics", QUERY_STRING="collect[]=arp").status == 200

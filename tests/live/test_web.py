"""The web side of the real process: where it listens, what it answers."""

from __future__ import annotations

import gzip
import http.client
import socket
from collections.abc import Iterator

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families

from tests.lab import frames
from tests.lab.exporter import PORT, Exporter, key
from tests.lab.namespace import Namespace, veth
from tests.lab.promtool import check_metrics
from tests.live.samples import eventually

pytestmark = pytest.mark.root

ONLY_IPV4, ONLY_IPV6, ANYWHERE = PORT, PORT + 1, PORT + 2
FLAGS = (f"--web.listen-address=[::1]:{ONLY_IPV6}", f"--web.listen-address={ANYWHERE}")
LOOPBACK4, LOOPBACK6, OUTSIDE = "127.0.0.1", "::1", "192.0.2.1"


@pytest.fixture(scope="module")
def exporter(here: Namespace) -> Iterator[Exporter]:
    """On 127.0.0.1 (the laboratory's flag), on [::1] and on all; it has seen a move."""
    with Namespace() as there:
        veth(there, "eth0", here, "eth0")
        here.address("eth0", f"{OUTSIDE}/24")
        with Exporter(here, *FLAGS) as running:
            macs = ("02:00:00:00:0a:01", "02:00:00:00:0a:02")
            frames.send(there, "eth0", [frames.announcement(mac, "192.0.2.9") for mac in macs])
            eventually(
                running, {key("l2_arp_moves_total", device="eth0", vlan="", ip="192.0.2.9"): 1}
            )
            yield running


@pytest.mark.parametrize(
    ("host", "ports"),
    [
        (LOOPBACK4, {ONLY_IPV4, ANYWHERE}),
        (LOOPBACK6, {ONLY_IPV6, ANYWHERE}),
        (OUTSIDE, {ANYWHERE}),
    ],
)
def test_it_listens_where_it_was_told_and_nowhere_else(
    here: Namespace, exporter: Exporter, host: str, ports: set[int]
) -> None:
    answering = set()
    for port in (ONLY_IPV4, ONLY_IPV6, ANYWHERE):
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        with here.entered():
            client = socket.socket(family)
        with client:
            if client.connect_ex((host, port)) == 0:
                answering.add(port)
    assert answering == ports


def test_each_address_is_in_the_log(exporter: Exporter) -> None:
    for address in (f"127.0.0.1:{ONLY_IPV4}", f"[::1]:{ONLY_IPV6}", f"[::]:{ANYWHERE}"):
        assert f'msg="listening on {address}"' in exporter.log()


def fetch(here: Namespace, path: str, **headers: str) -> tuple[http.client.HTTPResponse, bytes]:
    connection = http.client.HTTPConnection(LOOPBACK4, ONLY_IPV4, timeout=10)
    with here.entered():
        connection.connect()
    connection.request("GET", path, headers=headers)
    response = connection.getresponse()
    body = response.read()
    connection.close()
    return response, body


def test_promtool_has_no_remark(exporter: Exporter) -> None:
    check_metrics(exporter.get("/metrics")[1])


def test_openmetrics_is_there_for_who_asks(here: Namespace, exporter: Exporter) -> None:
    response, body = fetch(here, "/metrics", Accept="application/openmetrics-text; version=1.0.0")
    assert str(response.getheader("Content-Type")).startswith("application/openmetrics-text")
    assert body.endswith(b"# EOF\n")
    parsed = text_string_to_metric_families(body.decode())  # type: ignore[no-untyped-call]
    families = {family.name: family for family in parsed}
    assert [sample.value for sample in families["l2_arp_moves"].samples] == [1]


def test_gzip_is_there_for_who_takes_it(here: Namespace, exporter: Exporter) -> None:
    response, body = fetch(here, "/metrics", **{"Accept-Encoding": "gzip"})
    assert response.getheader("Content-Encoding") == "gzip"
    assert b"l2_arp_moves_total{" in gzip.decompress(body)


def test_collect_chooses_collectors(exporter: Exporter) -> None:
    samples = exporter.scrape("/metrics?collect[]=arp_moves&collect[]=capture")
    names = {name for name, _ in samples}
    assert {"l2_arp_moves_total", "l2_capture_up"} <= names
    assert "l2_arp_packets_total" not in names
    assert exporter.get("/metrics?collect[]=nosuch")[0] == 400


def test_there_is_a_page_that_leads_on(exporter: Exporter) -> None:
    status, page = exporter.get("/")
    assert status == 200
    assert 'href="/metrics"' in page

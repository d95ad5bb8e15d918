"""Clients that do harm, by intent or not; after each of them a scrape is answered."""

from __future__ import annotations

import contextlib
import logging
import select
import socket
import threading
from collections.abc import Callable, Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from l2exporter import limits
from l2exporter.web.application import Application
from l2exporter.web.server import WebServer

from ..lab.wait import wait_until
from .client import PATIENCE, Address, connect, exchange, read_to_end, request
from .conftest import FakeMetrics, Serve, large, moves

SCRAPE = b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n"
HEALTH = b"GET /-/healthy HTTP/1.1\r\nHost: x\r\n\r\n"


@pytest.fixture(autouse=True)
def quiet(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Whatever a client does, the log stays quiet."""
    yield
    loud = [r.getMessage() for r in caplog.get_records("call") if r.levelno > logging.DEBUG]
    assert loud == []


@pytest.fixture
def crowd() -> Iterator[Callable[..., list[socket.socket]]]:
    """`crowd(address, n, data)`: n connections on each of which `data` was sent, kept open."""
    with contextlib.ExitStack() as stack:

        def gather(address: Address, size: int, data: bytes = b"") -> list[socket.socket]:
            return [stack.enter_context(connect(address, data)) for _ in range(size)]

        yield gather


Crowd = Callable[..., list[socket.socket]]


def scrapes(address: Address) -> bool:
    answer = request(address)
    return answer.status == 200 and b"l2_arp_moves_total" in answer.body


@pytest.mark.parametrize("data", [b"", b"G", b"GET /metrics HTTP/1.1\r\nHost: x\r\n"])
def test_300_that_wait(serve: Serve, crowd: Crowd, data: bytes) -> None:
    address = serve()
    crowd(address, 300, data)
    assert scrapes(address)


def test_300_that_were_answered_and_stay(serve: Serve, crowd: Crowd) -> None:
    address = serve()
    for client in crowd(address, 300, HEALTH):
        with contextlib.suppress(ConnectionResetError):  # more than may wait
            client.recv(1)
    assert scrapes(address)


def test_the_longest_wait_makes_room(
    serve: Serve, crowd: Crowd, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "HTTP_WAITING", 3)
    address = serve()
    clients = crowd(address, 5)
    assert [client.recv(1) for client in clients[:2]] == [b"", b""]
    clients[2].sendall(HEALTH)
    assert clients[2].recv(12) == b"HTTP/1.1 200"


def test_a_scrape_at_work_keeps_its_place(
    serve: Serve, crowd: Crowd, metrics: FakeMetrics, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "HTTP_WAITING", 3)
    leave = threading.Event()
    metrics.sources["held"] = lambda: list(moves()) if leave.wait(PATIENCE) else []
    address = serve()
    (scraper,) = crowd(address, 1)
    scraper.sendall(SCRAPE)
    wait_until(lambda: len(metrics.asked) == 1, "the scrape is being collected")
    first = crowd(address, 5)[0]
    assert first.recv(1) == b""
    leave.set()
    assert scraper.recv(13) == b"HTTP/1.1 200 "


def test_50_that_drip(serve: Serve, crowd: Crowd) -> None:
    address = serve()
    clients = crowd(address, 50, b"GET /metrics HTTP/1.1\r\nX: ")
    stop = threading.Event()

    def drip() -> None:
        while not stop.wait(0.02):
            for client in clients:
                client.send(b"x")

    dripping = threading.Thread(target=drip)
    dripping.start()
    try:
        assert all(scrapes(address) for _ in range(5))
    finally:
        stop.set()
        dripping.join()


def test_who_drips_is_cut_off(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "HTTP_REQUEST_SECONDS", 0.2)
    address = serve()
    with connect(address, b"GET / HTTP/1.1\r\nX: ") as client:
        client.settimeout(0.05)
        for _ in range(200):
            try:
                client.send(b"x")
                assert client.recv(1) == b""
            except TimeoutError:
                continue
            except OSError:
                pass
            break
        else:
            pytest.fail("still connected after 200 bytes in 10 s")
    assert scrapes(address)


def test_who_is_idle_is_cut_off(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "HTTP_REQUEST_SECONDS", 0.2)
    address = serve()
    with connect(address) as silent, connect(address, HEALTH) as answered:
        assert silent.recv(1) == b""
        assert b"healthy" in read_to_end(answered)


def test_six_that_never_read(
    serve: Serve, crowd: Crowd, metrics: FakeMetrics, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "HTTP_ANSWER_SECONDS", 10 * PATIENCE)
    metrics.sources["large"] = large
    address = serve()
    clients = crowd(address, 6, SCRAPE)
    for client in clients:
        client.recv(1)
    assert scrapes(address)


def test_who_does_not_read_is_cut_off(
    serve: Serve, metrics: FakeMetrics, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "HTTP_ANSWER_SECONDS", 0.2)
    metrics.sources["large"] = large
    address = serve()
    ended = threading.Event()
    with connect(address, SCRAPE) as client:
        client.recv(1)

        def wait_for_the_end() -> None:
            with contextlib.suppress(OSError):
                while True:
                    client.send(b"x")
                    ended.wait(0.01)
            ended.set()

        waiting = threading.Thread(target=wait_for_the_end)
        waiting.start()
        assert ended.wait(PATIENCE)
        waiting.join()
    assert scrapes(address)


def test_a_slow_reader_gets_all(serve: Serve, metrics: FakeMetrics) -> None:
    metrics.sources["large"] = large
    address = serve()
    with connect(address, b"GET /metrics HTTP/1.0\r\n\r\n") as client:
        client.recv(1)
        assert scrapes(address)
        assert len(read_to_end(client)) > 12_000_000


def test_more_requests_than_can_wait(
    serve: Serve, crowd: Crowd, metrics: FakeMetrics, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "HTTP_QUEUE", 2)
    leave = threading.Event()
    metrics.sources["held"] = lambda: list(moves()) if leave.wait(PATIENCE) else []
    address = serve()
    working: list[socket.socket] = []

    def all_work() -> bool:
        return len(metrics.asked) == len(working)

    while len(working) < limits.HTTP_THREADS:
        working += crowd(address, 1, SCRAPE)
        wait_until(all_work, "the request has a worker")
    more = crowd(address, 2 + 5, SCRAPE)
    poll = select.poll()
    for client in more:
        poll.register(client, select.POLLIN)
    wait_until(lambda: len(poll.poll(0)) == 5, "five are refused")
    leave.set()
    assert [client.recv(13) for client in working] == [b"HTTP/1.1 200 "] * limits.HTTP_THREADS
    answers = sorted(client.recv(13) for client in more)
    assert answers == [b"HTTP/1.1 200 "] * 2 + [b"HTTP/1.1 503 "] * 5
    assert scrapes(address)


@pytest.mark.parametrize(
    ("data", "status"),
    [
        pytest.param(b"\x16\x03\x01\x02\x00\x01\x00\r\n\r\n", 400, id="TLS"),
        pytest.param(b"\r\n\r\n\r\n", 400, id="blank lines"),
        pytest.param(b"GET\r\n\r\n", 400, id="no path"),
        pytest.param(b"GET / HTTP/1.1\n\n", 400, id="bare line feeds"),
        pytest.param(b"GET / HTTP/1.1\r\nX\r\n folded: 1\r\n\r\n", 400, id="folded"),
        pytest.param(b"GET / HTTP/1.1\r\nno colon\r\n\r\n", 400, id="no colon"),
        pytest.param(b"GET //[ HTTP/1.1\r\n\r\n", 400, id="a broken authority"),
        pytest.param(b"GET http://x/ HTTP/1.1\r\n\r\n", 400, id="as to a proxy"),
        pytest.param(b"get / HTTP/1.1\r\n\r\n", 400, id="lower case"),
        pytest.param(b"GET / HTTP/9.9\r\n\r\n", 505, id="HTTP/9.9"),
        pytest.param(b"GET / HTTP/x.y\r\n\r\n", 400, id="HTTP/x.y"),
        pytest.param(b"GET /" + b"a" * 9000 + b" HTTP/1.1\r\n\r\n", 414, id="a long path"),
        pytest.param(b"GET / HTTP/1.1\r\nX: " + b"a" * 9000 + b"\r\n\r\n", 413, id="a long field"),
        pytest.param(b"GET / HTTP/1.1\r\n" + b"X: 1\r\n" * 9000, 413, id="many fields"),
        pytest.param(b"A" * 100_000, 414, id="one long word"),
        pytest.param(b"POST / HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc", 413, id="a body"),
        pytest.param(b"GET / HTTP/1.1\r\nContent-Length: 99999999999\r\n\r\n", 413, id="huge"),
        pytest.param(b"GET / HTTP/1.1\r\nContent-Length: -1\r\n\r\n", 413, id="a negative body"),
        pytest.param(b"GET / HTTP/1.1\r\nContent-Length: x\r\n\r\n", 400, id="no number"),
        pytest.param(
            b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
            413,
            id="chunked",
        ),
        pytest.param(
            b"GET / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", 413, id="chunked in HTTP/1.0"
        ),
        pytest.param(b"POST / HTTP/1.1\r\nTransfer-Encoding: x\r\n\r\n", 501, id="another coding"),
        pytest.param(b"CONNECT x:1 HTTP/1.1\r\n\r\n", 405, id="CONNECT"),
        pytest.param(b"OPTIONS * HTTP/1.1\r\n\r\n", 404, id="OPTIONS *"),
        pytest.param(b"GET /%2e%2e/%00 HTTP/1.1\r\n\r\n", 404, id="escapes"),
        pytest.param(b"GET / HTTP/1.0\r\n\r\n", 200, id="HTTP/1.0"),
        pytest.param(b"\r\nGET / HTTP/1.1\r\n\r\n", 200, id="one blank line"),
    ],
)
def test_an_odd_request(serve: Serve, data: bytes, status: int) -> None:
    address = serve()
    answer = exchange(address, data)
    assert answer.startswith(b"HTTP/1.1 %d " % status), answer[:100]
    assert b"Traceback" not in answer
    assert scrapes(address)


@pytest.mark.parametrize("data", [b"", b"\0\xff" * 100, b"GET / HTTP/1.1\r\nX"])
def test_who_leaves_in_mid_request_is_not_answered(serve: Serve, data: bytes) -> None:
    address = serve()
    assert exchange(address, data) == b""
    assert scrapes(address)


def test_a_body_is_refused_before_it_comes(serve: Serve) -> None:
    address = serve()
    with connect(address, b"POST / HTTP/1.1\r\nContent-Length: 1000000\r\n\r\n") as client:
        assert read_to_end(client).startswith(b"HTTP/1.1 413 ")


def test_pipelined_requests(serve: Serve) -> None:
    answers = exchange(serve(), HEALTH * 400)
    assert answers.count(b"HTTP/1.1 200 OK\r\n") == 400
    assert answers.count(b"l2exporter is healthy.\n") == 400


def test_what_follows_a_refused_body_is_not_a_request(serve: Serve) -> None:
    smuggled = b"GET / HTTP/1.1\r\nContent-Length: %d\r\n\r\n%b" % (len(HEALTH), HEALTH)
    answers = exchange(serve(), smuggled)
    assert answers.count(b"HTTP/1.1 ") == 1


def test_kept_alive(serve: Serve) -> None:
    with connect(serve()) as client:
        for _ in range(20):
            client.sendall(HEALTH)
            answer = b""
            while not answer.endswith(b"healthy.\n"):
                answer += client.recv(4096)


def test_a_request_in_pieces(serve: Serve) -> None:
    with connect(serve()) as client:
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for byte in HEALTH:
            client.send(bytes([byte]))
        assert client.recv(12) == b"HTTP/1.1 200"


def test_who_asks_and_leaves(serve: Serve, metrics: FakeMetrics) -> None:
    metrics.sources["large"] = large
    address = serve()
    for _ in range(10):
        client = connect(address, SCRAPE)
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        client.close()
    assert scrapes(address)


FRAGMENTS = st.sampled_from(
    [
        b"GET ", b"POST ", b"HEAD ", b"OPTIONS ", b"CONNECT ", b"/", b"/metrics", b"?collect[]=",
        b"//[", b"http://", b"#", b"%", b" HTTP/1.1", b" HTTP/1.0", b" HTTP/0.", b"\r\n", b"\n",
        b"\r\n\r\n", b": ", b"Host", b"Content-Length", b"Transfer-Encoding", b"chunked", b"0",
        b"Connection", b"close", b"Keep-Alive", b"Expect", b"100-continue", b"Accept",
        b"Accept-Encoding", b"gzip", b";q=", b" ", b"\t", b"-1", b"\0", b"\xff",
    ]
)  # fmt: skip
BYTES = st.one_of(
    st.binary(max_size=200),
    st.lists(FRAGMENTS | st.binary(max_size=3), max_size=30).map(b"".join),
    st.lists(FRAGMENTS, max_size=12).map(lambda parts: b"GET / HTTP/1.1\r\n" + b"".join(parts)),
)


@pytest.fixture(scope="module")
def lasting() -> Iterator[Address]:
    """One server for all examples of a property, so that what one leaves behind meets the next."""
    server = WebServer(Application(FakeMetrics(), lambda: None, version="1"), [("127.0.0.1", 0)])
    server.start()
    yield server.bound[0]
    server.stop()


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(BYTES, min_size=1, max_size=3))
def test_any_bytes(lasting: Address, sent: list[bytes]) -> None:
    for data in sent:
        answer = exchange(lasting, data)
        assert answer == b"" or answer.startswith(b"HTTP/1.1 ")
        assert b" 500 " not in answer
    assert exchange(lasting, HEALTH).startswith(b"HTTP/1.1 200 ")

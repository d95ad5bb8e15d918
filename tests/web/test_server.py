from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator

import pytest
from prometheus_client.metrics_core import Metric

from l2exporter import limits
from l2exporter.errors import StartError
from l2exporter.web import listener
from l2exporter.web.addresses import EVERYWHERE
from l2exporter.web.application import Application
from l2exporter.web.server import WebServer

from ..lab.wait import wait_until
from .client import PATIENCE, Address, connect, request
from .conftest import FakeMetrics, Serve, large, moves


def _has_ipv6_loopback() -> bool:
    try:
        with socket.create_server(("::1", 0), family=socket.AF_INET6):
            return True
    except OSError:
        return False


needs_ipv6 = pytest.mark.skipif(not _has_ipv6_loopback(), reason="needs ::1 on the loopback")


def listens(address: Address) -> bool:
    try:
        socket.create_connection(address, timeout=PATIENCE).close()
    except OSError:
        return False
    return True


@pytest.fixture
def bound(application: Application) -> Iterator[Callable[..., WebServer]]:
    """Servers that listen but are not started."""
    servers: list[WebServer] = []

    def bind(*addresses: Address) -> WebServer:
        servers.append(WebServer(application, addresses))
        return servers[-1]

    yield bind
    for server in servers:
        server.stop()


def test_it_serves_until_it_is_stopped(application: Application) -> None:
    server = WebServer(application, [("127.0.0.1", 0)])
    server.start()
    (address,) = server.bound
    answer = request(address)
    assert answer.status == 200
    assert answer.headers["Server"] == "l2exporter"
    assert b"l2_arp_moves_total" in answer.body
    server.stop()
    assert not listens(address)


def test_it_serves_on_all_addresses(bound: Callable[..., WebServer]) -> None:
    server = bound(("127.0.0.1", 0), ("127.0.0.2", 0), ("localhost", 0))
    server.start()
    assert [host for host, _ in server.bound] == ["127.0.0.1", "127.0.0.2", "127.0.0.1"]
    assert [request(address).status for address in server.bound] == [200, 200, 200]


def test_what_connects_before_the_start_is_answered_after_it(
    bound: Callable[..., WebServer],
) -> None:
    server = bound(("127.0.0.1", 0))
    with connect(server.bound[0], b"GET /-/healthy HTTP/1.0\r\n\r\n") as client:
        server.start()
        assert client.recv(12) == b"HTTP/1.1 200"


def test_an_ipv4_address_is_no_wider(bound: Callable[..., WebServer]) -> None:
    (_, port), *_ = bound(("127.0.0.1", 0)).bound
    assert listens(("127.0.0.1", port))
    assert not listens(("127.0.0.2", port))
    assert not listens(("::1", port))


@needs_ipv6
def test_an_ipv6_address_is_no_wider(bound: Callable[..., WebServer]) -> None:
    (_, port), *_ = bound(("::1", 0)).bound
    assert listens(("::1", port))
    assert not listens(("127.0.0.1", port))


@needs_ipv6
def test_all_of_ipv6_is_not_ipv4(bound: Callable[..., WebServer]) -> None:
    (_, port), *_ = bound(("::", 0)).bound
    assert listens(("::1", port))
    assert not listens(("127.0.0.1", port))


@needs_ipv6
def test_everywhere_is_both(bound: Callable[..., WebServer]) -> None:
    (_, port), *_ = bound((EVERYWHERE, 0)).bound
    assert listens(("::1", port))
    assert listens(("127.0.0.1", port))


def test_everywhere_without_ipv6(
    bound: Callable[..., WebServer], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listener, "_has_ipv6", lambda: False)
    ((host, port),) = bound((EVERYWHERE, 0)).bound
    assert host == "0.0.0.0"
    assert listens(("127.0.0.2", port))


def test_it_does_not_listen_where_systemd_says(
    bound: Callable[..., WebServer], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LISTEN_PID", "1")
    monkeypatch.setenv("LISTEN_FDS", "1")
    server = bound(("127.0.0.1", 0))
    server.start()
    assert request(server.bound[0]).status == 200


def test_a_port_in_use(bound: Callable[..., WebServer]) -> None:
    (address,) = bound(("127.0.0.1", 0)).bound
    with pytest.raises(StartError) as caught:
        bound(address)
    assert str(caught.value) == f"cannot listen on 127.0.0.1:{address[1]}: Address already in use"


def test_an_address_of_another_host(bound: Callable[..., WebServer]) -> None:
    with pytest.raises(StartError, match=r"^cannot listen on 192\.0\.2\.1:0: Cannot assign"):
        bound(("192.0.2.1", 0))


def test_a_name_that_does_not_resolve(
    bound: Callable[..., WebServer], monkeypatch: pytest.MonkeyPatch
) -> None:
    def unknown(*_: object, **__: object) -> object:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    with pytest.raises(StartError, match=r"^cannot listen on nowhere:1: Name or service not known"):
        bound(("nowhere", 1))


def test_a_name_with_two_addresses(
    bound: Callable[..., WebServer], monkeypatch: pytest.MonkeyPatch
) -> None:
    stream = (socket.SOCK_STREAM, 0, "")
    both = [
        (socket.AF_INET6, *stream, ("::1", 0, 0, 0)),
        (socket.AF_INET, *stream, ("127.0.0.1", 0)),
    ]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: both)
    assert [host for host, _ in bound(("two", 0)).bound] == ["127.0.0.1"]


def test_all_addresses_or_none(bound: Callable[..., WebServer]) -> None:
    (taken,) = bound(("127.0.0.1", 0)).bound
    with socket.create_server(("127.0.0.2", 0)) as probe:
        free = probe.getsockname()
    with pytest.raises(StartError):
        bound(free, taken)
    assert not listens(free)


def stops(server: WebServer) -> bool:
    """Whether `stop` returns; a bound far above what it takes, far below any of its timeouts."""
    stopping = threading.Thread(target=server.stop, daemon=True)
    stopping.start()
    stopping.join(2)
    return not stopping.is_alive()


def test_it_stops_with_clients_in_every_state(
    bound: Callable[..., WebServer], metrics: FakeMetrics, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "HTTP_ANSWER_SECONDS", 10 * PATIENCE)
    metrics.sources["large"] = large
    before = set(threading.enumerate())
    server = bound(("127.0.0.1", 0), ("127.0.0.1", 0))
    server.start()
    clients = [
        connect(address, data)
        for address in server.bound
        for data in (
            b"",
            b"GET /metr",
            b"GET /-/healthy HTTP/1.1\r\n\r\n",
            *[b"GET /metrics HTTP/1.1\r\n\r\n"] * 5,
        )
    ]
    wait_until(lambda: len(metrics.asked) >= 6, "scrapes are being answered")
    assert stops(server)
    assert not any(listens(address) for address in server.bound)
    wait_until(lambda: set(threading.enumerate()) <= before, "its threads end", PATIENCE)
    for client in clients:
        client.close()


def test_it_stops_while_a_scrape_hangs(
    bound: Callable[..., WebServer], metrics: FakeMetrics
) -> None:
    entered, leave = threading.Event(), threading.Event()

    def hanging() -> Iterator[Metric]:
        entered.set()
        leave.wait(PATIENCE)
        yield from moves()

    metrics.sources["hanging"] = hanging
    server = bound(("127.0.0.1", 0))
    server.start()
    with connect(server.bound[0], b"GET /metrics HTTP/1.1\r\n\r\n"):
        assert entered.wait(PATIENCE)
        assert stops(server)
    leave.set()


def test_no_thread_is_left(bound: Callable[..., WebServer]) -> None:
    before = set(threading.enumerate())
    server = bound(("127.0.0.1", 0), ("127.0.0.1", 0))
    server.start()
    assert request(server.bound[0]).status == 200
    started = set(threading.enumerate()) - before
    assert all(thread.daemon for thread in started)
    server.stop()
    for thread in started:
        thread.join(PATIENCE)
    assert set(threading.enumerate()) <= before


def test_stopping_twice_or_before_the_start(bound: Callable[..., WebServer]) -> None:
    server = bound(("127.0.0.1", 0))
    server.stop()
    server.stop()


def test_scrapes_at_once(serve: Serve, metrics: FakeMetrics) -> None:
    together = threading.Barrier(4)

    def meeting() -> Iterator[Metric]:
        together.wait(PATIENCE)
        yield from moves()

    metrics.sources["meeting"] = meeting
    address = serve()
    statuses: list[int] = []
    threads = [
        threading.Thread(target=lambda: statuses.append(request(address).status)) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    assert statuses == [200] * 4

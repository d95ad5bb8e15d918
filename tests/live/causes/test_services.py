"""A real avahi-daemon with services of every day, and with one that a sleep proxy has."""

from __future__ import annotations

import socket

import pytest

from tests.lab.avahi import Avahi
from tests.lab.segment import Host
from tests.live.causes.marks import TIMEOUT, of
from tests.live.causes.stage import Stage, Views

pytestmark = [pytest.mark.root, pytest.mark.timeout(TIMEOUT)]

ORDINARY = {"Printer": "_ipp._tcp", "Files & more": "_smb._tcp", "Shell": "_ssh._tcp"}
DISCARD = 9
PROXY = {"50-37-71-72 Avahi": "_sleep-proxy._udp"}


def services(stage: Stage) -> Views:
    """One host publishes ordinary services, another says that it is a sleep proxy."""
    watcher, ordinary, proxy = stage.segment(3).hosts
    exporter = stage.exporter(watcher.namespace)
    stage.enter(Avahi(ordinary, "printer", ORDINARY))
    assert ordinary.ping(watcher.ip)
    before = stage.until(
        exporter,
        lambda view: view.value("l2_slow_packets_total", protocol="mdns", result="passed_over"),
        "ordinary packets are looked at",
    )
    magic(ordinary, "192.0.2.255")
    with Avahi(proxy, "proxy", PROXY):
        seen = stage.until(exporter, lambda view: view.by("l2_sleep_proxy_info", "name"), "offer")
    gone = stage.until(exporter, lambda view: not view.by("l2_sleep_proxy_info", "name"), "bye")
    return {"ordinary": before, "proxy": seen, "gone": gone}


def magic(host: Host, to: str) -> None:
    """Send a magic packet by UDP, as most programs that wake machines do."""
    with host.namespace.entered():
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    with sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        sock.sendto(b"\xff" * 6 + bytes.fromhex("020000000099") * 16, (to, DISCARD))


@of(services)
def test_what_avahi_offers_is_read_as_apples_is(told: Views) -> None:
    labels = {
        "proxy_mac": "02:00:00:00:00:03",
        "name": "Avahi",
        "intent": "50",
        "portability": "37",
        "marginal_power": "71",
        "total_power": "72",
        "features": "",
    }
    assert told["proxy"].value("l2_sleep_proxy_info", **labels) == 1
    assert told["proxy"].value("l2_sleep_proxy_held_addresses", proxy_mac=labels["proxy_mac"]) == 0


@of(services)
def test_ordinary_services_are_passed_over_and_cause_nothing(told: Views) -> None:
    view = told["ordinary"]
    assert view.by("l2_sleep_proxy_info", "name") == {}
    assert view.value("l2_slow_packets_total", protocol="mdns", result="malformed") in (None, 0)
    assert view.causes() == {}


@of(services)
def test_a_magic_packet_is_one_as_udp_too(told: Views) -> None:
    assert told["ordinary"].value("l2_wake_on_lan_packets_total") == 0
    assert told["proxy"].value("l2_wake_on_lan_packets_total") == 1


@of(services)
def test_a_daemon_that_ends_says_so(told: Views) -> None:
    assert told["gone"].by("l2_sleep_proxy_held_addresses", "proxy_mac") == {}
    assert told["gone"].causes() == {}

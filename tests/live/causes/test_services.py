"""A real avahi-daemon with services of every day, and with one that a sleep proxy has."""

from __future__ import annotations

import pytest

from tests.lab.avahi import Avahi
from tests.live.causes.marks import TIMEOUT, of
from tests.live.causes.stage import Stage, Views

pytestmark = [pytest.mark.root, pytest.mark.timeout(TIMEOUT)]

ORDINARY = {"Printer": "_ipp._tcp", "Files & more": "_smb._tcp", "Shell": "_ssh._tcp"}
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
    with Avahi(proxy, "proxy", PROXY):
        seen = stage.until(exporter, lambda view: view.by("l2_sleep_proxy_info", "name"), "offer")
    gone = stage.until(exporter, lambda view: not view.by("l2_sleep_proxy_info", "name"), "bye")
    return {"ordinary": before, "proxy": seen, "gone": gone}


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
def test_a_daemon_that_ends_says_so(told: Views) -> None:
    assert told["gone"].by("l2_sleep_proxy_held_addresses", "proxy_mac") == {}
    assert told["gone"].causes() == {}

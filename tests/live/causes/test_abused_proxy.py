"""A sleep proxy is made to claim the gateway: a registration carries no credentials."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest

from tests.dissect import dns_messages
from tests.lab.sleep_proxy import SleepProxy
from tests.lab.sleeping_mac import register
from tests.live.causes.marks import TIMEOUT, of
from tests.live.causes.stage import Stage, View, Views

pytestmark = [pytest.mark.root, pytest.mark.timeout(TIMEOUT)]

GATEWAY_IP, GATEWAY_MAC, PROXY_MAC = "192.0.2.2", "02:00:00:00:00:02", "02:00:00:00:00:04"
PORT = "p4"
"""The proxy's, on the bridge."""


def abused_proxy(stage: Stage) -> Views:
    """Somebody registers the gateway's address at a sleep proxy, which then answers for it.

    It is the watcher's gateway by its routing table; who looks at the proxy's port has it, and its
    MAC, in its configuration.
    """
    segment = stage.segment(4)
    watcher, gateway, attacker, proxy_host = segment.hosts
    watcher.namespace.ip("route", "add", "default", "via", gateway.ip)
    plain = stage.exporter(watcher.namespace)
    config = Path(stage.enter(tempfile.TemporaryDirectory()), "config.yml")
    config.write_text(f'protected_addresses: [{{ip: {gateway.ip}, mac: "{gateway.mac}"}}]')
    mirror = stage.exporter(segment.switch, "--capture.device", PORT, "--config.file", str(config))
    assert watcher.ping(gateway.ip)
    gateway.arping("-U")
    proxy = stage.enter(SleepProxy(proxy_host))
    proxy.offer()
    stage.until(plain, lambda view: view.by("l2_sleep_proxy_info", "name"), "the proxy is known")
    option = dns_messages.owner(attacker.mac, 1)
    register(attacker, proxy, dns_messages.registration([gateway.ip], option))
    views = {"mirror, asked": stage.until(mirror, claims, "the registration is seen")}
    views["plain, claimed"] = stage.until(
        plain, lambda view: view.cause(gateway.ip), "the proxy claims the address"
    )
    stage.until(plain, lambda view: claims(view) >= 4, "it goes on")
    gateway.arping("-U")
    views["mirror"] = stage.judged(mirror, gateway.ip, device=PORT)
    return {**views, "plain": stage.judged(plain, gateway.ip)}


def claims(view: View) -> float:
    """Claims on the gateway's address by others."""
    return view.value("l2_protected_address_claims_total", ip=GATEWAY_IP) or 0


@of(abused_proxy)
def test_a_proxy_that_claims_the_gateway_is_never_excused(told: Views) -> None:
    view = told["plain"]
    assert view.causes() == {"suspected_spoofing": 2}
    moves = view.by("l2_protected_address_moves_total", "cause", ip=GATEWAY_IP, role="gateway")
    assert moves["suspected_spoofing"] == 2
    assert claims(view) >= 4
    assert view.label("l2_protected_address_last_claim_info", "mac", ip=GATEWAY_IP) == PROXY_MAC
    assert view.by("l2_protected_address_info", "mac", ip=GATEWAY_IP) == {GATEWAY_MAC: 1}


@of(abused_proxy)
def test_its_claims_are_told_before_the_move_is_judged(told: Views) -> None:
    view = told["plain, claimed"]
    assert view.cause(GATEWAY_IP) == "pending"
    assert claims(view) >= 1


@of(abused_proxy)
def test_a_mirror_port_tells_of_the_registration_itself(told: Views) -> None:
    asked, view = told["mirror, asked"], told["mirror"]
    assert asked.cause(GATEWAY_IP, PORT) is None
    assert claims(asked) >= 1
    assert view.causes(device=PORT) == {"suspected_spoofing": 2}
    assert view.by("l2_protected_address_info", "mac", ip=GATEWAY_IP) == {GATEWAY_MAC: 1}

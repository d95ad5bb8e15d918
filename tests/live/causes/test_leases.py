"""Real DHCP and real mDNS: addresses that are given to others, and hosts that change their card."""

from __future__ import annotations

import pytest

from tests.lab.avahi import Avahi
from tests.lab.dnsmasq import Dnsmasq, lease
from tests.lab.segment import DEVICE, Host
from tests.live.causes.marks import TIMEOUT, of
from tests.live.causes.stage import Stage, View, Views

pytestmark = [pytest.mark.root, pytest.mark.timeout(TIMEOUT)]

WATCHER, SERVER, FIRST, SECOND = range(4)
LEASED = "192.0.2.100"
DUID = "00030001020000000003"
"""RFC 8415, 11.4: of the first hardware address that the host had."""


def bare(host: Host) -> Host:
    """The host without an address, as one that is switched on."""
    host.namespace.ip("address", "flush", "dev", host.device, "scope", "global")
    return host


def switched_off(host: Host) -> None:
    """The host is gone from the segment without a word."""
    host.namespace.ip("link", "set", "dev", host.device, "down")


def identifier(iaid: int) -> tuple[str, str]:
    """Option 61 of one interface of the host (RFC 4361, 6.1)."""
    return "-x", f"0x3d:ff{iaid:08x}{DUID}"


def reassigned(stage: Stage, old: tuple[str, ...] = (), new: tuple[str, ...] = ()) -> View:
    """A client is switched off, the server forgets it, and gives its address to another."""
    hosts = stage.segment(4).hosts
    exporter = stage.exporter(hosts[WATCHER].namespace)
    first, second = bare(hosts[FIRST]), bare(hosts[SECOND])
    server = stage.enter(Dnsmasq(hosts[SERVER], LEASED))
    lease(first, *old)
    assert first.ping(hosts[SERVER].ip)
    switched_off(first)
    server.restart()
    lease(second, *new)
    assert second.ping(hosts[SERVER].ip)
    return stage.judged(exporter, LEASED)


def another_client(stage: Stage) -> Views:
    return {"plain": reassigned(stage, ("-a",), ("-a",))}


def another_card(stage: Stage) -> Views:
    return {"plain": reassigned(stage, ("-C", *identifier(1)), ("-C", *identifier(2)))}


def another_card_by_name(stage: Stage) -> Views:
    """A host with avahi goes on with another card, and keeps its name and address."""
    watcher, host, other = stage.segment(3).hosts
    exporter = stage.exporter(watcher.namespace)
    with Avahi(host, "laptop", {}):
        assert host.ping(watcher.ip)
        stage.until(exporter, lambda view: view.by("l2_arp_moves_total", "ip", ip=host.ip), "seen")
    switched_off(host)
    bare(other).namespace.address(DEVICE, f"{host.ip}/24")
    with Avahi(other, "laptop", {}):
        assert other.ping(watcher.ip)
        return {"plain": stage.judged(exporter, host.ip)}


@of(another_client)
def test_an_address_that_was_given_to_another_client(told: Views) -> None:
    view = told["plain"]
    assert view.causes() == {"dhcp_reassignment": 1}
    assert view.cause(LEASED) == "dhcp_reassignment"


@of(another_card)
def test_one_client_identifier_on_another_card_is_the_same_host(told: Views) -> None:
    view = told["plain"]
    assert view.causes() == {"same_host_interface": 1}
    assert view.cause(LEASED) == "same_host_interface"


@of(another_card_by_name)
def test_one_host_name_on_another_card_is_the_same_host(told: Views) -> None:
    assert told["plain"].causes() == {"same_host_interface": 1}

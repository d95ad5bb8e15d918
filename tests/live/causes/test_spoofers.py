"""Addresses that are taken: by a real spoofer, by an actor, and by way of a sleep proxy."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest

from tests.dissect import dns_messages
from tests.lab import ndp
from tests.lab.arpspoof import Arpspoof
from tests.lab.chatter import Chatter
from tests.lab.segment import Host
from tests.lab.sleep_proxy import SleepProxy
from tests.lab.sleeping_mac import register
from tests.lab.wire import Actor
from tests.live.causes.marks import TIMEOUT, of
from tests.live.causes.stage import Stage, View, Views

pytestmark = [pytest.mark.root, pytest.mark.timeout(TIMEOUT)]

WATCHER, GATEWAY, OWNER, SPOOFER, PROXY = range(5)
GATEWAY_IP, OWNER_IP, OWNER_IP6 = "192.0.2.2", "192.0.2.3", "2001:db8::3"
GATEWAY_MAC, SPOOFER_MAC, PROXY_MAC = (f"02:00:00:00:00:0{n}" for n in (2, 4, 5))


class Poisoner(Actor):
    """A spoofer of IPv6: solicited advertisements that nobody asked for, one each two seconds."""

    def __init__(self, host: Host, target: str, to: str) -> None:
        super().__init__(host)
        self._target, self._to = target, to

    def opened(self) -> None:
        self.after(0.0, self._poison)

    def _poison(self) -> None:
        self.send(ndp.answer(self.mac, self._target, self._to))
        self.after(2.0, self._poison)


class Talker(Actor):
    """A host that asks for a neighbour in its own name, once a second."""

    def __init__(self, host: Host, own: str, asked: str) -> None:
        super().__init__(host)
        self._own, self._asked = own, asked

    def opened(self) -> None:
        self.after(0.0, self._ask)

    def _ask(self) -> None:
        self.send(ndp.solicitation(self.mac, self._own, self._asked))
        self.after(1.0, self._ask)


def known(view: View, *ips: str) -> bool:
    """Whether each of the addresses was seen."""
    return all(
        view.by("l2_ndp_moves_total" if ":" in ip else "l2_arp_moves_total", "ip", ip=ip)
        for ip in ips
    )


def spoofers(stage: Stage) -> Views:
    """arpspoof takes the watcher's gateway and a host, both of which talk; IPv6 likewise."""
    hosts = stage.segment(4).hosts
    watcher, gateway, owner, spoofer = hosts
    watcher.namespace.ip("route", "add", "default", "via", gateway.ip)
    exporter = stage.exporter(watcher.namespace)
    stage.enter(Chatter(gateway, watcher.ip))
    stage.enter(Chatter(owner, watcher.ip))
    stage.enter(Talker(owner, OWNER_IP6, "2001:db8::1"))
    stage.until(exporter, lambda view: known(view, GATEWAY_IP, OWNER_IP, OWNER_IP6), "all talk")
    stage.enter(Arpspoof(spoofer, gateway.ip))
    stage.enter(Arpspoof(spoofer, owner.ip))
    stage.enter(Poisoner(spoofer, OWNER_IP6, "2001:db8::1"))

    def judged(view: View) -> bool:
        settled = (
            view.by("l2_moves_by_cause_total", "cause", family=family, cause="suspected_spoofing")
            for family in ("ipv4", "ipv6")
        )
        return all(sum(each.values()) for each in settled)

    stage.until(exporter, judged, "moves are judged")
    return {"plain": stage.view(exporter)}


def silent_owner(stage: Stage) -> Views:
    """arpspoof tells the watcher alone that it is a host, which does not know of it."""
    watcher, owner, spoofer = stage.segment(3).hosts
    exporter = stage.exporter(watcher.namespace)
    assert owner.ping(watcher.ip)
    stage.until(exporter, lambda view: known(view, owner.ip), "the owner is known")
    stage.enter(Arpspoof(spoofer, owner.ip, target=watcher.ip))
    return {"plain": stage.judged(exporter, owner.ip)}


def began_before(stage: Stage) -> Views:
    """arpspoof has been at work for a while when the exporter starts; its victims are silent."""
    watcher, spoofer, *victims = stage.segment(5).hosts
    for victim in victims:
        stage.enter(Arpspoof(spoofer, victim.ip))
    exporter = stage.exporter(watcher.namespace)
    seen = stage.until(
        exporter,
        lambda view: view.by("l2_mac_addresses", "mac").get("02:00:00:00:00:02", 0) >= len(victims),
        "all the spoofer's addresses are bound to it",
    )
    return {"plain": seen}


def abused_proxy(stage: Stage) -> Views:
    """Somebody registers the gateway's address at a sleep proxy, which then answers for it."""
    segment = stage.segment(5)
    watcher, gateway, _, attacker, proxy_host = segment.hosts
    watcher.namespace.ip("route", "add", "default", "via", gateway.ip)
    exporter = stage.exporter(watcher.namespace)
    config = Path(stage.enter(tempfile.TemporaryDirectory()), "config.yml")
    config.write_text(f'protected_addresses: [{{ip: {gateway.ip}, mac: "{gateway.mac}"}}]')
    mirror = stage.exporter(segment.switch, "--capture.device=p5", "--config.file", str(config))
    assert watcher.ping(gateway.ip)
    gateway.arping("-U")
    proxy = stage.enter(SleepProxy(proxy_host))
    proxy.offer()
    stage.until(exporter, lambda view: view.by("l2_sleep_proxy_info", "name"), "the proxy is known")
    option = dns_messages.owner(attacker.mac, 1)
    register(attacker, proxy, dns_messages.registration([gateway.ip], option))
    asked = stage.until(mirror, claims, "the registration is seen")
    stage.until(exporter, lambda view: view.cause(gateway.ip), "the proxy claims the address")
    claimed = stage.view(exporter)
    stage.until(exporter, lambda view: claims(view) >= 4, "it goes on")
    gateway.arping("-U")
    views = {"mirror, asked": asked, "mirror": stage.judged(mirror, gateway.ip, device="p5")}
    return {**views, "claimed": claimed, "plain": stage.judged(exporter, gateway.ip)}


def claims(view: View) -> float:
    """Claims on the gateway's address by others."""
    return view.value("l2_protected_address_claims_total", ip=GATEWAY_IP) or 0


@of(spoofers)
def test_replies_that_nobody_asked_for_against_an_owner_that_talks(told: Views) -> None:
    view = told["plain"]
    assert view.causes().keys() == {"suspected_spoofing"}
    assert view.causes("ipv6").keys() == {"suspected_spoofing"}


@of(spoofers)
def test_of_a_gateway_every_move_and_claim_is_told(told: Views) -> None:
    view = told["plain"]
    moves = view.by("l2_protected_address_moves_total", "cause", ip=GATEWAY_IP, role="gateway")
    assert {cause for cause, count in moves.items() if count} == {"suspected_spoofing"}
    assert claims(view) >= 3
    assert view.label("l2_protected_address_last_claim_info", "mac", ip=GATEWAY_IP) == SPOOFER_MAC
    assert view.by("l2_protected_address_info", "mac", ip=GATEWAY_IP) == {GATEWAY_MAC: 1}


@of(silent_owner)
def test_a_victim_that_does_not_hear_of_it(told: Views) -> None:
    assert told["plain"].causes().keys() == {"suspected_spoofing"}


@of(began_before)
def test_what_began_before_shows_no_move_but_a_mac_with_many_addresses(told: Views) -> None:
    view = told["plain"]
    assert view.causes() == {}
    assert view.by("l2_mac_addresses", "mac").keys() == {"02:00:00:00:00:02"}
    assert view.by("l2_mac_role_info", "role") == {}


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
    assert told["claimed"].cause(GATEWAY_IP) == "pending"
    assert claims(told["claimed"]) >= 1


@of(abused_proxy)
def test_a_mirror_port_tells_of_the_registration(told: Views) -> None:
    asked, view = told["mirror, asked"], told["mirror"]
    assert asked.cause(GATEWAY_IP, "p5") is None
    assert claims(asked) >= 1
    assert view.causes(device="p5") == {"suspected_spoofing": 2}
    assert view.by("l2_protected_address_info", "mac", ip=GATEWAY_IP) == {GATEWAY_MAC: 1}

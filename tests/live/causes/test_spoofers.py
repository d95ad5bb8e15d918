"""Addresses that are taken: by a real arpspoof, and for IPv6 by an actor."""

from __future__ import annotations

import time

import pytest

from tests.lab import ndp
from tests.lab.arpspoof import Arpspoof
from tests.lab.avahi import Avahi
from tests.lab.chatter import Chatter, Talker
from tests.lab.dnsmasq import Dnsmasq, lease
from tests.lab.namespace import veth
from tests.lab.segment import Host
from tests.lab.wire import Actor
from tests.live.causes.marks import TIMEOUT, of
from tests.live.causes.stage import Stage, View, Views

pytestmark = [pytest.mark.root, pytest.mark.timeout(TIMEOUT)]

GATEWAY_IP, OWNER_IP = "192.0.2.2", "192.0.2.3"
WATCHER_IP6, OWNER_IP6 = "2001:db8::1", "2001:db8::3"
SECOND, THIRD, FOURTH, FIFTH = (f"02:00:00:00:00:0{n}" for n in range(2, 6))
"""Hardware addresses of the second to the fifth host of a segment."""

BEHIND, ASKED = "198.51.100.0/24", ("198.51.100.7", "198.51.100.8")
SIX_REPLIES = 11.0
"""Seconds in which arpspoof sends as many: the first two may have been asked for before the move,
another by the watcher's kernel, and the verdict is not to rest on how it gives the address back.
"""


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


def known(view: View, *ips: str) -> bool:
    """Whether each of the addresses was seen."""
    return all(
        view.by("l2_ndp_moves_total" if ":" in ip else "l2_arp_moves_total", "ip", ip=ip)
        for ip in ips
    )


def spoofers(stage: Stage) -> Views:
    """arpspoof takes the watcher's gateway and a host, both of which talk; IPv6 likewise."""
    watcher, gateway, owner, spoofer = stage.segment(4).hosts
    watcher.namespace.ip("route", "add", "default", "via", gateway.ip)
    exporter = stage.exporter(watcher.namespace)
    stage.enter(Chatter(gateway, watcher.ip))
    stage.enter(Chatter(owner, watcher.ip))
    stage.enter(Talker(owner, OWNER_IP6, WATCHER_IP6))
    stage.until(exporter, lambda view: known(view, GATEWAY_IP, OWNER_IP, OWNER_IP6), "all talk")
    stage.enter(Arpspoof(spoofer, gateway.ip))
    stage.enter(Arpspoof(spoofer, owner.ip))
    stage.enter(Poisoner(spoofer, OWNER_IP6, WATCHER_IP6))

    def judged(view: View) -> bool:
        moves = view.by("l2_protected_address_moves_total", "cause", ip=GATEWAY_IP)
        return bool(view.causes() and view.causes("ipv6") and sum(moves.values()))

    return {"plain": stage.until(exporter, judged, "moves are judged")}


def silent_owner(stage: Stage) -> Views:
    """arpspoof tells the watcher alone that it is a host that is silent, and gives it back."""
    watcher, owner, spoofer = stage.segment(3).hosts
    exporter = stage.exporter(watcher.namespace)
    assert owner.ping(watcher.ip)
    assert spoofer.ping(owner.ip)
    stage.until(exporter, lambda view: known(view, owner.ip), "the owner is known")
    arpspoof = stage.enter(Arpspoof(spoofer, owner.ip, target=watcher.ip))
    stage.until(exporter, lambda view: view.cause(owner.ip), "it has moved")
    enough = time.monotonic() + SIX_REPLIES
    stage.until(exporter, lambda _: time.monotonic() > enough, "it goes on")
    arpspoof.end()
    return {"plain": stage.judged(exporter, owner.ip)}


def impostor(stage: Stage) -> Views:
    """arpspoof takes a host that talks, from a host that offers itself as a sleep proxy."""
    watcher, owner, spoofer = stage.segment(3).hosts
    exporter = stage.exporter(watcher.namespace)
    stage.enter(Avahi(spoofer, "proxy", {"10-10-10-10 Trust me": "_sleep-proxy._udp"}))
    stage.enter(Chatter(owner, watcher.ip))
    stage.until(exporter, lambda view: view.by("l2_sleep_proxy_info", "name"), "it is a proxy")
    stage.enter(Arpspoof(spoofer, owner.ip))
    return {"plain": stage.until(exporter, View.causes, "moves are judged")}


def named_servers(stage: Stage) -> Views:
    """A DHCP server gives an address away by broadcast; arpspoof takes it, and the resolver."""
    watcher, server, resolver, client, spoofer = stage.segment(5).hosts
    exporter = stage.exporter(watcher.namespace)
    client.namespace.ip("address", "flush", "dev", client.device, "scope", "global")
    options = ("option:router", f"option:dns-server,{resolver.ip}")
    stage.enter(Dnsmasq(server, "192.0.2.100", *options))
    lease(client, "-B")
    for host in (server, resolver):
        assert host.ping(watcher.ip)
    stage.until(exporter, lambda view: known(view, server.ip, resolver.ip), "both are known")
    stage.enter(Arpspoof(spoofer, server.ip))
    stage.enter(Arpspoof(spoofer, resolver.ip))
    return {"plain": stage.judged(exporter, server.ip, resolver.ip)}


def began_before(stage: Stage) -> Views:
    """arpspoof is at work when the exporter starts; a router answers for hosts behind it."""
    watcher, router, *victims, spoofer = stage.segment(5).hosts
    for victim in victims:
        stage.enter(Arpspoof(spoofer, victim.ip))
    answer_for(router, BEHIND)
    exporter = stage.exporter(watcher.namespace)
    for asked in ASKED:
        stage.enter(Chatter(watcher, asked))

    def told(view: View) -> bool:
        counts = view.by("l2_mac_addresses", "mac")
        return len(counts) > 1 and bool(view.by("l2_mac_role_info", "role"))

    return {"plain": stage.until(exporter, told, "both MACs are shown, and what one of them is")}


def answer_for(router: Host, network: str) -> None:
    """Let the host's kernel answer for a network that it has a way to (RFC 1027)."""
    veth(router.namespace, "lan0", router.namespace, "lan1")
    router.namespace.ip("route", "add", network, "dev", "lan0")
    for name in ("ip_forward", f"conf.{router.device}.proxy_arp"):
        router.namespace.sysctl(f"net.ipv4.{name}", 1)


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
    claims = view.value("l2_protected_address_claims_total", ip=GATEWAY_IP, role="gateway")
    assert claims is not None
    assert claims >= 3
    assert view.label("l2_protected_address_last_claim_info", "mac", ip=GATEWAY_IP) == FOURTH
    assert view.by("l2_protected_address_info", "mac", ip=GATEWAY_IP) == {SECOND: 1}


@of(silent_owner)
def test_a_victim_that_does_not_hear_of_it_and_the_end_of_it(told: Views) -> None:
    view = told["plain"]
    assert view.causes() == {"suspected_spoofing": 2}
    assert view.label("l2_arp_last_move_info", "from_mac", ip="192.0.2.2") == THIRD
    assert view.label("l2_arp_last_move_info", "to_mac", ip="192.0.2.2") == SECOND


@of(impostor)
def test_who_says_that_it_is_a_sleep_proxy_is_not_excused(told: Views) -> None:
    view = told["plain"]
    assert view.causes().keys() == {"suspected_spoofing"}
    assert view.by("l2_sleep_proxy_info", "name").keys() == {"Trust me"}


@of(named_servers)
@pytest.mark.parametrize(
    ("ip", "mac", "role"),
    [("192.0.2.2", SECOND, "dhcp_server"), ("192.0.2.3", THIRD, "dns_server")],
)
def test_servers_that_dhcp_names_are_protected(told: Views, ip: str, mac: str, role: str) -> None:
    view = told["plain"]
    assert view.by("l2_protected_address_info", "mac", ip=ip, role=role) == {mac: 1}
    moves = view.by("l2_protected_address_moves_total", "cause", ip=ip, role=role)
    assert moves["suspected_spoofing"] == sum(moves.values()) == 1
    assert view.value("l2_protected_address_claims_total", ip=ip, role=role)
    assert view.label("l2_protected_address_last_claim_info", "mac", ip=ip) == FIFTH


@of(began_before)
def test_what_began_before_shows_no_move_but_a_mac_with_many_addresses(told: Views) -> None:
    view = told["plain"]
    assert view.causes() == {}
    assert view.by("l2_mac_addresses", "mac") == {SECOND: len(ASKED), FIFTH: 2}
    assert view.by("l2_mac_role_info", "role", mac=FIFTH) == {}
    assert view.by("l2_mac_role_info", "role", mac=SECOND) == {"proxy_arp": 1}

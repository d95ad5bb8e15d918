"""Two kernels with one address, and two routers where there should be one."""

from __future__ import annotations

import pytest
from scapy.layers.inet6 import ICMPv6ND_RA, ICMPv6NDOptSrcLLAddr

from tests.lab import frames, ndp
from tests.lab.chatter import Chatter, Talker
from tests.lab.segment import DEVICE
from tests.live.causes.marks import TIMEOUT, of
from tests.live.causes.stage import Stage, View, Views

pytestmark = [pytest.mark.root, pytest.mark.timeout(TIMEOUT)]

SHARED, SHARED6 = "192.0.2.50", "2001:db8::50"
ROUTER, ROGUE = "fe80::2", "fe80::3"


def duplicate(stage: Stage) -> Views:
    """Two hosts have an address of each family, and ask others in its name again and again."""
    watcher, one, two = stage.segment(3).hosts
    exporter = stage.exporter(watcher.namespace)
    for host in (one, two):
        host.namespace.address(DEVICE, f"{SHARED}/24")
        stage.enter(Chatter(host, watcher.ip, source=SHARED))
        stage.enter(Talker(host, SHARED6, "2001:db8::1"))

    def judged(view: View) -> bool:
        return bool(view.causes() and view.causes("ipv6"))

    return {"plain": stage.until(exporter, judged, "moves are judged")}


def replacement(stage: Stage) -> Views:
    """A host is switched off, and another is given its address by hand."""
    watcher, old, new = stage.segment(3).hosts
    exporter = stage.exporter(watcher.namespace)
    assert old.ping(watcher.ip)
    old.namespace.ip("link", "set", "dev", old.device, "down")
    new.namespace.address(DEVICE, f"{old.ip}/24")
    new.arping("-U", target=old.ip, count=3)
    return {"plain": stage.judged(exporter, old.ip)}


def routers(stage: Stage) -> Views:
    """A router advertises itself, and so does somebody else, with more preference."""
    watcher, router, rogue = stage.segment(3).hosts
    exporter = stage.exporter(watcher.namespace)
    for host, ip, preference, lifetime in ((router, ROUTER, 0, 1800), (rogue, ROGUE, 1, 9000)):
        body = ICMPv6ND_RA(prf=preference, routerlifetime=lifetime)
        body /= ICMPv6NDOptSrcLLAddr(lladdr=host.mac)
        frame = ndp.frame(body, mac=host.mac, source=ip, to=ndp.ALL_NODES)
        frames.send(host.namespace, host.device, [frame])

    def both(view: View) -> bool:
        return view.by("l2_ipv6_router_info", "ip").keys() == {ROUTER, ROGUE}

    return {"plain": stage.until(exporter, both, "both are shown")}


@of(duplicate)
def test_two_kernels_with_one_address(told: Views) -> None:
    assert told["plain"].causes().keys() == {"duplicate_address"}
    assert told["plain"].causes("ipv6").keys() == {"duplicate_address"}


@of(replacement)
def test_what_nothing_tells_is_unknown(told: Views) -> None:
    assert told["plain"].causes() == {"unknown": 1}


@of(routers)
def test_a_rogue_router_is_shown_beside_the_true_one(told: Views) -> None:
    view = told["plain"]
    true = {"ip": ROUTER, "mac": "02:00:00:00:00:02", "preference": "medium"}
    false = {"ip": ROGUE, "mac": "02:00:00:00:00:03", "preference": "high"}
    assert view.value("l2_ipv6_router_info", **true) == 1
    assert view.value("l2_ipv6_router_info", **false) == 1
    assert view.value("l2_ipv6_router_lifetime_seconds", ip=ROUTER) == 1800
    assert view.value("l2_ipv6_router_lifetime_seconds", ip=ROGUE) == 9000
    assert view.causes("ipv6") == {}

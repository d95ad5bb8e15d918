"""Addresses that are taken from their owners, and whoever is told of it."""

from __future__ import annotations

from contextlib import ExitStack

from scapy.layers.inet6 import ICMPv6ND_RA, ICMPv6NDOptSrcLLAddr

from tests.lab import frames, ndp
from tests.lab.arpspoof import Arpspoof
from tests.lab.chatter import Chatter, Talker
from tests.lab.segment import DEVICE, Host
from tests.live.causes.stage import View
from tests.live.monitoring.stage import WatchedStage

SHARED, SHARED6 = "192.0.2.50", "2001:db8::50"
LEFT = tuple(f"192.0.2.{n}" for n in range(21, 25))
"""Addresses whose hosts have gone."""

ROUTER, ROGUE = "fe80::2", "fe80::bad:1"
ROGUE_SECONDS = 20
"""That a rogue router asks to be believed for: it is shown for as long after its last word."""

VLAN = 7

CONFLICT = 20.0
"""Seconds: the address lies still for ten before it is judged, so that each scrape finds its
cause."""


def known(view: View, *ips: str) -> bool:
    """Whether each of the addresses was seen."""
    return all(
        view.by("l2_ndp_moves_total" if ":" in ip else "l2_arp_moves_total", "ip", ip=ip)
        for ip in ips
    )


def gateway_spoofed(stage: WatchedStage) -> None:
    """arpspoof takes the gateway of two hosts, which both watch, and with it another host: whoever
    is told of the gateway is not told of each address.
    """
    watcher, gateway, owner, spoofer, second = stage.segment(5).hosts
    exporters = []
    for host in (watcher, second):
        host.namespace.ip("route", "add", "default", "via", gateway.ip)
        exporters.append(stage.exporter(host.namespace))
    stage.enter(Chatter(gateway, watcher.ip))
    stage.enter(Chatter(owner, watcher.ip))
    for exporter in exporters:
        stage.until(exporter, lambda view: known(view, gateway.ip, owner.ip), "both talk")
    for _ in stage.rounds():
        with Arpspoof(spoofer, gateway.ip), Arpspoof(spoofer, owner.ip):
            stage.told("L2ProtectedAddressClaimed")
            stage.told("L2ProtectedAddressMoved")
            stage.inhibited("L2SuspectedSpoofing")
        stage.resolved("L2ProtectedAddressClaimed")
        stage.resolved("L2ProtectedAddressMoved")


def host_spoofed(stage: WatchedStage) -> None:
    """arpspoof takes a host that talks, which nobody protects; there is a VLAN as well."""
    watcher, owner, spoofer = stage.segment(3).hosts
    exporter = stage.exporter(watcher.namespace)
    tagged = frames.tagged(frames.announcement(owner.mac, "198.51.100.1"), VLAN)
    frames.send(owner.namespace, owner.device, [tagged])
    stage.enter(Chatter(owner, watcher.ip))
    stage.until(exporter, lambda view: known(view, owner.ip), "the owner talks")
    for _ in stage.rounds():
        with Arpspoof(spoofer, owner.ip):
            stage.pause(CONFLICT)
        stage.told("L2SuspectedSpoofing", ip=owner.ip)
        stage.resolved("L2SuspectedSpoofing")


def duplicate(stage: WatchedStage) -> None:
    """Two hosts have an address of each family, and ask others in its name again and again."""
    watcher, one, two = stage.segment(3).hosts
    exporter = stage.exporter(watcher.namespace)
    with ExitStack() as first:
        _settle(first, one)
        stage.until(exporter, lambda view: known(view, SHARED, SHARED6), "one host talks")
        for _ in stage.rounds():
            with ExitStack() as second:
                _settle(second, two)
                stage.pause(CONFLICT)
            two.namespace.ip("address", "del", f"{SHARED}/24", "dev", DEVICE)
            stage.told("L2DuplicateAddress", ip=SHARED)
            stage.told("L2DuplicateAddress", ip=SHARED6)
            stage.resolved("L2DuplicateAddress")


def _settle(stack: ExitStack, host: Host) -> None:
    """Give the host the shared addresses, and let it talk until the block ends."""
    host.namespace.address(DEVICE, f"{SHARED}/24")
    stack.enter_context(Chatter(host, "192.0.2.1", source=SHARED))
    stack.enter_context(Talker(host, SHARED6, "2001:db8::1"))


def taken_over(stage: WatchedStage) -> None:
    """Several hosts have gone without a word, and one answers to all their addresses."""
    watcher, newcomer = stage.segment(2).hosts
    exporter = stage.exporter(watcher.namespace)
    for number in stage.rounds():
        left = [f"02:00:00:01:{number % 256:02x}:{n:02x}" for n in range(len(LEFT))]
        _announce(newcomer, *zip(left, LEFT, strict=True))
        stage.until(exporter, lambda view: known(view, *LEFT), "they were there")
        stage.pause(2)
        _announce(newcomer, *((newcomer.mac, ip) for ip in LEFT))
        stage.told("L2UnexplainedMoves")
        stage.resolved("L2UnexplainedMoves")


def _announce(host: Host, *bindings: tuple[str, str]) -> None:
    told = [frames.announcement(mac, ip) for mac, ip in bindings]
    frames.send(host.namespace, host.device, told)


def rogue_router(stage: WatchedStage) -> None:
    """A router has advertised itself for a while; then somebody else does, with more preference."""
    watcher, router, rogue = stage.segment(3).hosts
    exporter = stage.exporter(watcher.namespace)
    _advertise(router, ROUTER, preference=0, lifetime=9000)
    stage.until(exporter, lambda view: view.by("l2_ipv6_router_info", "ip"), "the router is shown")
    known = f'segment:l2_ipv6_router:known{{segment="{stage.name}"}} offset 10s'
    stage.recorded(known)
    for number in stage.rounds():
        ip = f"fe80::bad:{number:x}"
        _advertise(rogue, ip, preference=1, lifetime=ROGUE_SECONDS)
        stage.told("L2RogueRouterAdvertisement", ip=ip)
        stage.resolved("L2RogueRouterAdvertisement", ip=ip)


def _advertise(host: Host, ip: str, *, preference: int, lifetime: int) -> None:
    body = ICMPv6ND_RA(prf=preference, routerlifetime=lifetime)
    body /= ICMPv6NDOptSrcLLAddr(lladdr=host.mac)
    frame = ndp.frame(body, mac=host.mac, source=ip, to=ndp.ALL_NODES)
    frames.send(host.namespace, host.device, [frame])

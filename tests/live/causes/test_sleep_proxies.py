"""A sleep proxy takes a Mac's addresses and gives them back: as it should be."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.lab.segment import DEVICE, Host
from tests.lab.sleep_proxy import SleepProxy
from tests.live.causes.marks import TIMEOUT, of
from tests.live.causes.sleepers import CLIENT, IP, IP6, MIRROR, OTHER, bedroom
from tests.live.causes.stage import Stage, View, Views

pytestmark = [pytest.mark.root, pytest.mark.timeout(TIMEOUT)]

SERVICE_PORT = 2222
PROXY_MAC, MAC_MAC, OTHER_MAC = (f"02:00:00:00:00:0{n}" for n in (2, 3, 5))


@contextmanager
def serving(host: Host) -> Iterator[None]:
    """The host's kernel takes connections, whatever addresses it has."""
    with host.namespace.entered():
        listener = socket.create_server(("", SERVICE_PORT))
    with listener:
        yield


def connect(host: Host, ip: str) -> bool:
    """Whether a connection comes about, with as many tries of the kernel as it takes."""
    with host.namespace.entered():
        client = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    with client:
        client.settimeout(20)
        return client.connect_ex((ip, SERVICE_PORT)) == 0


def demand(stage: Stage) -> Views:
    """The Mac sleeps; a client's kernel connects to it."""
    room = bedroom(stage, mirror=True)
    stage.enter(serving(room.mac.host))
    assert room.mirror is not None
    room.mac.sleep(room.proxy)
    views = {"plain, asleep": room.held(room.plain), "mirror, asleep": room.held(room.mirror)}
    assert connect(room.hosts[CLIENT], IP), "the sleeper answers once it is woken"
    assert room.mac.woken.wait(1)
    room.released(room.plain)
    views["plain, awake"] = room.judged(room.plain)
    return {**views, "mirror, awake": room.judged(room.mirror)}


def maintenance(stage: Stage) -> Views:
    """The Mac wakes by itself, and sleeps again after a while."""
    room = bedroom(stage)
    room.mac.sleep(room.proxy)
    room.held(room.plain)
    room.mac.wake()
    room.released(room.plain)
    room.mac.sleep(room.proxy)
    room.held(room.plain)
    return {"plain": room.judged(room.plain)}


def blip(stage: Stage) -> Views:
    """The Mac is heard once more while it falls asleep; the proxy takes its addresses again."""
    room = bedroom(stage)
    room.mac.sleep(room.proxy)
    room.held(room.plain)
    room.mac.claim()
    stage.until(room.plain, lambda view: transitions(view).get("renew") == 2, "both are renewed")
    return {"plain": room.judged(room.plain)}


def hand_off(stage: Stage) -> Views:
    """The proxy hands what it holds to another one."""
    room = bedroom(stage)
    other = stage.enter(SleepProxy(room.hosts[OTHER], "30-77-78-72 Other"))
    other.offer()
    room.mac.sleep(room.proxy)
    room.held(room.plain)
    room.proxy.hand_over(other)

    def handed(view: View) -> bool:
        return view.by("l2_sleep_proxy_held", "ip", proxy_mac=OTHER_MAC).keys() == {IP, IP6}

    held = stage.until(room.plain, handed, "the other proxy holds both addresses")
    room.mac.wake()
    room.released(room.plain)
    return {"handed": held, "plain": room.judged(room.plain)}


def shut_down(stage: Stage) -> Views:
    """The proxy ends, and the Mac does not hear the magic packets."""
    room = bedroom(stage, deaf=True)
    room.mac.sleep(room.proxy)
    room.held(room.plain)
    room.proxy.shut_down(times=2)
    room.released(room.plain)
    return {"plain": room.judged(room.plain)}


def lease_ends(stage: Stage) -> Views:
    """The proxy granted a short lease and lets go at its end; the Mac sleeps on."""
    room = bedroom(stage, mirror=True, lease=8, deaf=True)
    assert room.mirror is not None
    room.mac.sleep(room.proxy)
    views = {"mirror, held": room.held(room.mirror)}
    room.held(room.plain)
    room.released(room.mirror)
    room.released(room.plain)
    return {**views, "mirror": room.judged(room.mirror), "plain": room.judged(room.plain)}


def transitions(view: View) -> dict[str, float]:
    """How often each step of a hold was seen, of those that were; two addresses take it."""
    counts = view.by("l2_sleep_proxy_transitions_total", "transition")
    return {step: count for step, count in counts.items() if count}


def wakes(view: View) -> dict[str, float]:
    return view.by("l2_sleep_proxy_wakes_total", "reason")


def holders(view: View) -> dict[str, tuple[str | None, ...]]:
    """Owner, proxy and confidence of each address that is held."""
    name = "l2_sleep_proxy_held"
    return {
        ip: tuple(view.label(name, key, ip=ip) for key in ("owner_mac", "proxy_mac", "confidence"))
        for ip in view.by(name, "ip")
    }


@of(demand)
@pytest.mark.parametrize(("where", "confidence"), [("plain", "high"), ("mirror", "confirmed")])
def test_a_sleepers_addresses_are_held(told: Views, where: str, confidence: str) -> None:
    view = told[f"{where}, asleep"]
    expected = (MAC_MAC, PROXY_MAC, confidence)
    assert holders(view) == {IP: expected, IP6: expected}
    assert view.value("l2_sleep_proxy_held_addresses", proxy_mac=PROXY_MAC) == 2
    assert view.value("l2_sleep_proxy_held_since_timestamp_seconds", ip=IP) is not None
    assert view.value("l2_sleep_proxy_info", name="Lab proxy", intent="50", proxy_mac=PROXY_MAC)


@of(demand)
@pytest.mark.parametrize(("where", "device"), [("plain", DEVICE), ("mirror", MIRROR)])
def test_a_connection_wakes_it_and_both_moves_are_benign(
    told: Views, where: str, device: str
) -> None:
    view = told[f"{where}, awake"]
    for family in ("ipv4", "ipv6"):
        both = {"sleep_proxy_hold": 1, "sleep_proxy_release": 1}
        assert view.causes(family, device) == both
    assert view.cause(IP, device) == view.cause(IP6, device) == "sleep_proxy_release"
    assert transitions(view) == {"hold": 2, "release": 2}
    assert wakes(view) == {"demand": 1, "maintenance": 0}
    assert view.value("l2_wake_on_lan_packets_total", device=device)
    assert view.value("l2_sleep_proxy_hold_duration_seconds_count", device=device) == 2
    assert view.value("l2_sleep_proxy_held_addresses", proxy_mac=PROXY_MAC) == 0
    assert not holders(view)


@of(maintenance)
def test_it_wakes_by_itself_and_sleeps_on(told: Views) -> None:
    view = told["plain"]
    for family in ("ipv4", "ipv6"):
        assert view.causes(family) == {"sleep_proxy_hold": 2, "sleep_proxy_release": 1}
    assert transitions(view) == {"hold": 4, "release": 2}
    assert wakes(view) == {"demand": 0, "maintenance": 1}
    assert view.value("l2_wake_on_lan_packets_total") == 0
    assert holders(view).keys() == {IP, IP6}


@of(blip)
def test_a_last_packet_of_the_sleeper_is_no_quarrel(told: Views) -> None:
    view = told["plain"]
    for family in ("ipv4", "ipv6"):
        assert view.causes(family) == {"sleep_proxy_hold": 2, "sleep_proxy_release": 1}
    assert transitions(view) == {"hold": 2, "renew": 2}
    assert wakes(view) == {"demand": 0, "maintenance": 0}
    assert holders(view).keys() == {IP, IP6}


@of(hand_off)
def test_a_proxy_hands_over_to_another(told: Views) -> None:
    expected = (MAC_MAC, OTHER_MAC, "high")
    assert holders(told["handed"]) == {IP: expected, IP6: expected}
    view = told["plain"]
    for family in ("ipv4", "ipv6"):
        assert view.causes(family) == {"sleep_proxy_hold": 2, "sleep_proxy_release": 1}
    assert transitions(view) == {"hold": 2, "hand_off": 2, "release": 2}
    assert view.by("l2_sleep_proxy_info", "proxy_mac").keys() == {OTHER_MAC}


@of(shut_down)
def test_a_proxy_that_ends_leaves_nobody(told: Views) -> None:
    view = told["plain"]
    for family in ("ipv4", "ipv6"):
        assert view.causes(family) == {"sleep_proxy_hold": 1}
    assert transitions(view) == {"hold": 2, "lost": 2}
    assert wakes(view) == {"demand": 0, "maintenance": 0}
    assert view.value("l2_wake_on_lan_packets_total") == 2
    assert view.by("l2_sleep_proxy_info", "proxy_mac") == {}


@of(lease_ends)
def test_the_end_of_a_lease_is_told_from_a_loss_where_the_lease_was_seen(told: Views) -> None:
    assert holders(told["mirror, held"])[IP] == (MAC_MAC, PROXY_MAC, "confirmed")
    assert transitions(told["mirror"]) == {"hold": 2, "expire": 2}
    assert transitions(told["plain"]) == {"hold": 2, "lost": 2}
    assert told["plain"].causes() == {"sleep_proxy_hold": 1}

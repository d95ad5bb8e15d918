"""What surrounds the capture, followed in a namespace of its own, and when events are lost."""

from __future__ import annotations

import select
from collections.abc import Callable, Iterator

import pytest

from l2exporter.errors import KernelError, Overrun
from l2exporter.kernel.host import Host
from l2exporter.kernel.messages import Message
from l2exporter.kernel.rtnetlink import Netlink
from tests.lab.namespace import Namespace
from tests.lab.wait import wait_until

pytestmark = pytest.mark.root


@pytest.fixture
def host(wired: Namespace) -> Iterator[Host]:
    """In a namespace with a wire v0 - v1 and 192.0.2.9 on v0."""
    wired.address("v0", "192.0.2.9/24")
    with wired.entered():
        made = Host()
    yield made
    made.close()


def names(host: Host) -> set[str]:
    return {link.name for link in host.links.values()}


def own(host: Host) -> set[str]:
    return {str(address.ip) for address in host.addresses if address.ip.version == 4}


def gateways(host: Host) -> set[str]:
    return {str(gateway.ip) for gateway in host.gateways}


def follow_until(host: Host, true: Callable[[], bool]) -> None:
    """Follow as the capture does, whenever the descriptor is readable."""

    def followed() -> bool:
        if select.select([host], [], [], 0)[0]:
            host.follow()
        return true()

    wait_until(followed, "netlink tells")


def settle(host: Host) -> None:
    """Take in what the set-up has caused."""
    while select.select([host], [], [], 0.1)[0]:
        host.follow()


def test_it_knows_what_was_there_before(host: Host) -> None:
    assert names(host) == {"lo", "v0", "v1"}
    assert {"127.0.0.1/8", "192.0.2.9/24"} == own(host)
    assert gateways(host) == set()


def test_it_follows_links(wired: Namespace, host: Host) -> None:
    wired.ip("link", "add", "br0", "type", "bridge")
    follow_until(host, lambda: "br0" in names(host))
    wired.ip("link", "set", "br0", "name", "br1")
    follow_until(host, lambda: {"br1"} == names(host) - {"lo", "v0", "v1"})
    wired.ip("link", "set", "v1", "master", "br1")
    bridge = next(link.index for link in host.links.values() if link.name == "br1")
    follow_until(host, lambda: [link.master for link in host.links.values()].count(bridge) == 1)
    wired.ip("link", "delete", "br1")
    follow_until(host, lambda: names(host) == {"lo", "v0", "v1"})
    assert not any(link.master for link in host.links.values())


def test_it_follows_addresses(wired: Namespace, host: Host) -> None:
    wired.address("v1", "198.51.100.1/24")
    follow_until(host, lambda: "198.51.100.1/24" in own(host))
    wired.ip("address", "delete", "192.0.2.9/24", "dev", "v0")
    follow_until(host, lambda: own(host) == {"127.0.0.1/8", "198.51.100.1/24"})


def test_it_follows_the_default_route(wired: Namespace, host: Host) -> None:
    wired.ip("route", "add", "default", "via", "192.0.2.1")
    follow_until(host, lambda: gateways(host) == {"192.0.2.1"})
    wired.ip("route", "replace", "default", "via", "192.0.2.2")
    follow_until(host, lambda: gateways(host) == {"192.0.2.2"})
    wired.ip("route", "add", "default", "via", "192.0.2.3", "metric", "9", "table", "77")
    follow_until(host, lambda: gateways(host) == {"192.0.2.2", "192.0.2.3"})
    wired.ip("route", "delete", "default")
    follow_until(host, lambda: gateways(host) == {"192.0.2.3"})


@pytest.mark.parametrize(
    "loss",
    [
        ("link", "set", "v0", "down"),
        ("address", "flush", "dev", "v0"),
        ("link", "delete", "v0"),
    ],
    ids=["down", "address gone", "device gone"],
)
def test_a_route_that_goes_without_a_word_is_missed(
    wired: Namespace, host: Host, loss: tuple[str, ...]
) -> None:
    wired.ip("route", "add", "default", "via", "192.0.2.1")
    follow_until(host, lambda: gateways(host) == {"192.0.2.1"})
    wired.ip(*loss)
    follow_until(host, lambda: gateways(host) == set())


def test_other_routes_wake_nobody(wired: Namespace, host: Host) -> None:
    settle(host)
    for part in range(20):
        wired.ip("route", "add", f"198.51.{part}.0/24", "via", "192.0.2.1")
    assert not select.select([host], [], [], 0)[0]


def test_what_changes_nothing_is_no_change(wired: Namespace, host: Host) -> None:
    settle(host)
    wired.ip("link", "set", "v0", "mtu", "1400")
    wait_until(lambda: bool(select.select([host], [], [], 0)[0]), "netlink tells of it")
    assert not host.follow()


def test_lost_events_cost_a_fresh_look(
    wired: Namespace, host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    def overrun(netlink: Netlink) -> list[Message]:
        monkeypatch.undo()
        netlink.events()
        raise Overrun("netlink: events were lost")

    monkeypatch.setattr(Netlink, "events", overrun)
    wired.ip("link", "add", "br0", "type", "bridge")
    assert host.follow()
    assert "br0" in names(host)
    assert host.overruns == 1


def test_a_flood_of_real_events_is_survived(wired: Namespace, host: Host) -> None:
    for number in range(10):
        wired.ip("link", "add", f"b{number}", "type", "bridge")
        wired.ip("link", "delete", f"b{number}")
    wired.ip("link", "add", "last", "type", "bridge")
    follow_until(host, lambda: names(host) == {"lo", "v0", "v1", "last"})


def test_what_cannot_be_read_stays_and_is_due_again(
    wired: Namespace, host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> list[object]:
        raise KernelError("netlink: no answer")

    settle(host)
    before = host.links
    with monkeypatch.context() as broken:
        broken.setattr(Netlink, "events", fail)
        broken.setattr(Netlink, "dump", fail)
        for _ in range(2):
            with pytest.raises(KernelError, match="no answer"):
                host.follow()
        assert host.links == before
    wired.ip("link", "delete", "v0")
    host.follow()
    assert names(host) == {"lo"}

"""Sleepers and their proxies, tracked in earnest: what the moves between them are classed as."""

from __future__ import annotations

from ipaddress import ip_address

import pytest

from l2exporter.dissect.dns import Owner
from l2exporter.dissect.mdns import Mdns
from l2exporter.evidence.hosts.identities import Identities
from l2exporter.evidence.hosts.leases import Leases
from l2exporter.evidence.hosts.virtual_routers import VirtualRouters
from l2exporter.evidence.moves.causes import classify
from l2exporter.evidence.moves.knowledge import Knowledge

from .scenes import BEGAN, Pair, Said, behavior
from .story import CLIENT, HELD, OTHER_PROXY, OWNER, PROXY, THIRD, Story


class Watched(Story):
    """A story that starts with the owner at its address, and whose claims are counted as well."""

    def __init__(self) -> None:
        super().__init__()
        self.said: list[Said] = []
        self.claims(0, OWNER)
        self.said.clear()

    def claims(
        self, at: float, mac: int, ip: str = HELD, kind: str = "announcement", segment: int = 0
    ) -> None:
        super().claims(at, mac, ip, kind, segment)
        self.said.append(Said(at - BEGAN, mac, kind))

    def causes(self, until: float = 30, *, protected: bool = False) -> dict[Pair, str]:
        """Judge the window that opened at BEGAN."""
        self.passes(BEGAN + until)
        before = [one for one in self.said if one.at < 0]
        first = before[-1].mac if before else OWNER
        window = [one for one in self.said if 0 <= one.at < 30]
        result = behavior(window, first=first, protected=protected)
        result.key = 0, ip_address(HELD)
        knowledge = Knowledge(self.holds, Leases(), VirtualRouters(), Identities(), self.proxies)
        return classify(result, knowledge, BEGAN + until)


def test_a_host_falls_asleep() -> None:
    story = Watched()
    story.sleeps(BEGAN)

    assert story.causes() == {(OWNER, PROXY): "sleep_proxy_hold"}


def test_a_host_falls_asleep_whose_address_is_protected() -> None:
    story = Watched()
    story.sleeps(BEGAN)

    assert story.causes(protected=True) == {(OWNER, PROXY): "suspected_spoofing"}


def test_a_blip_while_it_falls_asleep() -> None:
    story = Watched()
    story.offers(BEGAN - 10)
    story.announces(BEGAN - 2)
    story.claims(BEGAN, PROXY)
    story.claims(BEGAN + 0.5, OWNER, kind="request")
    story.ladder(BEGAN + 13.5)

    assert story.causes() == {
        (OWNER, PROXY): "sleep_proxy_hold",
        (PROXY, OWNER): "sleep_proxy_release",
    }


def test_a_maintenance_wake_of_25_seconds() -> None:
    story = Watched()
    story.sleeps(BEGAN - 600)
    story.claims(BEGAN, OWNER)
    story.greets(BEGAN + 1, 2)
    story.claims(BEGAN + 2, OWNER, kind="request")
    story.announces(BEGAN + 22)
    story.claims(BEGAN + 24, PROXY)

    assert story.causes() == {
        (PROXY, OWNER): "sleep_proxy_release",
        (OWNER, PROXY): "sleep_proxy_hold",
    }


def test_a_wake_that_only_arp_tells_of() -> None:
    story = Watched()
    story.sleeps(BEGAN - 600)
    story.claims(BEGAN, OWNER)

    assert story.causes() == {(PROXY, OWNER): "sleep_proxy_release"}


def test_a_wake_on_an_interface_that_only_the_owner_option_names() -> None:
    story = Watched()
    story.greets(BEGAN - 620, 1)
    story.sleeps(BEGAN - 600)
    story.claims(BEGAN, THIRD)
    story.greets(BEGAN + 1, 2, mac=THIRD, host_mac=OWNER)

    assert story.steps[-1] == ("release", BEGAN + 1)
    assert story.causes() == {(PROXY, THIRD): "sleep_proxy_release"}


def test_a_reflector_that_repeats_an_owner_and_takes_its_address() -> None:
    story = Watched()
    story.greets(BEGAN - 620, 1)
    story.sleeps(BEGAN - 600)
    story.says(BEGAN, THIRD, Mdns(True, owner=Owner(2, OWNER, OWNER)))
    story.claims(BEGAN, THIRD)

    assert story.causes() == {(PROXY, THIRD): "unknown"}


@pytest.mark.parametrize("back", [80, 4_000, 200_000])
def test_a_wake_long_after_the_magic_packet(back: float) -> None:
    story = Watched()
    story.sleeps(BEGAN - back - 600)
    story.wakes(BEGAN - back)
    story.passes(BEGAN - 1)
    assert [kind for kind, _ in story.steps] == ["hold", "lost"]
    story.claims(BEGAN, OWNER)

    assert story.causes() == {(PROXY, OWNER): "sleep_proxy_release"}
    assert len(story.steps) == 2


def test_a_wake_after_the_lease_has_ended() -> None:
    story = Watched()
    story.registers(BEGAN - 8_005)
    story.sleeps(BEGAN - 8_000)
    story.passes(BEGAN - 1)
    assert [kind for kind, _ in story.steps] == ["hold", "expire"]
    story.claims(BEGAN, OWNER)

    assert story.causes() == {(PROXY, OWNER): "sleep_proxy_release"}


@pytest.mark.parametrize(("mac", "protected"), [(THIRD, False), (OWNER, True)])
def test_a_late_return_of_somebody_else_or_of_a_protected_address(
    mac: int, *, protected: bool
) -> None:
    story = Watched()
    story.sleeps(BEGAN - 800)
    story.wakes(BEGAN - 200)
    story.passes(BEGAN - 1)
    story.claims(BEGAN, mac)

    assert story.causes(protected=protected) == {(PROXY, mac): "unknown"}


def test_a_proxy_that_its_owner_contradicts_later_is_no_excuse_any_longer() -> None:
    story = Watched()
    story.sleeps(BEGAN - 2_000)
    story.wakes(BEGAN - 1_800)
    story.passes(BEGAN - 1_500)
    story.claims(BEGAN - 1_400, OWNER)
    for second in range(4):
        story.claims(BEGAN - 1_200 + 2 * second, PROXY)
        story.claims(BEGAN - 1_199 + 2 * second, OWNER)
    assert "contested" in story.dropped
    story.claims(BEGAN - 1_190, PROXY, kind="reply")
    story.passes(BEGAN - 1)
    story.claims(BEGAN, OWNER)

    assert story.causes() == {(PROXY, OWNER): "unknown"}


@pytest.mark.parametrize("mirror", [False, True])
def test_a_stranger_registers_a_host_that_is_off_in_its_name(*, mirror: bool) -> None:
    story = Watched()
    story.addresses[CLIENT] = "192.0.2.201"
    story.offers(BEGAN - 10)
    if mirror:
        story.registers(BEGAN - 5, source=CLIENT)
    story.announces(BEGAN - 2)
    story.ladder(BEGAN)

    assert story.causes() == {(OWNER, PROXY): "sleep_proxy_hold"}


@pytest.mark.parametrize(("source", "steps"), [(THIRD, ["hold"]), (PROXY, ["hold", "lost"])])
def test_a_forged_magic_packet(source: int, steps: list[str]) -> None:
    story = Watched()
    story.sleeps(BEGAN - 800)
    story.wakes(BEGAN - 100, mac=source)
    story.passes(BEGAN - 1)
    assert [kind for kind, _ in story.steps] == steps
    story.claims(BEGAN, OWNER)

    assert story.causes() == {(PROXY, OWNER): "sleep_proxy_release"}


def test_a_hand_off() -> None:
    story = Watched()
    story.offers(BEGAN - 700, OTHER_PROXY)
    story.sleeps(BEGAN - 600)
    story.announces(BEGAN - 2, mac=OTHER_PROXY)
    story.ladder(BEGAN, OTHER_PROXY)

    assert story.causes() == {(PROXY, OTHER_PROXY): "sleep_proxy_hold"}


def test_a_proxy_that_has_been_given_the_address_itself() -> None:
    story = Watched()
    story.offers(BEGAN - 10)
    story.claims(BEGAN, PROXY)
    story.claims(BEGAN + 2, PROXY)
    story.addresses[PROXY] = HELD
    story.offers(BEGAN + 3)

    assert story.dropped == ["own"]
    assert story.causes() == {(OWNER, PROXY): "unknown"}


def test_a_third_takes_a_held_address() -> None:
    story = Watched()
    story.sleeps(BEGAN - 600)
    story.claims(BEGAN, THIRD)

    assert story.causes() == {(PROXY, THIRD): "unknown"}


def test_a_spoofer_that_offers_itself_as_a_proxy() -> None:
    story = Watched()
    story.sleeps(BEGAN)
    for second in range(2, 28, 2):
        story.claims(BEGAN + second, OWNER, kind="request")
        story.claims(BEGAN + second + 1, PROXY, kind="reply")

    assert set(story.causes().values()) == {"suspected_spoofing"}


def test_a_spoofer_as_a_proxy_of_an_owner_that_says_little() -> None:
    story = Watched()
    story.sleeps(BEGAN)
    for second in range(2, 30, 2):
        story.claims(BEGAN + second, PROXY, kind="reply")
    story.claims(BEGAN + 15.5, OWNER, kind="request")

    assert set(story.causes().values()) == {"suspected_spoofing"}


def test_a_ladder_of_nobody_that_is_known() -> None:
    story = Watched()
    story.ladder(BEGAN, THIRD)

    assert story.causes() == {(OWNER, THIRD): "unknown"}

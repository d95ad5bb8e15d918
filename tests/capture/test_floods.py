"""Floods counted on the ports of guests of real bridges, while guests and names change."""

from __future__ import annotations

import logging
import os
import re
import threading
from collections.abc import Collection

import pytest

from l2exporter.capture.devices import Selection
from l2exporter.capture.flood_socket import FloodSocket
from l2exporter.capture.flood_targets import CROWDED
from tests.capture.floods import (
    BURST,
    FLOOD,
    Scene,
    bridge_of_guests,
    guest_mac,
    told,
    unicast,
    watching,
)
from tests.lab.namespace import Namespace
from tests.lab.wait import wait_until

pytestmark = pytest.mark.root


def test_a_flood_is_counted_on_each_bystander_port_and_exactly(scene: Scene) -> None:
    for part in range(1, 11):
        scene.send("g1", [FLOOD] * BURST)
        scene.comes_to(p1=0, p2=part * BURST, p3=part * BURST)


def test_what_is_for_a_guest_a_group_or_from_a_guest_is_not_counted(scene: Scene) -> None:
    scene.send("g2", [unicast("ff:ff:ff:ff:ff:ff", guest_mac(2))])
    scene.send("g1", [unicast(guest_mac(2), guest_mac(1)), unicast("01:00:5e:00:00:09")])
    scene.send("g1", [FLOOD])
    scene.comes_to(p1=0, p2=1, p3=1)


def test_all_that_is_sent_to_a_guest_of_unknown_mac_counts(scene: Scene) -> None:
    scene.learn("p3")
    scene.send("g1", [unicast(guest_mac(3), guest_mac(1))])
    scene.comes_to(p1=0, p2=1, p3=1)


def test_the_filter_follows_a_guest_that_is_learned_and_one_that_moves(scene: Scene) -> None:
    new = guest_mac(9)
    scene.send("g1", [unicast(new, guest_mac(1))])
    scene.comes_to(p1=0, p2=1, p3=1)
    scene.learn("p3", guest_mac(3), new)
    scene.send("g1", [unicast(new, guest_mac(1))])
    scene.comes_to(p1=0, p2=2, p3=1)
    scene.guests.learn(scene.index("p3"), guest_mac(3))
    scene.learn("p2", guest_mac(2), new)
    scene.send("g1", [unicast(new, guest_mac(1))])
    scene.comes_to(p1=0, p2=2, p3=2)


def test_only_the_filters_of_changed_ports_are_replaced(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    replaced: list[FloodSocket] = []
    expect = FloodSocket.expect

    def remember(self: FloodSocket, known: Collection[int]) -> None:
        replaced.append(self)
        expect(self, known)

    monkeypatch.setattr(FloodSocket, "expect", remember)
    links = scene.links()
    scene.guests.learn(scene.index("p2"), guest_mac(8))
    scene.guests.learn(scene.index("p3"), guest_mac(3))
    scene.follow(links)
    scene.follow(links)
    assert len(replaced) == 1


def test_a_port_of_too_many_macs_is_not_counted_until_they_are_fewer(
    scene: Scene, caplog: pytest.LogCaptureFixture
) -> None:
    scene.send("g1", [FLOOD])
    scene.comes_to(p1=0, p2=1, p3=1)
    crowd = [guest_mac(number) for number in range(65)]
    with watching(scene.namespace, guest_ports=True) as other:
        scene.send("g1", [FLOOD])
        other.comes_to(p1=0, p2=1, p3=1)
    scene.learn("p3", *crowd)  # what it had counted but not told is kept
    scene.send("g1", [FLOOD])
    scene.comes_to(p1=0, p2=3, p3=None)
    scene.follow()
    assert told(caplog) == [f"unknown unicast frames are not counted on p3: {CROWDED}"]
    scene.learn("p3", *crowd[1:])
    scene.send("g1", [FLOOD])
    scene.comes_to(p1=0, p2=4, p3=3)


def test_an_excluded_port_and_one_that_leaves_the_bridge_are_not_there(scene: Scene) -> None:
    exclude = Selection(exclude=re.compile("p[13]"))
    with watching(scene.namespace, exclude, guest_ports=True) as other:
        assert other.counts() == {"p2": 0}
    scene.send("g1", [FLOOD])
    scene.comes_to(p1=0, p2=1, p3=1)
    scene.namespace.ip("link", "set", "p3", "nomaster")
    scene.follow()
    assert scene.counts() == {"p1": 0, "p2": 1}
    scene.namespace.ip("link", "set", "p3", "master", "br0")
    scene.follow()
    assert scene.counts() == {"p1": 0, "p2": 1, "p3": 0}


def test_a_count_goes_on_under_a_new_name_and_while_its_device_is_down(scene: Scene) -> None:
    scene.send("g1", [FLOOD])
    scene.comes_to(p1=0, p2=1, p3=1)
    scene.namespace.ip("link", "set", "p2", "down")
    scene.namespace.ip("link", "set", "p2", "name", "q2")
    scene.follow()
    assert scene.counts() == {"p1": 0, "q2": 1, "p3": 1}
    scene.namespace.ip("link", "set", "q2", "up")
    scene.follow()
    sent = [FLOOD]

    def arrives() -> bool:  # the port may still be on its way to forwarding
        scene.send("g1", sent)
        return scene.counts()["q2"] == 2

    wait_until(arrives, "a frame after it came up")


def test_a_captured_port_of_a_guest_is_counted_as_a_guests(scene: Scene) -> None:
    selection = Selection(names=("p2", "br0"))
    with watching(scene.namespace, selection, devices=True) as other:
        assert other.counts() == {"p2": None, "br0": None}
    with watching(scene.namespace, selection, devices=True, guest_ports=True) as other:
        assert other.counts() == {"p1": 0, "p2": 0, "p3": 0, "br0": None}
        other.learn("br0", guest_mac(2))
        assert other.counts()["br0"] is None, "a bridge is no port, whatever is behind it"


def test_a_guests_port_that_becomes_a_captured_device_is_counted_anew(scene: Scene) -> None:
    with watching(
        scene.namespace, Selection(names=("p2",)), devices=True, guest_ports=True
    ) as other:
        other.send("g1", [FLOOD])
        wait_until(lambda: other.counts()["p2"] == 1, "the flood")
        scene.namespace.ip("link", "set", "p2", "nomaster")
        other.follow()
        assert other.counts()["p2"] == 0
        other.send("g2", [FLOOD, FLOOD])
        wait_until(lambda: other.counts()["p2"] == 2, "what arrives for others")


def test_without_an_opt_in_nothing_is_counted(scene: Scene) -> None:
    with watching(scene.namespace, Selection(names=("p1", "g1"))) as other:
        assert other.counts() == {}


def test_many_who_are_told_of_take_one_line(scene: Scene, caplog: pytest.LogCaptureFixture) -> None:
    with Namespace() as crowded:
        bridge_of_guests(crowded, 10)
        caplog.set_level(logging.INFO)
        with watching(crowded, guest_ports=True):
            pass
    (message,) = (record.message for record in caplog.records)
    assert re.fullmatch(
        "counting unknown unicast frames on (p[0-9]+, ){7}p[0-9]+ and 2 more", message
    )


def test_whoever_asks_meanwhile_no_frame_is_lost_or_told_twice(scene: Scene) -> None:
    over = threading.Event()
    highest = [0] * 4

    def ask(place: int) -> None:
        while not over.is_set():
            frames = scene.counts()["p2"] or 0
            assert frames >= highest[place]
            highest[place] = frames

    askers = [threading.Thread(target=ask, args=(place,)) for place in range(len(highest))]
    for asker in askers:
        asker.start()
    try:
        for part in range(1, 6):
            scene.send("g1", [FLOOD] * BURST)
            scene.comes_to(p1=0, p2=part * BURST, p3=part * BURST)
    finally:
        over.set()
        for asker in askers:
            asker.join()
    scene.comes_to(p1=0, p2=5 * BURST, p3=5 * BURST)


def test_closing_gives_every_descriptor_back() -> None:
    with Namespace() as namespace:
        bridge_of_guests(namespace, 3)
        before = len(os.listdir("/proc/self/fd"))
        with watching(namespace, guest_ports=True) as scene:
            assert len(os.listdir("/proc/self/fd")) == before + 3
            namespace.ip("link", "delete", "p1")
            scene.follow()
            assert len(os.listdir("/proc/self/fd")) == before + 2
        assert len(os.listdir("/proc/self/fd")) == before
        assert scene.counts() == {}

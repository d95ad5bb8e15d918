"""Floods counted on real bridges and wires, while guests, names and devices change."""

from __future__ import annotations

import errno
import logging
import os
import re
import resource
import socket
import sys
import threading
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from itertools import pairwise

import pytest

from l2exporter.capture import flood_counter, floods
from l2exporter.capture.devices import Selection
from l2exporter.capture.flood_socket import FloodSocket
from l2exporter.capture.flood_targets import CROWDED, SWITCHING
from l2exporter.errors import KernelError
from l2exporter.kernel import bpf
from l2exporter.limits import FLOOD_SOCKETS, GUEST_MACS
from tests.capture.floods import (
    BURST,
    NOBODY,
    Scene,
    bridge_of_guests,
    guest_mac,
    unicast,
    watching,
)
from tests.lab.namespace import Namespace, veth
from tests.lab.wait import wait_until

pytestmark = pytest.mark.root

FLOOD = unicast(NOBODY, guest_mac(1))


@pytest.fixture
def scene() -> Iterator[Scene]:
    """br0 with three guests; each one's MAC is known behind its port."""
    with Namespace() as namespace:
        bridge_of_guests(namespace, 3)
        with watching(namespace, guest_ports=True) as made:
            for guest in (1, 2, 3):
                made.learn(f"p{guest}", guest_mac(guest))
            yield made


@pytest.fixture
def wire() -> Iterator[Namespace]:
    """A host's eth0, and the far end of its wire."""
    with Namespace() as made:
        veth(made, "eth0", made, "far0", (guest_mac(1), guest_mac(2)))
        yield made


ETH0 = Selection(names=("eth0",))


def told(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.message for record in caplog.records if record.levelno >= logging.WARNING]


# Ports of guests


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


# Captured devices


def test_frames_for_others_are_counted_on_a_captured_device(wire: Namespace) -> None:
    with watching(wire, ETH0, devices=True) as scene:
        scene.send("far0", [unicast(guest_mac(1)), unicast("ff:ff:ff:ff:ff:ff"), FLOOD])
        scene.send("eth0", [FLOOD])
        scene.send("far0", [FLOOD])
        scene.comes_to(eth0=2)


def macvlan(namespace: Namespace, name: str, mac: str) -> None:
    namespace.ip("link", "add", "link", "eth0", "name", name, "address", mac, "type", "macvlan")


def test_frames_for_a_macvlan_on_top_are_not(wire: Namespace) -> None:
    macvlan(wire, "mv0", guest_mac(6))
    wire.ip("link", "set", "mv0", "up")
    with watching(wire, ETH0, devices=True) as scene:
        scene.send("far0", [FLOOD, unicast(guest_mac(6)), unicast(guest_mac(7))])
        scene.comes_to(eth0=2)
        wire.ip("link", "set", "mv0", "address", guest_mac(7))
        assert scene.counts() == {"eth0": 2}
        scene.send("far0", [FLOOD, unicast(guest_mac(6)), unicast(guest_mac(7))])
        scene.comes_to(eth0=4)


def test_nor_for_one_in_a_container_that_nobody_tells_of(wire: Namespace) -> None:
    with Namespace() as container, watching(wire, ETH0, devices=True) as scene:
        scene.send("far0", [FLOOD])
        scene.comes_to(eth0=1)
        macvlan(wire, "mv0", guest_mac(6))
        wire.ip("link", "set", "mv0", "netns", container.name)
        container.ip("link", "set", "mv0", "up")
        before = received(container, "mv0")
        scene.send("far0", [unicast(guest_mac(6))] * 3)
        wait_until(lambda: received(container, "mv0") >= before + 3, "the container's frames")
        assert scene.counts() == {"eth0": 1}
        scene.send("far0", [unicast(guest_mac(6)), FLOOD])
        scene.comes_to(eth0=2)
        container.ip("link", "delete", "mv0")
        scene.send("far0", [FLOOD])
        scene.comes_to(eth0=3)


def received(namespace: Namespace, device: str) -> int:
    path = f"/sys/class/net/{device}/statistics/rx_packets"
    return int(namespace.run("cat", path))


def test_a_device_that_carries_more_macs_than_a_filter_takes_is_not_counted(
    wire: Namespace, caplog: pytest.LogCaptureFixture
) -> None:
    with watching(wire, ETH0, devices=True) as scene:
        macs = [f"02:00:00:00:0c:{number:02x}" for number in range(GUEST_MACS)]
        adds = "; ".join(f"bridge fdb add {mac} dev eth0 self" for mac in macs)
        wire.run("sh", "-ec", adds)
        scene.comes_to(eth0=0)
        wire.run("bridge", "fdb", "add", "02:00:00:00:0d:00", "dev", "eth0", "self")
        scene.comes_to(eth0=None)
        wire.run("bridge", "fdb", "del", "02:00:00:00:0d:00", "dev", "eth0", "self")
        scene.comes_to(eth0=0)
    assert told(caplog) == [f"unknown unicast frames are not counted on eth0: {CROWDED}"]


def test_where_the_kernel_does_not_tell_whose_frames_are_its_own_none_are_counted(
    wire: Namespace, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: object) -> frozenset[int]:
        raise KernelError("netlink: no answer within 5 s")

    with monkeypatch.context() as patch, watching(wire, ETH0, devices=True) as scene:
        scene.send("far0", [FLOOD])
        scene.comes_to(eth0=1)
        patch.setattr(floods, "read_unicast_list", fail)
        assert scene.counts() == {"eth0": None}
        patch.undo()
        scene.comes_to(eth0=1)
    assert told(caplog) == [
        "unknown unicast frames are not counted on eth0: netlink: no answer within 5 s"
    ]


def test_a_device_that_becomes_a_port_is_counted_no_longer(
    wire: Namespace, caplog: pytest.LogCaptureFixture
) -> None:
    with watching(wire, ETH0, devices=True) as scene:
        scene.comes_to(eth0=0)
        wire.bridge("br0", "eth0")
        scene.follow()
        scene.comes_to(eth0=None)
    assert told(caplog) == [f"unknown unicast frames are not counted on eth0: {SWITCHING}"]


def test_without_an_opt_in_nothing_is_counted(scene: Scene) -> None:
    with watching(scene.namespace, Selection(names=("p1", "g1"))) as other:
        assert other.counts() == {}


# Devices come and go


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


def test_one_that_was_down_when_it_was_found_is_counted_when_it_comes_up(
    wire: Namespace,
) -> None:
    wire.ip("link", "set", "eth0", "down")
    with watching(wire, ETH0, devices=True) as scene:
        assert scene.counts() == {"eth0": 0}
        wire.ip("link", "set", "eth0", "up")
        wait_until(lambda: "state UP" in wire.ip("link", "show", "eth0"), "carrier")
        scene.send("far0", [FLOOD])
        scene.comes_to(eth0=1)


def test_a_count_ends_with_its_device_even_if_another_has_all_that_it_had(
    wire: Namespace,
) -> None:
    with watching(wire, ETH0, devices=True) as scene:
        scene.send("far0", [FLOOD])
        scene.comes_to(eth0=1)
        links = scene.links()
        index = str(scene.index("eth0"))
        wire.ip("link", "delete", "eth0")
        assert scene.counts() == {"eth0": None}, "nobody has told of it yet"
        named = ("name", "eth0", "index", index, "address", guest_mac(1))
        wire.ip("link", "add", *named, "type", "veth", "peer", "name", "far0")
        for device in ("eth0", "far0"):
            wire.ip("link", "set", device, "up")
        scene.follow(links)
        scene.comes_to(eth0=0)
        scene.send("far0", [FLOOD] * 3)
        scene.comes_to(eth0=3)
        wire.ip("link", "delete", "eth0")
        scene.follow()
        assert scene.counts() == {}


# What fails


@contextmanager
def descriptors(free: int) -> Iterator[None]:
    """So many file descriptors left, by the soft limit."""
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    with open(os.devnull) as lowest:
        resource.setrlimit(resource.RLIMIT_NOFILE, (lowest.fileno() + free, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, limits)


def test_without_a_descriptor_it_says_so_once_and_tries_again(
    scene: Scene, caplog: pytest.LogCaptureFixture
) -> None:
    links = scene.links()
    watch = floods.FloodWatch(Selection(), devices=False, guest_ports=True)
    other = Scene(scene.namespace, watch)
    with scene.namespace.entered():
        with descriptors(free=0):
            watch.follow(links, other.guests)
            found = [(status.device, status.frames) for status in watch.statuses()]
        assert sorted(found) == [("p1", None), ("p2", None), ("p3", None)]
    assert told(caplog) == [
        "unknown unicast frames are not counted on p1, p2, p3: Too many open files"
    ]
    other.comes_to(p1=0, p2=0, p3=0)
    assert len(told(caplog)) == 1
    watch.close()


def test_what_fails_is_tried_again_ever_later(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    now, refusing = 0.0, True
    tries: list[float] = []

    def attach(sock: socket.socket, program: bpf.Program) -> None:
        tries.append(now)
        if refusing:
            raise OSError(errno.ENOMEM, os.strerror(errno.ENOMEM))
        attached(sock, program)

    attached = bpf.attach
    monkeypatch.setattr(bpf, "attach", attach)
    monkeypatch.setattr("time.monotonic", lambda: now)
    with watching(scene.namespace, Selection(exclude=re.compile("p[13]")), guest_ports=True) as it:
        while len(tries) < 9:
            now += 1
            (it.follow if now % 7 == 0 else it.counts)()
        assert gaps(tries) == [1, 2, 4, 8, 16, 32, 60, 60]
        refusing = False
        now += 60
        assert it.counts() == {"p2": 0}
        refusing = True
        tries.clear()
        it.learn("p2", guest_mac(9))
        for _ in range(4):
            now += 1
            it.counts()
        assert gaps(tries) == [1, 2], "from the beginning"


def gaps(times: list[float]) -> list[float]:
    return [after - before for before, after in pairwise(times)]


def test_without_the_privilege_it_tries_once_and_says_so_once(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    tries: list[int] = []

    def refuse(index: int, *_: object) -> FloodSocket:
        tries.append(index)
        raise PermissionError(errno.EPERM, os.strerror(errno.EPERM))

    monkeypatch.setattr(flood_counter, "FloodSocket", refuse)
    with watching(scene.namespace, guest_ports=True) as other:
        assert other.counts() == {"p1": None, "p2": None, "p3": None}
        veth(scene.namespace, "p4", scene.namespace, "g4")
        scene.namespace.ip("link", "set", "p4", "master", "br0")
        other.follow()
        assert other.counts()["p4"] is None
    assert len(tries) == 1
    (message,) = told(caplog)
    assert message.startswith("unknown unicast frames are not counted on p1, p2, p3: CAP_NET_RAW")


UNPRIVILEGED = """
from l2exporter.capture.devices import Selection
from l2exporter.capture.floods import FloodWatch
from l2exporter.kernel.links import read_links
from l2exporter.kernel.rtnetlink import Netlink
from tests.capture.floods import Guests
with Netlink() as netlink:
    links = read_links(netlink)
watch = FloodWatch(Selection(), devices=False, guest_ports=True)
watch.follow(links, Guests())
print(*sorted((status.device, status.frames) for status in watch.statuses()))
"""


def test_a_process_that_lacks_it_is_told_so_by_the_kernel(scene: Scene) -> None:
    command = ("setpriv", "--bounding-set=-net_raw", sys.executable, "-c", UNPRIVILEGED)
    said = scene.namespace.run(*command).splitlines()
    assert "CAP_NET_RAW is missing" in said[0]
    assert said[1:] == ["('p1', None) ('p2', None) ('p3', None)"]


def test_devices_beyond_the_cap_wait_for_a_place(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("l2exporter.capture.floods.FLOOD_SOCKETS", 2)
    with watching(scene.namespace, guest_ports=True) as other:
        found = other.counts()
        (beyond,) = (name for name, frames in found.items() if frames is None)
        other.follow()
        (message,) = told(caplog)
        assert message.startswith(f"unknown unicast frames are not counted on {beyond}: no more")
        first = next(name for name in found if name != beyond)
        other.namespace.ip("link", "delete", first)
        other.follow()
        assert other.counts() == {name: 0 for name in found if name != first}


def test_half_of_the_descriptors_are_left_for_the_rest(scene: Scene) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (4, hard))
        places = {floods.places()}
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        places.add(floods.places())
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert places == {2, min(FLOOD_SOCKETS, hard // 2)}


def test_a_filter_that_cannot_be_replaced_gives_no_false_count(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.ENOMEM, os.strerror(errno.ENOMEM))

    with monkeypatch.context() as patch:
        patch.setattr(FloodSocket, "expect", refuse)
        scene.learn("p3", guest_mac(3), guest_mac(9))
        scene.comes_to(p1=0, p2=0, p3=None)
    scene.comes_to(p1=0, p2=0, p3=0)
    scene.send("g1", [unicast(guest_mac(9), guest_mac(1))])
    scene.comes_to(p1=0, p2=1, p3=0)


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


# Any thread


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

"""Floods that cannot be counted: no descriptor, privilege, memory or place for a socket."""

from __future__ import annotations

import errno
import os
import re
import resource
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise

import pytest

from l2exporter.capture import flood_counter, floods
from l2exporter.capture.devices import Selection
from l2exporter.capture.flood_socket import FloodSocket
from l2exporter.kernel import bpf
from l2exporter.limits import FLOOD_SOCKETS
from tests.capture.floods import Scene, guest_mac, told, unicast, watching
from tests.lab.namespace import veth

pytestmark = pytest.mark.root


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

"""A socket that is never read, on real devices: what it counts and when."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from l2exporter.capture.flood_socket import Direction, FloodSocket, close_all
from l2exporter.kernel import bpf
from tests.capture.floods import BURST, NOBODY, guest_mac, number, unicast
from tests.lab import frames
from tests.lab.namespace import Namespace, veth
from tests.lab.wait import wait_until

pytestmark = pytest.mark.root

NEAR, FAR = guest_mac(1), guest_mac(2)


@pytest.fixture(scope="module")
def namespace() -> Iterator[Namespace]:
    with Namespace() as made:
        veth(made, "near", made, "far", (NEAR, FAR))
        yield made


class Count:
    """A socket and the sum of what it told."""

    def __init__(self, namespace: Namespace, direction: Direction, *known: str) -> None:
        with namespace.entered():
            index = socket.if_nametoindex("near")
            self.socket = FloodSocket(index, direction, [number(mac) for mac in known])
        self._sum = 0

    def comes_to(self, frames: int) -> None:
        wait_until(lambda: self.frames() == frames, f"{frames} frames, last {self._sum}")

    def frames(self) -> int:
        self._sum += self.socket.frames()
        return self._sum


@contextmanager
def counting(namespace: Namespace, direction: Direction, *known: str) -> Iterator[Count]:
    count = Count(namespace, direction, *known)
    yield count
    count.socket.close()


def promiscuity(namespace: Namespace) -> bool:
    return "promiscuity 1" in namespace.ip("-d", "link", "show", "near")


def test_it_counts_far_more_frames_than_its_buffer_holds(namespace: Namespace) -> None:
    with counting(namespace, Direction.TO_OTHERS, NEAR) as count:
        for part in range(1, 11):
            frames.send(namespace, "far", [unicast(NOBODY)] * BURST)
            count.comes_to(part * BURST)
        assert count.socket.frames() == 0, "each frame is told of once"


def test_of_what_arrives_it_counts_only_what_is_for_other_hosts(namespace: Namespace) -> None:
    mine, group = unicast(NEAR), unicast("01:00:5e:00:00:01")
    with counting(namespace, Direction.TO_OTHERS) as count:
        frames.send(namespace, "far", [mine, group, unicast("ff:ff:ff:ff:ff:ff")])
        frames.send(namespace, "near", [unicast(NOBODY)])
        frames.send(namespace, "far", [unicast(NOBODY)])
        count.comes_to(1)


def test_of_what_goes_out_it_counts_only_what_is_for_none_of_the_known(
    namespace: Namespace,
) -> None:
    with counting(namespace, Direction.OUT, FAR, guest_mac(3)) as count:
        frames.send(namespace, "far", [unicast(NOBODY)])
        known = [unicast(FAR), unicast(guest_mac(3)), unicast("ff:ff:ff:ff:ff:ff")]
        frames.send(namespace, "near", [*known, unicast(NOBODY), unicast(guest_mac(4))])
        count.comes_to(2)


def test_the_device_is_promiscuous_only_for_what_arrives_and_while_it_is_open(
    namespace: Namespace,
) -> None:
    with counting(namespace, Direction.OUT):
        assert not promiscuity(namespace)
    with counting(namespace, Direction.TO_OTHERS):
        assert promiscuity(namespace)
    assert not promiscuity(namespace)


def test_no_frame_slips_in_before_the_filter_stands(
    namespace: Namespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    attach = bpf.attach

    def arrive_first(sock: socket.socket, program: bpf.Program) -> None:
        frames.send(namespace, "far", [unicast(NOBODY)] * 3)
        attach(sock, program)

    monkeypatch.setattr(bpf, "attach", arrive_first)
    with counting(namespace, Direction.TO_OTHERS) as count:
        frames.send(namespace, "far", [unicast(NOBODY)])
        count.comes_to(1)


@contextmanager
def traffic(namespace: Namespace, device: str, frame: bytes) -> Iterator[None]:
    """The same frame without a pause, as long as the block runs."""
    with namespace.entered():
        wire = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
    wire.bind((device, 0))
    over, begun = threading.Event(), threading.Event()

    def send() -> None:
        while not over.is_set():
            wire.send(frame)
            begun.set()

    sender = threading.Thread(target=send)
    sender.start()
    begun.wait()
    try:
        yield
    finally:
        over.set()
        sender.join()
        wire.close()


def test_no_frame_slips_by_while_the_filter_is_replaced(namespace: Namespace) -> None:
    other = number(guest_mac(3))
    with (
        counting(namespace, Direction.TO_OTHERS, FAR) as count,
        traffic(namespace, "far", unicast(FAR)),
    ):
        for _ in range(500):
            count.socket.expect([number(FAR), other])
            count.socket.expect([number(FAR)])
        assert count.frames() == 0
        count.socket.expect([other])
        wait_until(lambda: count.frames() > 0, "frames for who is not known any more")


def test_a_device_that_is_not_there_is_an_error_and_leaves_no_socket(
    namespace: Namespace,
) -> None:
    before = len(os.listdir("/proc/self/fd"))
    for direction in Direction:
        with namespace.entered(), pytest.raises(OSError, match="No such device"):
            FloodSocket(99_999, direction, ())
    assert len(os.listdir("/proc/self/fd")) == before


def test_many_are_closed_together(namespace: Namespace) -> None:
    before = len(os.listdir("/proc/self/fd"))
    close_all([Count(namespace, Direction.OUT).socket for _ in range(100)])
    assert len(os.listdir("/proc/self/fd")) == before

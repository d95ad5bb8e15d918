"""The slow lane's ring, on a wire within a namespace."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator

import pytest

from l2exporter.capture.whole_ring import WHOLE_BLOCK_SLOTS, WholeRing
from l2exporter.dissect.frames import UNTAGGED, WHOLE_SNAPLEN
from l2exporter.limits import WHOLE_BATCH
from tests.capture.rings import drained_whole, open_whole_ring
from tests.capture.slow_frames import DISCOVERY, LEFT, TAKEN
from tests.lab import frames
from tests.lab.namespace import Namespace, veth
from tests.lab.wait import wait_until

pytestmark = pytest.mark.root

WOL = bytes(TAKEN["wake-on-lan"])


def numbered(number: int) -> bytes:
    return WOL[:-2] + number.to_bytes(2)


@pytest.fixture(scope="module")
def namespace() -> Iterator[Namespace]:
    """A wire from `far` to `near` in one namespace; rings are on `near`."""
    with Namespace() as made:
        veth(made, "far", made, "near")
        for device in ("far", "near"):
            made.ip("link", "set", device, "mtu", "9000")
        yield made


@pytest.fixture
def ring(namespace: Namespace) -> Iterator[WholeRing]:
    made = open_whole_ring(namespace, "near")
    yield made
    made.close()


def test_every_protocol_comes_out_whole_and_nothing_else(
    namespace: Namespace, ring: WholeRing
) -> None:
    sent = [bytes(packet) for packet in TAKEN.values()]
    left = [bytes(packet) for packet in LEFT.values()]
    # More than fit at once.
    for first in range(0, len(sent), 10):
        part = sent[first : first + 10]
        frames.send(namespace, "far", [*left, *part])
        found = drained_whole(ring, len(part))
        assert [one.data for one in found] == part
        assert [one.length for one in found] == [len(frame) for frame in part]
    frames.send(namespace, "far", [bytes(DISCOVERY["redirect"]), WOL])
    assert [one.data for one in drained_whole(ring, 1)] == [WOL]
    assert ring.drain(0.0) == ()


def test_of_each_frame_it_tells_what_the_kernel_knows(
    namespace: Namespace, ring: WholeRing
) -> None:
    before = time.time()
    frames.send(namespace, "far", [WOL, frames.tagged(WOL, 7), frames.qinq(WOL, 100, 7)])
    found = drained_whole(ring, 3)
    frames.send(namespace, "near", [WOL, frames.tagged(WOL, 9)])
    found += drained_whole(ring, 2)
    assert [one.tci for one in found] == [UNTAGGED, 7, 100, UNTAGGED, UNTAGGED]
    assert [one.sent for one in found] == [False] * 3 + [True] * 2
    inner, outgoing = frames.tagged(WOL, 7), frames.tagged(WOL, 9)
    assert [one.data for one in found] == [WOL, WOL, inner, WOL, outgoing]
    times = [one.time for one in found]
    assert times == sorted(times)
    assert before <= times[0]
    assert times[-1] <= time.time()


def test_a_frame_larger_than_its_slot_is_cut_and_says_so(
    namespace: Namespace, ring: WholeRing
) -> None:
    long = WOL + bytes(range(256)) * 20
    frames.send(namespace, "far", [long, WOL])
    cut, next_one = drained_whole(ring, 2)
    assert cut.data == long[:WHOLE_SNAPLEN]
    assert cut.length == len(long)
    assert next_one.data == WOL


def test_it_goes_round_many_times_without_a_loss(namespace: Namespace, ring: WholeRing) -> None:
    sent = [numbered(n) for n in range(10 * WHOLE_BLOCK_SLOTS)]
    found: list[bytes] = []
    for first in range(0, len(sent), 7):
        part = sent[first : first + 7]
        frames.send(namespace, "far", part)
        found += [one.data for one in drained_whole(ring, len(part))]
    assert found == sent
    assert ring.drops() == 0


def test_what_finds_no_slot_is_counted_and_the_rest_goes_on(
    namespace: Namespace, ring: WholeRing
) -> None:
    frames.send(namespace, "far", [numbered(n) for n in range(WHOLE_BLOCK_SLOTS + 30)])
    wait_until(lambda: ring.drops() == 30, "the kernel has dropped what is too much")
    found = drained_whole(ring, WHOLE_BLOCK_SLOTS)
    assert [one.data for one in found] == [numbered(n) for n in range(WHOLE_BLOCK_SLOTS)]
    assert ring.used(time.monotonic()) == 1.0
    frames.send(namespace, "far", [WOL])
    assert drained_whole(ring, 1)[0].data == WOL
    ring.close()
    assert ring.drops() == 30


def test_a_turn_has_an_end_however_much_waits(namespace: Namespace) -> None:
    ring = open_whole_ring(namespace, "near", 2 * WHOLE_BATCH)
    frames.send(namespace, "far", [numbered(n) for n in range(WHOLE_BATCH + 10)])
    wait_until(lambda: len(ring.drain(0.0)) == WHOLE_BATCH, "a full turn")
    assert len(drained_whole(ring, 10)) == 10
    ring.close()


def test_frames_outlive_the_ring_that_they_came_from(namespace: Namespace) -> None:
    before = len(os.listdir("/proc/self/fd"))
    ring = open_whole_ring(namespace, "near")
    frames.send(namespace, "far", [WOL])
    (found,) = drained_whole(ring, 1)
    ring.close()
    assert len(os.listdir("/proc/self/fd")) == before
    assert found.data == WOL

"""The ring, on a wire within a namespace: what the kernel puts in, and what comes out."""

from __future__ import annotations

import os
import select
import time
from collections.abc import Iterator

import numpy as np
import pytest

from l2exporter.capture.ring import BLOCK_SLOTS, Ring
from l2exporter.dissect.frames import SNAPLEN, UNTAGGED
from l2exporter.limits import RING_BATCH
from tests.capture.rings import drained, open_ring, rows
from tests.lab import frames
from tests.lab.namespace import Namespace, veth
from tests.lab.wait import wait_until

A, B = "02:00:00:00:0a:01", "02:00:00:00:0a:02"
ARP = frames.announcement(A, "192.0.2.1")


def numbered(number: int) -> bytes:
    return frames.announcement(A, f"192.0.{number >> 8}.{number & 255}")


@pytest.fixture(scope="module")
def namespace() -> Iterator[Namespace]:
    """A wire from `far` to `near` in one namespace; rings are on `near`."""
    with Namespace() as made:
        veth(made, "far", made, "near")
        yield made


@pytest.fixture
def ring(namespace: Namespace) -> Iterator[Ring]:
    made = open_ring(namespace, "near")
    yield made
    made.close()


@pytest.mark.root
def test_what_was_sent_comes_out_in_order_and_once(namespace: Namespace, ring: Ring) -> None:
    sent = [numbered(n) for n in range(20)]
    frames.send(namespace, "far", sent)
    assert drained(ring, len(sent)) == sent
    assert ring.drain(0.0) is None


@pytest.mark.root
def test_a_batch_tells_of_each_frame_what_the_kernel_knows(
    namespace: Namespace, ring: Ring
) -> None:
    before = time.time()
    frames.send(namespace, "far", [ARP, frames.tagged(ARP, 7), frames.tagged(ARP, 0)])
    frames.send(namespace, "near", [ARP, frames.tagged(ARP, 9)])
    batch = None
    while batch is None or len(batch) < 5:
        batch = ring.drain(12.5) or batch
        assert time.time() < before + 20
    assert batch.now == 12.5
    assert batch.tci.tolist() == [UNTAGGED, 7, 0, UNTAGGED, UNTAGGED]
    assert batch.sent.tolist() == [False] * 3 + [True] * 2
    assert rows(batch) == [ARP, ARP, ARP, ARP, frames.tagged(ARP, 9)]
    assert ((before <= batch.time) & (batch.time <= time.time())).all()
    assert (np.diff(batch.time) >= 0).all()


@pytest.mark.root
def test_it_goes_round_many_times_without_a_loss(namespace: Namespace, ring: Ring) -> None:
    sent = [numbered(n) for n in range(10 * BLOCK_SLOTS)]
    found: list[bytes] = []
    for first in range(0, len(sent), 50):
        part = sent[first : first + 50]
        frames.send(namespace, "far", part)
        found += drained(ring, len(part))
    assert found == sent
    assert ring.drops() == 0


@pytest.mark.root
def test_a_batch_ends_where_the_ring_does(namespace: Namespace, ring: Ring) -> None:
    before = BLOCK_SLOTS - 28
    frames.send(namespace, "far", [numbered(n) for n in range(before)])
    drained(ring, before)
    frames.send(namespace, "far", [numbered(n) for n in range(100, 160)])
    ends, found = [0], list[bytes]()
    while len(found) < 60:
        batch = ring.drain(0.0)
        found += rows(batch) if batch else []
        ends.append(len(found))
    assert 28 in ends
    assert found == [numbered(n) for n in range(100, 160)]


@pytest.mark.root
def test_what_finds_no_slot_is_counted_and_the_rest_goes_on(
    namespace: Namespace, ring: Ring
) -> None:
    frames.send(namespace, "far", [numbered(n) for n in range(BLOCK_SLOTS + 30)])
    wait_until(lambda: ring.drops() == 30, "the kernel has dropped what is too much")
    assert drained(ring, BLOCK_SLOTS) == [numbered(n) for n in range(BLOCK_SLOTS)]
    assert ring.used(time.monotonic()) == 1.0
    frames.send(namespace, "far", [ARP])
    assert drained(ring, 1) == [ARP]
    assert ring.drops() == 30
    ring.close()
    assert ring.drops() == 30


@pytest.mark.root
def test_a_long_frame_is_cut_and_a_short_one_keeps_its_size(
    namespace: Namespace, ring: Ring
) -> None:
    long, short = ARP + bytes(range(200)), ARP[:15]
    frames.send(namespace, "far", [long, short])
    # What is left in a slot behind the kernel's headers.
    assert drained(ring, 2) == [long[:SNAPLEN], short]


@pytest.mark.root
def test_only_arp_is_taken_from_the_first_frame_on(namespace: Namespace, ring: Ring) -> None:
    frames.send(namespace, "far", [ARP.replace(b"\x08\x06", b"\x08\x00", 1), ARP])
    assert drained(ring, 1) == [ARP]
    assert ring.drain(0.0) is None


@pytest.mark.root
def test_the_descriptor_is_readable_while_a_frame_waits(namespace: Namespace, ring: Ring) -> None:
    assert not readable(ring)
    frames.send(namespace, "far", [ARP])
    wait_until(lambda: readable(ring), "the frame has come")
    assert drained(ring, 1) == [ARP]
    assert not readable(ring)


def readable(ring: Ring) -> bool:
    poll = select.poll()
    poll.register(ring.fileno(), select.POLLIN)
    return bool(poll.poll(0))


@pytest.mark.root
@pytest.mark.parametrize("promiscuous", [False, True])
def test_promiscuous_is_what_was_asked_for(namespace: Namespace, promiscuous: bool) -> None:
    ring = open_ring(namespace, "near", promiscuous=promiscuous)
    assert ("promiscuity 1" in namespace.ip("-d", "link", "show", "near")) == promiscuous
    ring.close()
    assert "promiscuity 0" in namespace.ip("-d", "link", "show", "near")


@pytest.mark.root
def test_it_is_crowded_once_more_than_a_quarter_waits(namespace: Namespace, ring: Ring) -> None:
    frames.send(namespace, "far", [numbered(n) for n in range(BLOCK_SLOTS)])
    drained(ring, BLOCK_SLOTS)
    frames.send(namespace, "far", [numbered(n) for n in range(BLOCK_SLOTS // 4)])
    wait_until(lambda: readable(ring), "the frames have come")
    assert not ring.crowded()
    frames.send(namespace, "far", [ARP])
    wait_until(ring.crowded, "one more has come")
    drained(ring, BLOCK_SLOTS // 4 + 1)
    assert not ring.crowded()


@pytest.mark.root
def test_a_batch_has_an_end_however_much_waits(namespace: Namespace) -> None:
    count = RING_BATCH + 100
    ring = open_ring(namespace, "near", 2 * RING_BATCH)
    frames.send(namespace, "far", [numbered(n) for n in range(count)])
    sizes: list[int] = []
    while sum(sizes) < count:
        batch = ring.drain(time.monotonic())
        sizes.append(len(batch) if batch else 0)
    assert max(sizes) <= RING_BATCH
    assert ring.used(time.monotonic()) > RING_BATCH / (2 * RING_BATCH)
    ring.close()


@pytest.mark.root
def test_closing_gives_the_socket_back_at_once(namespace: Namespace) -> None:
    before = len(os.listdir("/proc/self/fd"))
    ring = open_ring(namespace, "near")
    ring.close()
    assert len(os.listdir("/proc/self/fd")) == before
    ring.close()
    assert (ring.drops(), ring.used(0.0)) == (0, 0.0)

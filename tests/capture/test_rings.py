"""A device's two rings: what comes out of both, in which order, and how they end."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterator

import pytest

from l2exporter.capture import rings as module
from l2exporter.capture.ring import BLOCK_SLOTS
from l2exporter.capture.rings import Rings
from l2exporter.dissect.frames import Frames
from l2exporter.limits import WHOLE_BATCH
from tests.capture.rings import open_rings, rows
from tests.capture.slow_frames import DISCOVERY, TAKEN
from tests.lab import frames
from tests.lab.namespace import Namespace, veth
from tests.lab.wait import wait_until

pytestmark = pytest.mark.root

ARP = frames.announcement("02:00:00:00:0a:01", "192.0.2.1")
WOL = bytes(TAKEN["wake-on-lan"])
ADVERTISEMENT = bytes(TAKEN["router advertisement"])
SMALL_BATCH = 64


@pytest.fixture(scope="module")
def namespace() -> Iterator[Namespace]:
    with Namespace() as made:
        veth(made, "far", made, "near")
        yield made


@pytest.fixture
def rings(namespace: Namespace) -> Iterator[Rings]:
    made = open_rings(namespace, "near", whole_slots=2 * WHOLE_BATCH)
    yield made
    made.close()


def turn(rings: Rings, *, until: Callable[[], bool]) -> list[Frames]:
    wait_until(until, "the frames are in the rings")
    return list(rings.batches())


def test_nothing_makes_no_batch(rings: Rings) -> None:
    assert list(rings.batches()) == []


def test_both_lanes_come_as_one_batch(namespace: Namespace, rings: Rings) -> None:
    frames.send(namespace, "far", [ARP, WOL, ARP, WOL, ARP, WOL])
    (batch,) = turn(rings, until=rings.slow.waits)
    assert rows(batch) == [ARP] * 3
    assert [one.data for one in batch.whole] == [WOL] * 3
    times = sorted([*batch.time.tolist(), *(one.time for one in batch.whole)])
    assert times[-1] == batch.whole[-1].time
    assert list(rings.batches()) == []


def test_a_router_advertisement_comes_by_both(namespace: Namespace, rings: Rings) -> None:
    frames.send(namespace, "far", [ADVERTISEMENT, bytes(DISCOVERY["redirect"])])
    (batch,) = turn(rings, until=rings.slow.waits)
    assert rows(batch) == [ADVERTISEMENT, bytes(DISCOVERY["redirect"])]
    assert [one.data for one in batch.whole] == [ADVERTISEMENT]


def test_whole_frames_alone_come_without_columns(namespace: Namespace, rings: Rings) -> None:
    frames.send(namespace, "far", [WOL])
    (batch,) = turn(rings, until=rings.slow.waits)
    assert (len(batch), batch.data.shape[0], len(batch.whole)) == (0, 0, 1)
    assert batch.at(batch.time).tolist() == []


def test_where_the_ring_ends_whole_frames_stay_with_those_of_their_time(
    namespace: Namespace, rings: Rings
) -> None:
    frames.send(namespace, "far", [ARP] * (BLOCK_SLOTS - 10))
    wait_until(lambda: sum(map(len, rings.batches())) > 0, "the first of them")
    wait_until(lambda: not rings.fast.waits(), "all of them")
    frames.send(namespace, "far", [WOL, *[ARP] * 20, WOL, *[ARP] * 20, WOL])
    first, second = turn(rings, until=lambda: used(rings) >= 3)
    assert (len(first.whole), len(second.whole)) == (1, 2)
    assert first.time[-1] <= second.whole[0].time


def used(rings: Rings) -> int:
    """Whole frames that wait, without taking them."""
    return int((rings.slow._status & 1).sum())


def test_a_turn_takes_a_bounded_number_of_whole_frames(namespace: Namespace, rings: Rings) -> None:
    frames.send(namespace, "far", [WOL] * (WHOLE_BATCH + 50))
    (first,) = turn(rings, until=lambda: used(rings) == WHOLE_BATCH + 50)
    (second,) = rings.batches()
    assert (len(first.whole), len(second.whole)) == (WHOLE_BATCH, 50)


def test_whole_frames_outlive_a_turn_that_their_taker_ends(
    namespace: Namespace, rings: Rings
) -> None:
    frames.send(namespace, "far", [ARP] * (BLOCK_SLOTS - 10))
    wait_until(lambda: sum(map(len, rings.batches())) > 0, "the first of them")
    wait_until(lambda: not rings.fast.waits(), "all of them")
    frames.send(namespace, "far", [*[ARP] * 20, WOL])
    wait_until(rings.slow.waits, "the last frame")
    abandoned = rings.batches()
    assert not next(abandoned).whole
    del abandoned
    (rest,) = rings.batches()
    assert [one.data for one in rest.whole] == [WOL]


def test_where_the_second_cannot_be_opened_the_first_is_closed(
    namespace: Namespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(errno.ENOMEM, "no memory")

    monkeypatch.setattr(module, "WholeRing", refuse)
    before = len(os.listdir("/proc/self/fd"))
    with pytest.raises(OSError, match="no memory"):
        open_rings(namespace, "near")
    assert len(os.listdir("/proc/self/fd")) == before


def test_either_may_be_crowded(namespace: Namespace, rings: Rings) -> None:
    frames.send(namespace, "far", [WOL] * (2 * WHOLE_BATCH // 4))
    wait_until(lambda: used(rings) == 2 * WHOLE_BATCH // 4, "a quarter")
    assert not rings.crowded()
    frames.send(namespace, "far", [WOL])
    wait_until(rings.crowded, "the slow ring")
    list(rings.batches())
    assert not rings.crowded()
    frames.send(namespace, "far", [ARP] * (BLOCK_SLOTS // 2))
    wait_until(rings.crowded, "the fast ring")


def test_a_device_that_is_down_is_fit_and_one_that_is_gone_is_not(namespace: Namespace) -> None:
    veth(namespace, "far1", namespace, "near1")
    rings = open_rings(namespace, "near1")
    namespace.ip("link", "set", "near1", "down")
    assert rings.fit()
    assert not rings.fit(), "woken without a reason that it knows"
    namespace.ip("link", "set", "near1", "up")
    namespace.ip("link", "set", "near1", "down")
    namespace.ip("link", "delete", "near1")
    assert not rings.fit()
    assert not rings.bound()
    rings.close()

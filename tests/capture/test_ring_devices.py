"""The device that a ring is bound to: by its index, as long as it is there, whatever its name."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator

import pytest

from l2exporter.capture.ring import BLOCK_SLOTS, Ring
from tests.capture.rings import drained, open_ring
from tests.lab import frames
from tests.lab.namespace import Namespace, veth
from tests.lab.wait import wait_until

pytestmark = pytest.mark.root

ARP = frames.announcement("02:00:00:00:0a:01", "192.0.2.1")


@pytest.fixture(scope="module")
def namespace() -> Iterator[Namespace]:
    with Namespace() as made:
        yield made


def test_a_device_that_goes_down_is_an_error_to_read_away(namespace: Namespace) -> None:
    veth(namespace, "far1", namespace, "near1")
    ring = open_ring(namespace, "near1")
    assert ring.error() == 0
    namespace.ip("link", "set", "near1", "down")
    assert (ring.error(), ring.error()) == (errno.ENETDOWN, 0)
    namespace.ip("link", "set", "near1", "up")
    wait_until(lambda: "state UP" in namespace.ip("link", "show", "near1"), "carrier")
    frames.send(namespace, "far1", [ARP])
    assert drained(ring, 1) == [ARP]
    namespace.ip("link", "delete", "near1")
    assert ring.error() == errno.ENETDOWN
    assert ring.drain(0.0) is None
    assert ring.drops() == 0
    ring.close()


def test_it_is_bound_to_one_device_up_or_down_and_to_no_other_of_its_index(
    namespace: Namespace,
) -> None:
    veth(namespace, "far2", namespace, "near2")
    ring = open_ring(namespace, "near2")
    assert ring.bound()
    namespace.ip("link", "set", "near2", "down")
    namespace.ip("link", "set", "near2", "name", "near3")
    assert ring.bound()
    index = namespace.run("cat", "/sys/class/net/near3/ifindex").strip()
    namespace.ip("link", "delete", "near3")
    assert not ring.bound()
    namespace.ip("link", "add", "near2", "index", index, "type", "bridge")
    assert not ring.bound()
    ring.close()
    namespace.ip("link", "delete", "near2")


def test_a_device_is_bound_whatever_bytes_its_name_is_made_of(namespace: Namespace) -> None:
    name = os.fsdecode(b"ba\xff")
    veth(namespace, "far4", namespace, name)
    index = int(namespace.run("cat", f"/sys/class/net/{name}/ifindex"))
    with namespace.entered():
        ring = Ring(index, BLOCK_SLOTS, promiscuous=False)
    frames.send(namespace, "far4", [ARP])
    assert drained(ring, 1) == [ARP]
    assert ring.bound()
    ring.close()


def test_a_device_that_is_not_there_is_an_error_and_leaves_no_socket(
    namespace: Namespace,
) -> None:
    before = len(os.listdir("/proc/self/fd"))
    with namespace.entered():
        assert refusal(99_999) in (errno.ENODEV, errno.ENXIO)
    assert len(os.listdir("/proc/self/fd")) == before


def refusal(index: int) -> int | None:
    try:
        Ring(index, BLOCK_SLOTS, promiscuous=False)
    except OSError as error:
        return error.errno
    return None

"""Floods counted on a captured device at the end of a real wire, as it comes and goes."""

from __future__ import annotations

import pytest

from l2exporter.capture import floods
from l2exporter.capture.flood_targets import CROWDED, SWITCHING
from l2exporter.errors import KernelError
from l2exporter.limits import GUEST_MACS
from tests.capture.floods import ETH0, FLOOD, guest_mac, told, unicast, watching
from tests.lab.namespace import Namespace
from tests.lab.wait import wait_until

pytestmark = pytest.mark.root


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

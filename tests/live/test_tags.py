"""VLAN tags, received (the kernel has taken the outer one off) and sent (it is still in)."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.lab import frames
from tests.lab.exporter import Exporter, Samples, key
from tests.lab.namespace import Namespace, veth
from tests.live.samples import by, eventually

pytestmark = pytest.mark.root

A, B = "02:00:00:00:0a:01", "02:00:00:00:0a:02"
OLD_SERVICE_TAG = 0x9100


@pytest.fixture(scope="module")
def wire() -> Iterator[tuple[Namespace, Namespace]]:
    with Namespace() as there, Namespace() as here:
        veth(there, "eth0", here, "eth0")
        yield there, here


@pytest.fixture(scope="module")
def exporter(wire: tuple[Namespace, Namespace]) -> Iterator[Exporter]:
    with Exporter(wire[1]) as running:
        yield running


def stacked(frame: bytes, *tags: tuple[int, int]) -> bytes:
    """`frame` with (type, VID) tags as bytes, outermost first."""
    inserted = b"".join(kind.to_bytes(2) + vid.to_bytes(2) for kind, vid in tags)
    return frame[:12] + inserted + frame[12:]


TAGS = {
    "none": ((), ""),
    "802.1Q": (((0x8100, 7),), "7"),
    "priority 5 and a VID": (((0x8100, 5 << 13 | 11),), "11"),
    "a priority only": (((0x8100, 3 << 13),), ""),
    "QinQ": (((0x88A8, 100), (0x8100, 8)), "100"),
    "a service tag alone": (((0x88A8, 101),), "101"),
    "two customer tags": (((0x8100, 102), (0x8100, 9)), "102"),
    "an old service tag": (((OLD_SERVICE_TAG, 103), (0x8100, 9)), "103"),
    "the highest VID": (((0x8100, 4094),), "4094"),
}


@pytest.mark.parametrize(("number", "case"), list(enumerate(TAGS.values(), start=1)), ids=TAGS)
@pytest.mark.parametrize("is_sent", [False, True], ids=["received", "sent"])
def test_the_outermost_vid_is_the_vlan(
    wire: tuple[Namespace, Namespace],
    exporter: Exporter,
    number: int,
    case: tuple[tuple[tuple[int, int], ...], str],
    is_sent: bool,
) -> None:
    tags, vlan = case
    ip = f"192.0.2.{number + 100 * is_sent}"
    frame = stacked(frames.announcement(A, ip), *tags)
    name = "l2_arp_packets_sent_total" if is_sent else "l2_arp_packets_total"
    counted = key(name, device="eth0", vlan=vlan, type="announcement")
    before = exporter.scrape()
    frames.send(wire[is_sent], "eth0", [frame])
    samples = eventually(exporter, {counted: before.get(counted, 0) + 1})
    assert by(samples, "l2_arp_moves_total", "vlan", ip=ip) == {vlan: 0}
    assert by(samples, "l2_gratuitous_arp_total", "vlan", ip=ip) == {vlan: not is_sent}
    assert errors(samples) == errors(before)


def test_the_same_address_in_two_vlans_is_two_bindings(
    wire: tuple[Namespace, Namespace], exporter: Exporter
) -> None:
    ip = "192.0.2.50"
    sent = [(A, 20), (B, 21), (B, 20), (B, 21)]
    frames.send(wire[0], "eth0", [frames.tagged(frames.announcement(m, ip), v) for m, v in sent])
    moves = {v: key("l2_arp_moves_total", device="eth0", vlan=v, ip=ip) for v in ("20", "21")}
    eventually(exporter, {moves["20"]: 1, moves["21"]: 0})


def test_behind_three_tags_is_arp_as_in_a_file(
    wire: tuple[Namespace, Namespace], exporter: Exporter
) -> None:
    ip, tags = "192.0.2.55", ((0x88A8, 104), (0x8100, 9), (0x8100, 10))
    frames.send(wire[0], "eth0", [stacked(frames.announcement(A, ip), *tags)])
    eventually(exporter, {key("l2_arp_moves_total", device="eth0", vlan="104", ip=ip): 0})


def test_more_tags_than_can_be_are_not_taken_for_arp(
    wire: tuple[Namespace, Namespace], exporter: Exporter
) -> None:
    deep = stacked(frames.announcement(A, "192.0.2.60"), *(((0x8100, 7),) * 4))
    last = frames.announcement(A, "192.0.2.61")
    frames.send(wire[0], "eth0", [deep, last])
    samples = eventually(
        exporter, {key("l2_arp_moves_total", device="eth0", vlan="", ip="192.0.2.61"): 0}
    )
    assert not by(samples, "l2_arp_moves_total", "vlan", ip="192.0.2.60")


def errors(samples: Samples) -> dict[str, float]:
    return by(samples, "l2_frame_errors_total", "reason", device="eth0", protocol="arp")

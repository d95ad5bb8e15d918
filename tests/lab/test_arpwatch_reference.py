"""What arpwatch counts and what not: the list in docs/arpwatch.md, measured."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from tests.lab import arpwatch, frames
from tests.lab.arpwatch import CHANGED, DECNET, FLIP_FLOP, NEW_ACTIVITY, NEW_STATION, REUSED
from tests.lab.namespace import Namespace, veth
from tests.lab.wait import wait_until

A, B, C, D = (f"02:00:00:00:00:0{n}" for n in range(1, 5))
DECNET_MAC = "aa:00:04:00:01:04"
IP = "192.0.2.10"
DAY, START = 86_400, 1_700_000_000


def seen(tmp_path: Path, *sent: bytes, every: float = 1.0) -> Counter[str]:
    """The events for IP (or, without any, for whatever address) after these frames."""
    records = [(START + every * n, frame) for n, frame in enumerate(sent)]
    found = arpwatch.replay(frames.write_pcap(tmp_path / "sent.pcap", records))
    return sum(found.values(), Counter())


def from_(*macs: str) -> list[bytes]:
    return [frames.announcement(mac, IP) for mac in macs]


def patched(offset: int, value: bytes) -> bytes:
    """An announcement that would move IP, but for the bytes at `offset` of its ARP packet."""
    frame = frames.announcement(B, IP)
    start = 14 + offset
    return frame[:start] + value + frame[start + len(value) :]


REVERSE_REPLY = patched(6, b"\x00\x04").replace(b"\x08\x06", b"\x80\x35", 1)

SAME_DEFINITION = {
    "first sight is no move": ([A], {}),
    "the same again is no move": ([A, A, A], {}),
    "a new address": ([A, B], {CHANGED: 1}),
    "back to the one before": ([A, B, A], {CHANGED: 1, FLIP_FLOP: 1}),
    "and back again": ([A, B, A, B], {CHANGED: 1, FLIP_FLOP: 2}),
    "back to one further away": ([A, B, C, A], {CHANGED: 2, REUSED: 1}),
    "a reused one comes first": ([A, B, C, A, C], {CHANGED: 2, REUSED: 1, FLIP_FLOP: 1}),
    "four in turn": ([A, B, C, D, A, B], {CHANGED: 3, REUSED: 2}),
    "a virtual router's address is like any": (
        ["00:00:5e:00:01:33", A, "00:00:5e:00:01:33"],
        {CHANGED: 1, FLIP_FLOP: 1},
    ),
    "a multicast sender binds": ([A, "03:bf:c0:00:02:0a"], {CHANGED: 1}),
}


@pytest.mark.parametrize(("macs", "expected"), SAME_DEFINITION.values(), ids=SAME_DEFINITION)
def test_a_move_is_the_same_thing(
    tmp_path: Path, macs: list[str], expected: dict[str, int]
) -> None:
    assert seen(tmp_path, *from_(*macs)) == {NEW_STATION: 1, **expected}


@pytest.mark.parametrize(
    "frame",
    [
        frames.request(B, IP, "192.0.2.1"),
        frames.reply(B, IP, C, "192.0.2.1"),
        frames.announcement(B, IP),
        frames.gratuitous_reply(B, IP),
        frames.arp(B, IP, to=C),
        frames.announcement(B, IP) + bytes(18),
        patched(0, b"\x00\x06"),
        patched(2, b"\x10\x00"),
        REVERSE_REPLY,
    ],
    ids=[
        *("request", "reply", "announcement", "gratuitous reply", "unicast request", "padded"),
        *("hardware type IEEE 802", "trailer protocol", "RARP reply"),
    ],
)
def test_these_move_an_address(tmp_path: Path, frame: bytes) -> None:
    assert seen(tmp_path, *from_(A), frame) == {NEW_STATION: 1, CHANGED: 1}


@pytest.mark.parametrize("operation", [0, 3, 4, 8, 9, 77])
def test_an_operation_other_than_request_and_reply_is_nothing(
    tmp_path: Path, operation: int
) -> None:
    odd = frames.arp(B, IP, operation=operation)
    assert seen(tmp_path, *from_(A), odd) == {NEW_STATION: 1}


@pytest.mark.parametrize(
    "frame",
    [
        frames.tagged(frames.announcement(B, IP), 7),
        frames.tagged(frames.announcement(B, IP), 0),
        frames.qinq(frames.announcement(B, IP), 100, 7),
        patched(0, b"\x00\x18"),
        patched(2, b"\x86\xdd"),
        patched(4, b"\x08"),
        patched(5, b"\x10"),
        frames.announcement(B, IP)[:41],
        REVERSE_REPLY.replace(b"\x00\x04\x02", b"\x00\x03\x02"),
    ],
    ids=[
        *("vlan", "priority tag", "qinq", "hardware type", "protocol", "hardware length"),
        *("protocol length", "truncated", "RARP request"),
    ],
)
def test_these_frames_are_nothing(tmp_path: Path, frame: bytes) -> None:
    assert seen(tmp_path, *from_(A), frame) == {NEW_STATION: 1}


@pytest.mark.parametrize(
    ("frame", "event"),
    [
        (frames.probe(B, IP), arpwatch.IGNORED),
        (frames.arp(B, IP, source=C), arpwatch.MISMATCH),
        (frames.arp(frames.ZERO, IP, source=B), arpwatch.BROADCAST),
        (frames.arp(frames.ZERO, IP), arpwatch.BROADCAST),
        (frames.arp(frames.BROADCAST, IP, source=B), arpwatch.BROADCAST),
        (frames.arp(B, IP, source=frames.ZERO), arpwatch.BROADCAST),
        (frames.arp(B, IP, source=frames.BROADCAST), arpwatch.BROADCAST),
    ],
    ids=["probe", "mismatch", "zero", "zero both", "ones", "source zero", "source ones"],
)
def test_these_are_logged_and_teach_it_nothing(tmp_path: Path, frame: bytes, event: str) -> None:
    assert seen(tmp_path, *from_(A), frame, *from_(A)) == {NEW_STATION: 1, event: 1}


def test_the_target_fields_are_not_looked_at(tmp_path: Path) -> None:
    told = frames.arp(A, "192.0.2.1", operation=frames.REPLY, target=IP, target_mac=B)
    assert seen(tmp_path, told, *from_(A)) == {NEW_STATION: 2}


@pytest.mark.parametrize(
    ("every", "expected"),
    [(DAY / 2, {CHANGED: 1, DECNET: 2}), (DAY, {CHANGED: 1, FLIP_FLOP: 2})],
    ids=["within 24 hours", "later"],
)
def test_only_decnet_flip_flops_are_suppressed(
    tmp_path: Path, every: float, expected: dict[str, int]
) -> None:
    macs = (A, DECNET_MAC, A, DECNET_MAC)
    assert seen(tmp_path, *from_(*macs), every=every) == {NEW_STATION: 1, **expected}


def test_the_same_pair_after_six_months_is_new_activity(tmp_path: Path) -> None:
    assert seen(tmp_path, *from_(A, A), every=181 * DAY) == {NEW_STATION: 1, NEW_ACTIVITY: 1}


@pytest.mark.parametrize("ip", ["192.0.2.255", "255.255.255.255", "224.0.0.1", "203.0.113.1"])
def test_a_file_has_no_bogons(tmp_path: Path, ip: str) -> None:
    sent = (frames.announcement(mac, ip) for mac in (A, B))
    records = [(START + n, frame) for n, frame in enumerate(sent)]
    found = arpwatch.replay(frames.write_pcap(tmp_path / "sent.pcap", records))
    assert found == {ip: {NEW_STATION: 1, CHANGED: 1}}


def test_moves_are_counted_by_address(tmp_path: Path) -> None:
    sent = [*from_(A, B, A, C, B), frames.announcement(D, "192.0.2.11"), frames.probe(D, IP)]
    records = [(START + n, frame) for n, frame in enumerate(sent)]
    found = arpwatch.replay(frames.write_pcap(tmp_path / "sent.pcap", records))
    assert arpwatch.moves(found) == {IP: 4, "192.0.2.11": 0}


def test_a_file_that_is_no_capture_is_an_error(tmp_path: Path) -> None:
    broken = tmp_path / "broken.pcap"
    broken.write_bytes(b"not a capture file, whatever its name")
    with pytest.raises(RuntimeError, match="status 1"):
        arpwatch.replay(broken)


@pytest.mark.root
@pytest.mark.parametrize(
    ("flags", "foreign"),
    [
        (("-a", "-N"), {NEW_STATION: 1}),
        (("-a",), {NEW_STATION: 1, arpwatch.BOGON: 1}),
        (("-p",), {arpwatch.BOGON: 1}),
    ],
    ids=["all", "all, and logged", "own subnet only"],
)
def test_live_a_foreign_address_is_a_bogon_unless_told(
    flags: tuple[str, ...], foreign: dict[str, int]
) -> None:
    last = frames.announcement(D, "192.0.2.99")
    with Namespace() as sender, Namespace() as watcher:
        veth(sender, "eth0", watcher, "eth0")
        watcher.address("eth0", "192.0.2.200/24")
        with arpwatch.Live(watcher, "eth0", *flags) as watch:
            sent = [*from_(A, B, A), frames.announcement(C, "203.0.113.1")]
            frames.send(sender, "eth0", [*sent, frames.tagged(last, 7), last])
            wait_until(lambda: "192.0.2.99" in watch.counts(), "the last frame is reported")
            found = watch.counts()
    assert found.pop("203.0.113.1") == foreign
    assert arpwatch.moves(found) == {IP: 2, "192.0.2.99": 0}


@pytest.mark.root
def test_live_without_a_subnet_it_ends_and_that_is_an_error() -> None:
    with Namespace() as one:
        veth(one, "eth0", one, "eth1")
        with pytest.raises(RuntimeError, match="arpwatch ended"), arpwatch.Live(one, "eth0", "-N"):
            pass

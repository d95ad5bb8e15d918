"""What the exporter tells of real traffic on a bridge: from the kernel, arping and raw frames."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator

import pytest

from tests.lab import frames
from tests.lab.exporter import Exporter, key
from tests.lab.namespace import Namespace
from tests.lab.segment import BRIDGE, DEVICE, Host, Segment
from tests.live.samples import Key, by, eventually, grows

pytestmark = pytest.mark.root

OWN = "192.0.2.250"
A, B = "02:00:00:00:0a:01", "02:00:00:00:0a:02"


@pytest.fixture(scope="module")
def segment() -> Iterator[Segment]:
    with Segment(3) as made:
        made.switch.address(BRIDGE, f"{OWN}/24")
        yield made


@pytest.fixture(scope="module")
def exporter(segment: Segment) -> Iterator[Exporter]:
    """On the host that has the bridge, without a flag."""
    with Exporter(segment.switch) as running:
        yield running


def of_bridge(name: str, **labels: str) -> Key:
    return key(name, device=BRIDGE, vlan="", **labels)


def packets(kind: str) -> Key:
    return of_bridge("l2_arp_packets_total", type=kind)


def sent(kind: str) -> Key:
    return of_bridge("l2_arp_packets_sent_total", type=kind)


def moves(ip: str) -> Key:
    return of_bridge("l2_arp_moves_total", ip=ip)


def test_the_bridge_is_captured_and_its_ports_are_not(exporter: Exporter) -> None:
    assert by(exporter.scrape(), "l2_capture_up", "device") == {BRIDGE: 1}


def test_the_kernels_own_request_is_sent_and_its_answer_received(
    segment: Segment, exporter: Exporter
) -> None:
    before = exporter.scrape()
    assert segment.switch.run("ping", "-c1", "-W5", segment.hosts[0].ip)
    grows(exporter, before, {sent("request"): 1, packets("request"): 0, packets("reply"): 1})


def test_another_hosts_request_is_received_and_our_answer_sent(
    segment: Segment, exporter: Exporter
) -> None:
    before = exporter.scrape()
    assert segment.hosts[1].ping(OWN)
    grows(exporter, before, {packets("request"): 1, sent("reply"): 1, packets("reply"): 0})


def test_a_request_between_two_others_is_seen(segment: Segment, exporter: Exporter) -> None:
    before = exporter.scrape()
    arping(segment.hosts[0].namespace, DEVICE, segment.hosts[1].ip)
    grows(exporter, before, {packets("request"): 1, sent("request"): 0})


def test_gratuitous_arp_is_counted_by_type_and_by_address(
    segment: Segment, exporter: Exporter
) -> None:
    host = segment.hosts[0]
    before = exporter.scrape()
    arping(host.namespace, DEVICE, "-U", host.ip)
    arping(host.namespace, DEVICE, "-A", host.ip)
    expected = {packets("announcement"): 1, packets("gratuitous_reply"): 1}
    by_address = of_bridge("l2_gratuitous_arp_total", ip=host.ip)
    grows(exporter, before, {**expected, by_address: 2, moves(host.ip): 0})


def test_our_own_announcement_binds_and_is_nobodys_gratuitous_arp(
    segment: Segment, exporter: Exporter
) -> None:
    before = exporter.scrape()
    arping(segment.switch, BRIDGE, "-U", OWN)
    samples = grows(exporter, before, {sent("announcement"): 1, packets("announcement"): 0})
    assert samples[moves(OWN)] == 0
    assert samples[of_bridge("l2_gratuitous_arp_total", ip=OWN)] == 0


def test_who_claims_our_own_address_makes_a_move(segment: Segment, exporter: Exporter) -> None:
    before = exporter.scrape()
    arping(segment.switch, BRIDGE, "-U", OWN)
    grows(exporter, before, {sent("announcement"): 1, moves(OWN): 0})
    send(segment.hosts[0], frames.announcement(A, OWN))
    own = segment.switch.mac(BRIDGE)
    samples = eventually(exporter, {moves(OWN): 1})
    assert samples[last_move(OWN, own, A)] == 1


def test_a_probe_binds_nothing(segment: Segment, exporter: Exporter) -> None:
    before = exporter.scrape()
    arping(segment.hosts[0].namespace, DEVICE, "-D", "192.0.2.77")
    samples = grows(exporter, before, {packets("probe"): 1, packets("request"): 0})
    known = by(samples, "l2_arp_moves_total", "ip")
    assert not {"0.0.0.0", "192.0.2.77"} & set(known)


def test_a_new_station_starts_with_no_move(segment: Segment, exporter: Exporter) -> None:
    ip = "192.0.2.30"
    before = exporter.scrape()
    assert moves(ip) not in before
    send(segment.hosts[0], frames.request(A, ip, "192.0.2.31"))
    new = of_bridge("l2_arp_new_stations_total")
    samples = grows(exporter, before, {new: 1, moves(ip): 0, packets("request"): 1})
    assert of_bridge("l2_arp_flip_flops_total", ip=ip) not in samples
    assert of_bridge("l2_arp_last_move_timestamp_seconds", ip=ip) not in samples


def test_another_card_is_a_move_and_the_old_one_again_a_flip_flop(
    segment: Segment, exporter: Exporter
) -> None:
    host = segment.hosts[2]
    old = host.mac
    assert host.ping(OWN)
    eventually(exporter, {moves(host.ip): 0})
    host.set_mac(B)
    began = time.time()
    arping(host.namespace, DEVICE, "-U", host.ip)
    flips = of_bridge("l2_arp_flip_flops_total", ip=host.ip)
    samples = eventually(exporter, {moves(host.ip): 1, flips: 0})
    when = samples[of_bridge("l2_arp_last_move_timestamp_seconds", ip=host.ip)]
    assert began <= when <= time.time()
    assert samples[last_move(host.ip, old, B)] == 1
    host.set_mac(old)
    arping(host.namespace, DEVICE, "-U", host.ip)
    samples = eventually(exporter, {moves(host.ip): 2, flips: 1})
    assert samples[last_move(host.ip, B, old)] == 1
    assert last_move(host.ip, old, B) not in samples


def patched(offset: int, value: bytes) -> bytes:
    """An announcement with other bytes at `offset` of its ARP packet."""
    frame = frames.announcement(A, "192.0.2.40")
    start = 14 + offset
    return frame[:start] + value + frame[start + len(value) :]


@pytest.mark.parametrize(
    ("reason", "frame"),
    [
        ("truncated", frames.announcement(A, "192.0.2.40")[:41]),
        ("truncated", frames.announcement(A, "192.0.2.40")[:21]),
        ("hardware_type", patched(0, b"\x00\x18")),
        ("protocol_type", patched(2, b"\x86\xdd")),
        ("hardware_length", patched(4, b"\x08")),
        ("protocol_length", patched(5, b"\x10")),
        ("zero_sender", frames.arp(frames.ZERO, "192.0.2.40", source=A)),
        ("broadcast_sender", frames.arp(frames.BROADCAST, "192.0.2.40", source=A)),
    ],
    ids=[
        *("cut in its addresses", "cut in its header", "hardware type", "protocol type"),
        *("hardware length", "protocol length", "zero sender", "broadcast sender"),
    ],
)
def test_a_malformed_frame_is_counted_by_its_reason_and_binds_nothing(
    segment: Segment, exporter: Exporter, reason: str, frame: bytes
) -> None:
    before = exporter.scrape()
    send(segment.hosts[0], frame)
    samples = grows(
        exporter,
        before,
        {
            key("l2_frame_errors_total", device=BRIDGE, protocol="arp", reason=reason): 1,
            key("l2_capture_frames_total", device=BRIDGE, lane="fast"): 1,
            **{packets(kind): 0 for kind in ("request", "reply", "announcement", "other")},
        },
    )
    assert moves("192.0.2.40") not in samples


@pytest.mark.parametrize(
    ("kind", "frame"),
    [
        ("source_mismatch", frames.arp(A, "192.0.2.50", source=B)),
        ("multicast_sender", frames.arp("03:bf:c0:00:02:33", "192.0.2.51", source=A)),
    ],
    ids=["source_mismatch", "multicast_sender"],
)
def test_an_odd_sender_is_an_anomaly_and_still_binds(
    segment: Segment, exporter: Exporter, kind: str, frame: bytes
) -> None:
    before = exporter.scrape()
    send(segment.hosts[0], frame)
    new = of_bridge("l2_arp_new_stations_total")
    grows(exporter, before, {of_bridge("l2_arp_anomalies_total", kind=kind): 1, new: 1})


@pytest.mark.parametrize("operation", [0, 3, 8, 65535])
def test_an_operation_of_its_own_is_other_and_binds(
    segment: Segment, exporter: Exporter, operation: int
) -> None:
    before = exporter.scrape()
    send(segment.hosts[0], frames.arp(A, f"192.0.2.{60 + operation % 9}", operation=operation))
    new = of_bridge("l2_arp_new_stations_total")
    grows(exporter, before, {packets("other"): 1, new: 1, packets("request"): 0})


def test_what_is_no_arp_is_not_even_taken(segment: Segment, exporter: Exporter) -> None:
    taken = key("l2_capture_frames_total", device=BRIDGE, lane="fast")
    before = exporter.scrape()
    reverse = frames.announcement(A, "192.0.2.70").replace(b"\x08\x06", b"\x80\x35", 1)
    other = frames.tagged(reverse, 7)
    send(segment.hosts[0], reverse, other, reverse[:14], frames.probe(A, "192.0.2.70"))
    grows(exporter, before, {taken: 1, packets("probe"): 1})


def last_move(ip: str, from_mac: str, to_mac: str) -> Key:
    macs = {"from_mac": from_mac, "to_mac": to_mac}
    return of_bridge("l2_arp_last_move_info", ip=ip, cause="pending", **macs)


def arping(namespace: Namespace, device: str, *arguments: str) -> None:
    """Start the real arping; it sends at once, and what it then waits for is of no interest."""
    namespace.popen("arping", "-c1", "-I", device, *arguments, stdout=subprocess.DEVNULL)


def send(host: Host, *sent: bytes) -> None:
    frames.send(host.namespace, DEVICE, sent)

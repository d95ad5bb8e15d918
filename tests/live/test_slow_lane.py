"""Whole frames on a real wire: told as from a file, and a flood of them that costs no ARP."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from l2exporter.dissect.ethernet import MAX_INLINE_TAGS
from l2exporter.limits import WHOLE_SLOTS
from tests.capture.slow_frames import LEFT, TAKEN
from tests.dissect.samples import EVERY
from tests.lab import frames
from tests.lab.exporter import COMMAND, Exporter, Samples, key, parse
from tests.lab.frames import tagged
from tests.lab.namespace import Namespace, veth
from tests.live.samples import by, eventually
from tests.live.storms import Sender, spoofed

pytestmark = pytest.mark.root

DEVICE = "eth0"
TOLD = ("l2_slow_packets_total", "l2_frame_errors_total", "l2_wake_on_lan_packets_total")
LAST = key("l2_arp_moves_total", device=DEVICE, vlan="", ip="192.0.2.250")
HEARD = key("l2_arp_packets_total", device=DEVICE, vlan="", type="announcement")
AT_ONCE = WHOLE_SLOTS // 4
FINAL = frames.announcement("02:00:00:00:00:fa", "192.0.2.250")


def every_kind() -> list[bytes]:
    """Well-formed and malformed frames of each protocol, some cut short, behind tags.

    Ordinary multicast DNS is left out: live, a few of its packets are dissected and most not.
    """
    kinds = [bytes(packet) for name, packet in (TAKEN | LEFT).items() if "mdns" not in name]
    kinds += [frame for protocol, frame in EVERY if protocol != "mdns"]
    cut = [frame[: len(frame) * 2 // 3] for frame in kinds]
    deep = [tagged(kind, *range(5, 5 + n)) for kind in kinds for n in range(1, MAX_INLINE_TAGS + 1)]
    return [*kinds, *cut, *deep]


@contextmanager
def wire() -> Iterator[tuple[Exporter, Sender]]:
    """An exporter, and who sends on its wire; only what is sent there is heard."""
    with Namespace() as there, Namespace() as here:
        veth(there, DEVICE, here, DEVICE)
        for end in (there, here):
            end.sysctl(f"net.ipv6.conf.{DEVICE}.disable_ipv6", 1)
        with Exporter(here, f"--capture.device={DEVICE}") as exporter:
            sender = Sender(there, DEVICE)
            try:
                yield exporter, sender
            finally:
                sender.close()


def told(samples: Samples) -> Samples:
    """What is told of each frame by itself, of VLANs and reasons alike."""
    return {label: value for label, value in samples.items() if label[0] in TOLD and value}


def test_the_wire_and_the_file_come_to_the_same(tmp_path: Path) -> None:
    sent = every_kind()
    records = [(1_700_000_000 + n / 1000, frame) for n, frame in enumerate([*sent, FINAL])]
    path = frames.write_pcap(tmp_path / "sent.pcap", records)
    command = [*COMMAND, "replay", f"--device={DEVICE}", str(path)]
    replayed = parse(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    with wire() as (exporter, sender):
        for turn, start in enumerate(range(0, len(sent), AT_ONCE), start=1):
            sender.send(*sent[start : start + AT_ONCE], FINAL)
            live = eventually(exporter, {HEARD: turn})
    assert told(live) == told(replayed)
    protocols = by(live, "l2_slow_packets_total", "protocol", result="malformed").keys()
    assert {"dhcp", "vrrp", "router_advertisement", "dns_update"} <= protocols


def test_a_flood_beyond_the_ring_is_counted_and_costs_no_arp() -> None:
    flood, arps = bytes(TAKEN["dhcp ack"]), spoofed(16)
    with wire() as (exporter, sender):
        for _ in range(100):
            sender.send(*[flood] * (WHOLE_SLOTS // 2), next(arps))
        slow = {"device": DEVICE, "lane": "slow"}
        sender.send(FINAL)
        eventually(exporter, {LAST: 0})
        live = exporter.scrape()
    taken = live[key("l2_capture_frames_total", **slow)]
    assert taken + live[key("l2_capture_drops_total", **slow)] == 100 * WHOLE_SLOTS // 2
    assert live[key("l2_capture_drops_total", **slow)] > 0
    assert live[key("l2_capture_drops_total", device=DEVICE, lane="fast")] == 0
    assert sum(by(live, "l2_arp_packets_total", "type").values()) == 101
    assert sum(by(live, "l2_slow_packets_total", "result").values()) == taken

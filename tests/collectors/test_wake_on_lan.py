from __future__ import annotations

from dataclasses import replace
from ipaddress import IPv4Address

from l2exporter.collectors.wake_on_lan import WakeOnLanCollector
from l2exporter.dissect.mdns import Mdns
from l2exporter.dissect.wake_on_lan import MagicPacket
from tests.collectors.evidence_scene import EvidenceScene

A, B = 0x02_00_00_00_00_0A, 0x02_00_00_00_00_0B
TOTAL = "l2_wake_on_lan_packets_total"


def test_every_magic_packet_counts_on_its_segment_and_nothing_else_does() -> None:
    scene = EvidenceScene(WakeOnLanCollector)
    collector = scene.collector
    assert isinstance(collector, WakeOnLanCollector)
    assert scene.samples(TOTAL)[("eth0", "")] == 0
    packet = scene.seen(MagicPacket(B), A, IPv4Address("192.0.2.1"))
    tagged = replace(packet, segment=scene.tables.segment_of(packet.device, 7, 0.0))
    for event in (packet, packet, tagged, replace(packet, message=Mdns(True))):
        assert list(collector.observe(event)) == []
    counted = {labels: value for labels, value in scene.samples(TOTAL).items() if value}
    assert counted == {("eth0", ""): 2, ("eth0", "7"): 1}

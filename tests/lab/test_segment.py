from __future__ import annotations

import socket
import subprocess

import pytest
from scapy.layers.l2 import ARP, Ether

from tests.lab.segment import BRIDGE, Segment

pytestmark = pytest.mark.root


def test_hosts_reach_each_other_and_a_new_card_is_seen() -> None:
    with Segment(2) as segment:
        one, two = segment.hosts
        assert one.ping(two.ip)
        two.set_mac("02:00:00:00:00:99")
        assert two.mac == "02:00:00:00:00:99"
        assert "Unicast reply from 192.0.2.2 [02:00:00:00:00:99]" in one.arping(target=two.ip)


@pytest.mark.parametrize(("flag", "operation"), [("-U", 1), ("-A", 2)])
def test_arping_is_heard_on_the_bridge(flag: str, operation: int) -> None:
    with Segment(1) as segment:
        (host,) = segment.hosts
        with segment.switch.entered():
            wire = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x0806))
        with wire:
            wire.bind((BRIDGE, 0x0806))
            wire.settimeout(5)
            host.arping(flag)
            packet = Ether(wire.recv(2048))[ARP]
        assert (packet.op, packet.psrc, packet.pdst) == (operation, host.ip, host.ip)
        assert packet.hwsrc == host.mac


def test_a_segment_that_cannot_be_made_leaves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("no wire")

    monkeypatch.setattr("tests.lab.segment.veth", broken)
    segment = Segment(2)
    with pytest.raises(RuntimeError, match="no wire"), segment:
        pass
    assert segment.switch.name not in subprocess.check_output(["ip", "netns"], text=True)

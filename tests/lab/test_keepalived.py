from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest
from scapy.layers.l2 import ARP, Ether

from tests.lab.keepalived import VMAC, Failover
from tests.lab.segment import BRIDGE, Segment

pytestmark = pytest.mark.root
VIP = "192.0.2.100"


def claims(wire: socket.socket) -> Iterator[str]:
    """Who claims VIP, one hardware address for each gratuitous request that was heard."""
    wire.setblocking(False)
    while True:
        try:
            packet = Ether(wire.recv(2048))[ARP]
        except BlockingIOError:
            return
        if packet.psrc == VIP and packet.pdst == VIP:
            yield packet.hwsrc


@pytest.mark.parametrize("use_vmac", [False, True], ids=["own address", "virtual address"])
def test_the_backup_takes_over_and_says_so(use_vmac: bool) -> None:
    with Segment(2) as segment:
        first, second = segment.hosts
        with segment.switch.entered():
            wire = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x0806))
        with wire, Failover(first, second, VIP, use_vmac=use_vmac) as vrrp:
            wire.bind((BRIDGE, 0x0806))
            assert vrrp.held_by(first)
            assert not vrrp.held_by(second)
            list(claims(wire))
            vrrp.fail()
            assert vrrp.held_by(second)
            assert not vrrp.held_by(first)
            new = list(claims(wire))
        assert vrrp.macs == ((VMAC, VMAC) if use_vmac else (first.mac, second.mac))
    assert len(new) >= Failover.GARP_BURST
    assert set(new) == {vrrp.macs[1]}

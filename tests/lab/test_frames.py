from __future__ import annotations

import socket
from pathlib import Path

import pytest
from scapy.layers.l2 import ARP, Ether
from scapy.utils import rdpcap

from tests.lab import frames
from tests.lab.namespace import Namespace, veth

MAC, OTHER = "02:00:00:00:00:01", "02:00:00:00:00:02"
IP = "192.0.2.10"


def test_an_announcement_is_the_bytes_of_rfc_5227() -> None:
    sender = bytes.fromhex("020000000001") + bytes([192, 0, 2, 10])
    expected = (
        b"\xff" * 6
        + bytes.fromhex("020000000001 0806 0001 0800 06 04 0001")
        + sender
        + bytes(6)
        + sender[6:]
    )
    assert frames.announcement(MAC, IP) == expected


def test_the_kinds_differ_where_they_should() -> None:
    assert Ether(frames.probe(MAC, IP))[ARP].psrc == "0.0.0.0"
    unicast = Ether(frames.reply(MAC, IP, OTHER, "192.0.2.11"))
    assert (unicast.dst, unicast[ARP].op, unicast[ARP].hwdst) == (OTHER, 2, OTHER)
    gratuitous = Ether(frames.gratuitous_reply(MAC, IP))[ARP]
    assert (gratuitous.op, gratuitous.psrc, gratuitous.pdst) == (2, IP, IP)
    foreign = Ether(frames.arp(MAC, IP, source=OTHER))
    assert (foreign.src, foreign[ARP].hwsrc) == (OTHER, MAC)


def test_tags_are_put_before_the_packet() -> None:
    plain = frames.request(MAC, IP, "192.0.2.1")
    assert frames.tagged(plain, 7) == plain[:12] + bytes.fromhex("81000007") + plain[12:]
    double = frames.qinq(plain, 100, 7)
    assert double == plain[:12] + bytes.fromhex("88a80064 81000007") + plain[12:]


@pytest.mark.parametrize("nano", [False, True])
def test_a_capture_file_holds_times_and_frames(tmp_path: Path, nano: bool) -> None:
    frame = frames.announcement(MAC, IP)
    path = frames.write_pcap(tmp_path / "x.pcap", [(1.5, frame), (1e9, frame)], nano=nano)
    read = rdpcap(str(path))
    assert [float(packet.time) for packet in read] == [1.5, 1e9]
    assert [bytes(packet) for packet in read] == [frame, frame]


@pytest.mark.root
def test_frames_arrive_as_they_were_sent() -> None:
    sent = [frames.announcement(MAC, IP), frames.tagged(frames.probe(MAC, IP), 7)]
    with Namespace() as one, Namespace() as two:
        veth(one, "eth0", two, "eth0")
        with two.entered():
            wire = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x0806))
        with wire:
            wire.settimeout(5)
            assert frames.send(one, "eth0", sent) == 2
            assert wire.recv(2048) == sent[0]
            untagged = sent[1][:12] + sent[1][16:]
            assert wire.recv(2048) == untagged

"""The same decoding once more, a frame at a time and without numpy: what the batches must equal."""

from __future__ import annotations

from struct import unpack
from typing import NamedTuple

from l2exporter.dissect.frames import SNAPLEN, UNTAGGED

TAGS = (0x8100, 0x88A8, 0x9100)


class Packet(NamedTuple):
    type: str
    vlan: int
    sender_ip: int
    sender_mac: int
    source: int


class Fault(NamedTuple):
    protocol: str
    reason: str


def decode(frame: bytes, tci: int = UNTAGGED) -> Packet | Fault | None:
    """A frame's ARP packet, what is wrong with it, or None for a frame of another protocol."""
    frame = frame[:SNAPLEN]
    tags = [] if tci == UNTAGGED else [tci]
    for taken in range(4):
        if len(frame) < 14:
            return Fault("ethernet", "truncated")
        ethertype = int.from_bytes(frame[12:14], "big")
        if ethertype not in TAGS:
            break
        if len(frame) < 18:
            return Fault("ethernet", "truncated")
        if taken == 3:
            return Fault("ethernet", "too_many_tags")
        tags.append(int.from_bytes(frame[14:16], "big"))
        frame = frame[:12] + frame[16:]
    if ethertype != 0x0806:
        return None
    vlan = next((tag & 0xFFF for tag in tags if tag & 0xFFF), 0)
    return _arp(frame[6:12], frame[14:], vlan)


def _arp(source: bytes, packet: bytes, vlan: int) -> Packet | Fault:
    reason = _fault(packet)
    if reason:
        return Fault("arp", reason)
    operation, sender_mac, sender_ip, target_ip = unpack(">6xH6s4s6x4s", packet[:28])
    return Packet(
        _type(operation, sender_ip, target_ip),
        vlan,
        int.from_bytes(sender_ip, "big"),
        int.from_bytes(sender_mac, "big"),
        int.from_bytes(source, "big"),
    )


def _fault(packet: bytes) -> str | None:
    if len(packet) < 8:
        return "truncated"
    hardware, protocol, hardware_length, protocol_length = unpack(">HHBB", packet[:6])
    sender = packet[8:14]
    for wrong, reason in (
        (hardware not in {1, 6}, "hardware_type"),
        (protocol != 0x0800, "protocol_type"),
        (hardware_length != 6, "hardware_length"),
        (protocol_length != 4, "protocol_length"),
        (len(packet) < 28, "truncated"),
        (sender == bytes(6), "zero_sender"),
        (sender == b"\xff" * 6, "broadcast_sender"),
    ):
        if wrong:
            return reason
    return None


def _type(operation: int, sender_ip: bytes, target_ip: bytes) -> str:
    if operation == 1 and sender_ip == bytes(4):
        return "probe"
    if operation in {1, 2} and sender_ip == target_ip:
        return "announcement" if operation == 1 else "gratuitous_reply"
    return {1: "request", 2: "reply"}.get(operation, "other")

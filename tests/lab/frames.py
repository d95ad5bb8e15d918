"""Building ARP frames as bytes, sending them, and writing them to capture files."""

from __future__ import annotations

import socket
import struct
from collections.abc import Iterable
from pathlib import Path

from scapy.layers.l2 import ARP, Dot1Q, Ether

from tests.lab.namespace import Namespace

BROADCAST = "ff:ff:ff:ff:ff:ff"
ZERO = "00:00:00:00:00:00"
REQUEST, REPLY = 1, 2
DOT1Q, QINQ = 0x8100, 0x88A8


def arp(
    mac: str,
    ip: str,
    *,
    operation: int = REQUEST,
    target: str = "192.0.2.254",
    target_mac: str = ZERO,
    to: str = BROADCAST,
    source: str | None = None,
) -> bytes:
    """An Ethernet frame with an ARP packet (RFC 826), 42 bytes.

    `mac`, `ip` are the sender fields, `target_mac`, `target` the target fields; the frame goes
    to `to` and comes from `source`, which is `mac` unless told otherwise.
    """
    ether = Ether(src=source or mac, dst=to)
    return bytes(ether / ARP(op=operation, hwsrc=mac, psrc=ip, hwdst=target_mac, pdst=target))


def request(mac: str, ip: str, target: str) -> bytes:
    """`mac` at `ip` asks everyone for `target`."""
    return arp(mac, ip, target=target)


def reply(mac: str, ip: str, to_mac: str, to_ip: str) -> bytes:
    """`mac` tells `to_mac` alone that it has `ip`."""
    return arp(mac, ip, operation=REPLY, target=to_ip, target_mac=to_mac, to=to_mac)


def announcement(mac: str, ip: str) -> bytes:
    """A gratuitous request: sender and target address are the same (RFC 5227, section 2.3)."""
    return arp(mac, ip, target=ip)


def gratuitous_reply(mac: str, ip: str) -> bytes:
    """A broadcast reply with sender and target the same."""
    return arp(mac, ip, operation=REPLY, target=ip, target_mac=BROADCAST)


def probe(mac: str, target: str) -> bytes:
    """A request from 0.0.0.0 (RFC 5227, section 2.1.1): binds nothing."""
    return arp(mac, "0.0.0.0", target=target)


def tagged(frame: bytes, *vids: int, outer: int = DOT1Q) -> bytes:
    """`frame` with 802.1Q tags, outermost first; `outer` is the first tag's type."""
    ether = Ether(frame)
    inner, kind = ether.payload, ether.type
    stack = Ether(src=ether.src, dst=ether.dst, type=outer)
    for place, vid in enumerate(vids, start=1):
        stack /= Dot1Q(vlan=vid, type=kind if place == len(vids) else DOT1Q)
    return bytes(stack / inner)


def qinq(frame: bytes, outer: int, inner: int) -> bytes:
    """`frame` with a service tag (802.1ad, 0x88a8) around a customer tag."""
    return tagged(frame, outer, inner, outer=QINQ)


def send(namespace: Namespace, device: str, frames: Iterable[bytes]) -> int:
    """Put the frames on the wire as they are; how many there were."""
    with namespace.entered():
        wire = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
    with wire:
        wire.bind((device, 0))
        return sum(1 for frame in frames if wire.send(frame))


def write_pcap(path: Path, records: Iterable[tuple[float, bytes]], *, nano: bool = False) -> Path:
    """Write (seconds since the epoch, frame) pairs as a pcap file of link type Ethernet."""
    scale = 10**9 if nano else 10**6
    with path.open("wb") as out:
        magic = 0xA1B23C4D if nano else 0xA1B2C3D4
        out.write(struct.pack("<IHHiIII", magic, 2, 4, 0, 0, 0x40000, 1))
        for time, frame in records:
            seconds, part = divmod(round(time * scale), scale)
            out.write(struct.pack("<IIII", seconds, part, len(frame), len(frame)) + frame)
    return path

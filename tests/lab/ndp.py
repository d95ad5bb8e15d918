"""Building neighbour discovery frames as bytes (RFC 4861, 4)."""

from __future__ import annotations

from ipaddress import IPv6Address

from scapy.layers.inet6 import (
    ICMPv6ND_NA,
    ICMPv6ND_NS,
    ICMPv6ND_RA,
    ICMPv6ND_Redirect,
    ICMPv6ND_RS,
    ICMPv6NDOptDstLLAddr,
    ICMPv6NDOptSrcLLAddr,
    IPv6,
)
from scapy.layers.l2 import Ether
from scapy.packet import Packet

ALL_NODES, ALL_ROUTERS, NOBODY = "ff02::1", "ff02::2", "::"


def solicited_node(target: str) -> str:
    """The group that whoever has `target` listens to (RFC 4291, 2.7.1)."""
    return str(
        IPv6Address(0xFF02_0000_0000_0000_0000_0001_FF00_0000 | int(IPv6Address(target)) & 0xFFFFFF)
    )


def frame(body: Packet, *, mac: str, source: str, to: str, hops: int = 255) -> bytes:
    """An ICMPv6 message from `source` to `to`, in a frame from `mac`; the checksum is right."""
    there = "33:33:" + IPv6Address(to).packed[-4:].hex(":")
    return bytes(Ether(src=mac, dst=there) / IPv6(src=source, dst=to, hlim=hops) / body)


def solicitation(mac: str, source: str, target: str) -> bytes:
    """`mac` at `source` asks who has `target`."""
    body = ICMPv6ND_NS(tgt=target) / ICMPv6NDOptSrcLLAddr(lladdr=mac)
    return frame(body, mac=mac, source=source, to=solicited_node(target))


def detection(mac: str, target: str) -> bytes:
    """Duplicate address detection: binds nothing (RFC 4862, 5.4.2)."""
    return frame(ICMPv6ND_NS(tgt=target), mac=mac, source=NOBODY, to=solicited_node(target))


def announcement(mac: str, ip: str, *, override: bool = True, source: str | None = None) -> bytes:
    """`ip` tells all nodes its MAC, unasked; the frame comes from `source`, if not from `mac`."""
    body = ICMPv6ND_NA(tgt=ip, R=0, S=0, O=int(override)) / ICMPv6NDOptDstLLAddr(lladdr=mac)
    return frame(body, mac=source or mac, source=ip, to=ALL_NODES)


def answer(mac: str, ip: str, to: str, *, override: bool = True) -> bytes:
    """`ip` answers `to`'s solicitation."""
    body = ICMPv6ND_NA(tgt=ip, R=0, S=1, O=int(override)) / ICMPv6NDOptDstLLAddr(lladdr=mac)
    return frame(body, mac=mac, source=ip, to=to)


def router_solicitation(mac: str, source: str) -> bytes:
    body = ICMPv6ND_RS() / ICMPv6NDOptSrcLLAddr(lladdr=mac)
    return frame(body, mac=mac, source=source, to=ALL_ROUTERS)


def router_advertisement(mac: str, source: str) -> bytes:
    body = ICMPv6ND_RA() / ICMPv6NDOptSrcLLAddr(lladdr=mac)
    return frame(body, mac=mac, source=source, to=ALL_NODES)


def redirect(mac: str, source: str, to: str, *, target: str, destination: str) -> bytes:
    """A router tells `to` that the way to `destination` is by way of `target`."""
    body = ICMPv6ND_Redirect(tgt=target, dst=destination)
    return frame(body, mac=mac, source=source, to=to)

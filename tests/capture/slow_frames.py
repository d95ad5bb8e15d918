"""Frames of each protocol that the slow lane takes, and of some that it leaves, by scapy."""

from __future__ import annotations

from typing import Final

from scapy.layers.dhcp import BOOTP, DHCP
from scapy.layers.dns import DNS, DNSQR, DNSRR, DNSRROPT
from scapy.layers.hsrp import HSRP
from scapy.layers.inet import ICMP, IP, TCP, UDP
from scapy.layers.inet6 import (
    ICMPv6EchoRequest,
    ICMPv6ND_NA,
    ICMPv6ND_NS,
    ICMPv6ND_RA,
    ICMPv6ND_Redirect,
    ICMPv6ND_RS,
    IPv6,
    IPv6ExtHdrHopByHop,
)
from scapy.layers.l2 import Ether
from scapy.layers.vrrp import VRRP
from scapy.packet import Packet, Raw

MAC, BROADCAST = "02:00:00:00:0a:01", "ff:ff:ff:ff:ff:ff"
MAGIC = b"\xff" * 6 + bytes.fromhex("020000000a02") * 16

# Without a destination scapy would ask for it on this machine's wire.
_ETHER = Ether(src=MAC, dst="02:00:00:00:0a:02")
_V4 = _ETHER / IP(src="192.0.2.1", dst="192.0.2.2")
_V6 = _ETHER / IPv6(src="fe80::1", dst="fe80::2", hlim=255)
_OPTIONS = _ETHER / IP(src="192.0.2.1", dst="192.0.2.2", options=b"\x94\x04\0\0")


def _answer(qr: int = 1) -> DNS:
    record = DNSRR(rrname="mac.local", type="A", rdata="192.0.2.1")
    return DNS(qd=[], an=[record], rd=0, qr=qr, aa=qr)


def _update(zones: int = 0, qr: int = 0, rcode: int = 0) -> DNS:
    record = DNSRR(rrname="1.2.0.192.in-addr.arpa", type="PTR", rdata="mac.local")
    zone = [DNSQR(qname=".", qtype="SOA")] * zones
    return DNS(opcode=5, qd=zone, ns=[record], ar=[DNSRROPT()], rd=0, qr=qr, rcode=rcode)


def _udp(source: int, destination: int) -> UDP:
    return UDP(sport=source, dport=destination)


TAKEN: Final[dict[str, Packet]] = {
    "mdns": _V4 / _udp(5353, 5353) / _answer(),
    "mdns, legacy": _V4 / _udp(40000, 5353) / _answer(qr=0),
    "mdns, to a legacy asker": _V4 / _udp(5353, 40000) / _answer(),
    "mdns, IPv6": _V6 / _udp(5353, 5353) / _answer(),
    "mdns behind IP options": _OPTIONS / _udp(5353, 5353) / _answer(),
    "update": _V4 / _udp(40000, 50000) / _update(),
    "update of the root": _V6 / _udp(40000, 50000) / _update(zones=1),
    "update granted": _V4 / _udp(50000, 40000) / _update(qr=1),
    "update refused": _V6 / _udp(50000, 40000) / _update(qr=1, rcode=5),
    "update behind IP options": _OPTIONS / _udp(40000, 50000) / _update(),
    "dhcp request": _V4 / _udp(68, 67) / BOOTP(op=1) / DHCP(options=[("message-type", 3), "end"]),
    "dhcp ack": _V4 / _udp(67, 68) / BOOTP(op=2) / DHCP(options=[("message-type", 5), "end"]),
    "dhcp relayed": _V4 / _udp(67, 40000) / BOOTP(op=2),
    "wake-on-lan": Ether(src=MAC, dst=BROADCAST, type=0x0842) / Raw(MAGIC),
    "wake-on-lan, port 9": _V4 / _udp(40000, 9) / Raw(MAGIC),
    "wake-on-lan, port 7": _V6 / _udp(40000, 7) / Raw(MAGIC),
    "vrrp": _ETHER
    / IP(src="192.0.2.1", dst="224.0.0.18", proto=112)
    / VRRP(addrlist=["192.0.2.3"]),
    "vrrp, IPv6": _ETHER / IPv6(src="fe80::1", dst="ff02::12", nh=112) / Raw(bytes(24)),
    "carp": _ETHER
    / IP(src="192.0.2.1", dst="224.0.0.18", proto=112)
    / Raw(b"\x21\1\0\7" + bytes(32)),
    "hsrp": _V4 / _udp(1985, 1985) / HSRP(virtualIP="192.0.2.3"),
    "hsrp, IPv6": _V6 / _udp(2029, 2029) / Raw(bytes(42)),
    "router advertisement": _V6 / ICMPv6ND_RA(),
}

LEFT: Final[dict[str, Packet]] = {
    "tcp": _V4 / TCP(sport=5353, dport=5353),
    "tcp, IPv6": _V6 / TCP(sport=67, dport=68),
    "icmp": _V4 / ICMP(),
    "dns question": _V4 / _udp(40000, 53) / DNS(qd=[DNSQR(qname="example.com")]),
    "dns answer": _V4 / _udp(53, 40000) / _answer(),
    "update of two zones": _V4 / _udp(40000, 50000) / _update(zones=2),
    "discard": _V4 / _udp(40000, 9) / Raw(bytes(60)),
    "magic packet to another port": _V4 / _udp(40000, 10) / Raw(MAGIC),
    "to hsrp's port from another's": _V4 / _udp(1985, 40000) / Raw(bytes(20)),
    "later fragment": _ETHER
    / IP(src="192.0.2.1", dst="192.0.2.2", frag=1, proto=17)
    / _udp(5353, 5353)
    / _answer(),
    "extension header": _ETHER
    / IPv6(src="fe80::1", dst="fe80::2")
    / IPv6ExtHdrHopByHop()
    / _udp(5353, 5353)
    / _answer(),
    "echo request": _V6 / ICMPv6EchoRequest(),
    "neighbour solicitation": _V6 / ICMPv6ND_NS(tgt="fe80::2"),
    "other ethertype": Ether(src=MAC, dst=BROADCAST, type=0x88CC) / Raw(bytes(60)),
}

DISCOVERY: Final[dict[str, Packet]] = {
    "router solicitation": _V6 / ICMPv6ND_RS(),
    "router advertisement": _V6 / ICMPv6ND_RA(),
    "neighbour solicitation": _V6 / ICMPv6ND_NS(tgt="fe80::2"),
    "neighbour advertisement": _V6 / ICMPv6ND_NA(tgt="fe80::1"),
    "redirect": _V6 / ICMPv6ND_Redirect(tgt="fe80::3", dst="fe80::4"),
}

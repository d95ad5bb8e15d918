"""Whole frames of the slow lane: built by scapy, and some that real daemons have sent."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from scapy.layers.dhcp import BOOTP, DHCP
from scapy.layers.hsrp import HSRP, HSRPv2, HSRPv2TextAuth
from scapy.layers.inet import IP, UDP
from scapy.layers.inet6 import (
    ICMPv6ND_RA,
    ICMPv6NDOptMTU,
    ICMPv6NDOptPrefixInfo,
    ICMPv6NDOptRDNSS,
    ICMPv6NDOptSrcLLAddr,
    IPv6,
)
from scapy.layers.l2 import Ether
from scapy.layers.vrrp import VRRP, VRRPv3
from scapy.packet import Packet, Raw

from l2exporter.dissect.datagrams import Datagram, decode
from tests.dissect.scapy_carp import CARP

MAC, PEER = "02:00:00:00:00:01", "02:00:00:00:00:02"
ONE, TWO = "192.0.2.1", "192.0.2.2"
LINK_LOCAL, ALL_NODES = "fe80::1", "ff02::1"
ROUTERS_1, ROUTERS_2, ROUTERS_6 = "224.0.0.2", "224.0.0.102", "ff02::66"

KEEPALIVED_2 = bytes.fromhex(
    "01005e000012020000000001080045c0002c00010000ff70188dc0000201e000001221339602"
    "01015580c0000264c00002657365637265743132"
)
"""keepalived 2.2.7, version 2 with a password, two addresses."""
KEEPALIVED_2_ENDS = bytes.fromhex(
    "01005e000012020000000001080045c0002c00060000ff701888c0000201e000001221330002"
    "0101eb80c0000264c00002657365637265743132"
)
KEEPALIVED_3 = bytes.fromhex(
    "01005e000012020000000001080045c0002400010000ff701895c0000201e000001231349602"
    "00641106c0000264c0000265"
)
KEEPALIVED_3_IPV6 = bytes.fromhex(
    "33330000001202000000000186dd6c0a4fa2002870fffe80000000000000000000fffe000001"
    "ff02000000000000000000000000001231359602"
    "00640d9cfe8000000000000000000000005e000120010db8000000000000000000000100"
)

DNSMASQ_ACK = (
    bytes.fromhex(
        "020000000002020000000001080045c00148481600004011ac95c0000201c0000238"
        "004300440134857f"
        "02010600000000070000000000000000c0000238c000020100000000020000000002"
    )
    + bytes(202)
    + bytes.fromhex(
        "638253633501053604c0000201330400000e103a04000007083b0400000c4e"
        "0104ffffff001c04c00002ff0304c00002010604c0000235ff0000000000000000"
    )
)
"""dnsmasq 2.90 gives 192.0.2.56 to 02:00:00:00:00:02 for an hour."""
DNSMASQ_ADVERTISEMENT = bytes.fromhex(
    "33330000000102000000000186dd6c01813100583afffe80000000000000000000fffe000001"
    "ff02000000000000000000000000000186006f69400007080000000000000000"
    "030440c0ffffffffffffffff0000000020010db8000500000000000000000000"
    "05010000000005dc0101020000000001"
    "19030000ffffffff20010db8000500000000000000000053"
)


def datagram(frame: bytes | Packet) -> Datagram:
    """The frame with its headers read."""
    return decode(bytes(frame))


def altered(frame: bytes, offset: int, *values: int) -> bytes:
    """The frame with bytes changed from `offset` on; negative counts from its end."""
    offset %= len(frame)
    return frame[:offset] + bytes(values) + frame[offset + len(values) :]


def ether(**fields: Any) -> Packet:
    return Ether(**{"src": MAC, "dst": "ff:ff:ff:ff:ff:ff", **fields})


def udp(payload: bytes | Packet, destination: int, *, source: int = 40000, to: str = TWO) -> bytes:
    """A UDP datagram over IPv4 or IPv6, whichever `to` is of."""
    header = IPv6(src=LINK_LOCAL, dst=to) if ":" in to else IP(src=ONE, dst=to)
    load = Raw(payload) if isinstance(payload, bytes) else payload
    return bytes(ether() / header / UDP(sport=source, dport=destination) / load)


def dhcp(
    *options: object, operation: int = 1, file: bytes = b"", sname: bytes = b"", **fields: Any
) -> bytes:
    """A DHCP message; options as scapy names them, `end` is added."""
    chaddr = bytes.fromhex(MAC.replace(":", ""))
    header = BOOTP(op=operation, chaddr=chaddr, xid=7, file=file, sname=sname, **fields)
    ports = (68, 67) if operation == 1 else (67, 68)
    packet = header / DHCP(options=[*options, "end"])
    return udp(packet, ports[1], source=ports[0], to="255.255.255.255")


def magic(target: str = MAC, *, behind: bytes = b"") -> bytes:
    """What wakes up `target`, without headers."""
    return b"\xff" * 6 + bytes.fromhex(target.replace(":", "")) * 16 + behind


def wake(target: str = MAC, *, behind: bytes = b"") -> bytes:
    """A frame of ethertype 0x0842."""
    return bytes(ether(type=0x0842) / Raw(magic(target, behind=behind)))


def vrrp2(addresses: Iterable[str] = (TWO,), **fields: Any) -> bytes:
    header = IP(src=ONE, dst="224.0.0.18", ttl=255, proto=112)
    return bytes(ether(dst="01:00:5e:00:00:12") / header / VRRP(addrlist=[*addresses], **fields))


def vrrp3(addresses: Iterable[str] = (TWO,), **fields: Any) -> bytes:
    header = IP(src=ONE, dst="224.0.0.18", ttl=255, proto=112)
    return bytes(ether(dst="01:00:5e:00:00:12") / header / VRRPv3(addrlist=[*addresses], **fields))


def vrrp6(addresses: Iterable[str] = ("fe80::2",), **fields: Any) -> bytes:
    header = IPv6(src=LINK_LOCAL, dst="ff02::12", hlim=255, nh=112)
    return bytes(ether(dst="33:33:00:00:00:12") / header / VRRPv3(addrlist=[*addresses], **fields))


def carp(**fields: Any) -> bytes:
    """An advertisement as OpenBSD sends it."""
    header = IP(src=ONE, dst="224.0.0.18", ttl=255, proto=112)
    told = {"version": 2, "type": 1, "authlen": 7, "advbase": 1, "counter2": 9, "hmac1": 77}
    source = "00:00:5e:00:01:01"
    return bytes(ether(src=source, dst="01:00:5e:00:00:12") / header / CARP(**told | fields))


def hsrp1(to: str = ROUTERS_1, **fields: Any) -> bytes:
    return udp(HSRP(**{"virtualIP": TWO, **fields}), 1985, source=1985, to=to)


def hsrp2(to: str = ROUTERS_2, *, text: bool = False, **fields: Any) -> bytes:
    port = 2029 if ":" in to else 1985
    told: dict[str, Any] = {
        "virtualIP": "fe80::2" if ":" in to else TWO,
        "state": 6,
        "identifier": MAC,
    }
    packet = HSRPv2(**told | fields)
    return udp(packet / HSRPv2TextAuth() if text else packet, port, source=port, to=to)


def advertisement(*options: Packet, source: str = LINK_LOCAL, **fields: Any) -> bytes:
    """A router advertisement with these options in it."""
    packet = ether(dst="33:33:00:00:00:01") / IPv6(src=source, dst=ALL_NODES, hlim=255)
    packet /= ICMPv6ND_RA(**fields)
    for option in options:
        packet /= option
    return bytes(packet)


OFFER = dhcp(
    ("message-type", "offer"),
    ("server_id", TWO),
    ("lease_time", 7200),
    ("router", TWO, ONE),
    ("name_server", TWO),
    operation=2,
    yiaddr="192.0.2.77",
)
REQUEST = dhcp(
    ("message-type", "request"),
    ("client_id", b"\x01" + bytes.fromhex(MAC.replace(":", ""))),
    ("requested_addr", "192.0.2.77"),
    ("hostname", b"mac-mini"),
)
FULL_ADVERTISEMENT = advertisement(
    ICMPv6NDOptSrcLLAddr(lladdr=MAC),
    ICMPv6NDOptMTU(mtu=1500),
    ICMPv6NDOptPrefixInfo(prefix="2001:db8:1::", prefixlen=64),
    ICMPv6NDOptRDNSS(dns=["2001:db8::53", "fe80::53"], len=5),
    routerlifetime=1800,
    M=1,
    prf=1,
)

SAMPLES: dict[str, tuple[bytes, ...]] = {
    "dhcp": (OFFER, REQUEST, DNSMASQ_ACK, udp(BOOTP(chaddr=b"\2\0\0\0\0\1"), 67, source=68)),
    "wake_on_lan": (wake(), wake(behind=b"secret"), udp(magic(), 9), udp(magic(), 7)),
    "vrrp": (
        vrrp2(),
        vrrp3((ONE, TWO)),
        vrrp6(),
        KEEPALIVED_2,
        KEEPALIVED_2_ENDS,
        KEEPALIVED_3,
        KEEPALIVED_3_IPV6,
    ),
    "carp": (carp(), carp(advbase=255, advskew=255)),
    "hsrp": (hsrp1(), hsrp1(opcode=3), hsrp2(), hsrp2(text=True), hsrp2(ROUTERS_6)),
    "router_advertisement": (FULL_ADVERTISEMENT, advertisement(), DNSMASQ_ADVERTISEMENT),
}
"""Well-formed frames by their protocol."""

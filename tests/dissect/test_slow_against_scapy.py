"""Packets of the slow lane that scapy builds and reads: our fields are its fields."""

from __future__ import annotations

from ipaddress import IPv6Network, ip_address
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from scapy.layers.dhcp import BOOTP, DHCP
from scapy.layers.hsrp import HSRP, HSRPv2
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
from scapy.packet import Packet

from l2exporter.dissect import dhcp, router_advertisement, slow
from l2exporter.dissect.datagrams import decode
from l2exporter.dissect.dhcp import Dhcp
from l2exporter.dissect.router_advertisement import RouterAdvertisement
from l2exporter.dissect.virtual_router import VirtualRouterAdvert
from tests.dissect import packets
from tests.dissect.packets import ROUTERS_2, ROUTERS_6
from tests.dissect.scapy_carp import CARP

bytes_ = st.integers(0, 255)
words = st.integers(0, 0xFFFFFFFF)
ips = st.ip_addresses(v=4).map(str)
ips6 = st.ip_addresses(v=6).map(str)
macs = st.binary(min_size=6, max_size=6).map(lambda raw: raw.hex(":"))


def some(addresses: st.SearchStrategy[str]) -> st.SearchStrategy[list[str]]:
    return st.lists(addresses, min_size=1, max_size=9)


def message(frame: bytes) -> Any:
    """What our dissector of the frame's protocol says."""
    found = decode(frame)
    protocol = slow.protocol_of(found)
    assert protocol is not None
    return slow.dissect(protocol, found)


def reread(frame: bytes, kind: type[Packet]) -> Any:
    """The frame's innermost bytes as scapy reads them."""
    return kind(decode(frame).payload)


def known(*texts: str) -> tuple[Any, ...]:
    return tuple(map(ip_address, texts))


def or_none(text: str | None) -> Any:
    return None if text in {None, "0.0.0.0"} else ip_address(str(text))


@st.composite
def dhcp_options(draw: st.DrawFn) -> list[tuple[Any, ...]]:
    """Options in any order, each at most once, pads and foreign ones between."""
    possible = [
        ("requested_addr", draw(ips)),
        ("server_id", draw(ips)),
        ("lease_time", draw(words)),
        ("router", *draw(some(ips))),
        ("name_server", *draw(some(ips))),
        ("hostname", draw(st.binary(min_size=1, max_size=60))),
        ("client_id", draw(st.binary(min_size=1, max_size=60))),
        ("subnet_mask", "255.255.255.0"),
        ("vendor_class_id", b"MSFT 5.0"),
    ]
    return draw(st.permutations(draw(st.lists(st.sampled_from(possible), unique=True))))


@given(st.sampled_from(dhcp.TYPES), dhcp_options(), ips, ips, words, macs)
def test_dhcp(kind: str, options: Any, ciaddr: str, yiaddr: str, xid: int, mac: str) -> None:
    operation = 2 if kind in {"offer", "ack", "nak"} else 1
    number = dhcp.TYPES.index(kind) + 1
    header = BOOTP(
        op=operation,
        ciaddr=ciaddr,
        yiaddr=yiaddr,
        xid=xid,
        chaddr=bytes.fromhex(mac.replace(":", "")),
    )
    packet = header / DHCP(options=[("message-type", number), *options, "end"])
    frame = packets.udp(packet, 67, source=68)
    read, found = reread(frame, BOOTP), message(frame)
    told = {name: rest for name, *rest in (o for o in read[DHCP].options if isinstance(o, tuple))}
    assert isinstance(found, Dhcp)
    assert dhcp.TYPES[told["message-type"][0] - 1] == found.type == kind
    assert (found.xid, found.client_mac.to_bytes(6)) == (read.xid, read.chaddr[:6])
    assert (found.client_ip, found.your_ip) == (or_none(read.ciaddr), or_none(read.yiaddr))
    assert found.requested_ip == or_none(*told.get("requested_addr", [None]))
    assert found.server_id == or_none(*told.get("server_id", [None]))
    assert found.lease == told.get("lease_time", [None])[0]
    assert found.routers == known(*told.get("router", []))
    assert found.dns_servers == known(*told.get("name_server", []))
    assert found.client_id == told.get("client_id", [b""])[0]


@given(st.lists(ips, max_size=9), bytes_, bytes_, st.integers(0, 0xFFFFFFFF))
def test_vrrp_2(addresses: list[str], vrid: int, priority: int, password: int) -> None:
    frame = packets.vrrp2(addresses, vrid=vrid, priority=priority, authtype=1, auth1=password)
    read = reread(frame, VRRP)
    assert message(frame) == VirtualRouterAdvert(
        protocol="vrrp",
        version=read.version,
        group=read.vrid,
        priority=read.priority,
        active=read.priority > 0,
        addresses=known(*read.addrlist),
        mac=0x00005E000100 + read.vrid,
    )


@given(some(ips) | some(ips6), bytes_, bytes_)
def test_vrrp_3(addresses: list[str], vrid: int, priority: int) -> None:
    is_ipv6 = any(":" in address for address in addresses)
    build = packets.vrrp6 if is_ipv6 else packets.vrrp3
    frame = build(addresses, vrid=vrid, priority=priority)
    read = Ether(frame)[IPv6 if is_ipv6 else IP].payload
    assert isinstance(read, VRRPv3)
    assert message(frame) == VirtualRouterAdvert(
        protocol="vrrp",
        version=3,
        group=read.vrid,
        priority=read.priority,
        active=read.priority > 0,
        addresses=known(*read.addrlist),
        mac=(0x00005E000200 if is_ipv6 else 0x00005E000100) + read.vrid,
    )


@given(bytes_, bytes_, bytes_, words)
def test_carp(vhid: int, skew: int, base: int, digest: int) -> None:
    frame = packets.carp(vhid=vhid, advskew=skew, advbase=base, hmac5=digest)
    read = reread(frame, CARP)
    assert message(frame) == VirtualRouterAdvert(
        protocol="carp",
        version=read.version,
        group=read.vhid,
        priority=255 - read.advskew,
        active=(read.advskew, read.advbase) != (255, 255),
        addresses=(),
        mac=0x00005E000100 + read.vhid,
    )


@given(st.sampled_from([0, 1, 2, 4, 8, 16]), st.integers(0, 2), bytes_, bytes_, ips)
def test_hsrp_1(state: int, operation: int, group: int, priority: int, address: str) -> None:
    frame = packets.hsrp1(
        state=state, opcode=operation, group=group, priority=priority, virtualIP=address
    )
    read = reread(frame, HSRP)
    assert message(frame) == VirtualRouterAdvert(
        protocol="hsrp",
        version=1,
        group=read.group,
        priority=read.priority,
        active=read.state == 16 and read.opcode != 2,
        addresses=known(*{read.virtualIP} - {"0.0.0.0"}),
        mac=0x00000C07AC00 + read.group,
    )


@given(st.integers(0, 6), st.integers(0, 2), st.integers(0, 0xFFF), words, ips | ips6)
def test_hsrp_2(state: int, operation: int, group: int, priority: int, address: str) -> None:
    is_ipv6 = ":" in address
    fields: dict[str, Any] = {
        "state": state,
        "opcode": operation,
        "group": group,
        "priority": priority,
    }
    to = ROUTERS_6 if is_ipv6 else ROUTERS_2
    frame = packets.hsrp2(to, virtualIP=address, **fields)
    read = reread(frame, HSRPv2)
    assert message(frame) == VirtualRouterAdvert(
        protocol="hsrp",
        version=2,
        group=read.group,
        priority=read.priority,
        active=read.state == 6 and read.opcode != 2,
        addresses=known(*{read.virtualIP} - {"0.0.0.0", "::"}),
        mac=(0x000573A00000 if is_ipv6 else 0x00000C9FF000) + read.group,
    )


prefixes = st.builds(
    ICMPv6NDOptPrefixInfo, prefix=ips6, prefixlen=st.integers(0, 128), validlifetime=words
)
servers = st.lists(ips6, min_size=1, max_size=4).map(
    lambda dns: ICMPv6NDOptRDNSS(dns=dns, len=2 * len(dns) + 1)
)
options6 = st.lists(
    prefixes
    | servers
    | st.builds(ICMPv6NDOptSrcLLAddr, lladdr=macs)
    | st.builds(ICMPv6NDOptMTU, mtu=words),
    max_size=5,
)


@given(options6, st.integers(0, 65535), st.booleans(), st.booleans(), st.integers(0, 3))
def test_router_advertisements(
    options: list[Packet], lifetime: int, managed: bool, other: bool, preference: int
) -> None:
    frame = packets.advertisement(
        *options, routerlifetime=lifetime, M=int(managed), O=int(other), prf=preference
    )
    read = Ether(frame)[ICMPv6ND_RA]
    layers = [*read.iterpayloads()]
    told = [layer for layer in layers if isinstance(layer, ICMPv6NDOptPrefixInfo)]
    mac = [layer.lladdr for layer in layers if isinstance(layer, ICMPv6NDOptSrcLLAddr)]
    dns = [ip for layer in layers if isinstance(layer, ICMPv6NDOptRDNSS) for ip in layer.dns]
    assert message(frame) == RouterAdvertisement(
        source=ip_address(Ether(frame)[IPv6].src),  # type: ignore[arg-type]
        mac=int(mac[-1].replace(":", ""), 16) if mac else None,
        lifetime=read.routerlifetime,
        managed=bool(read.M),
        other=bool(read.O),
        preference=router_advertisement.PREFERENCES[read.prf],
        prefixes=tuple(IPv6Network((p.prefix, p.prefixlen), strict=False) for p in told),
        dns_servers=known(*dns),
    )


@given(st.binary(max_size=100), st.integers(0, 65535), st.integers(0, 65535), ips, ips, bytes_)
def test_headers(
    payload: bytes, source: int, destination: int, one: str, two: str, ttl: int
) -> None:
    header = Ether(src=packets.MAC, dst=packets.PEER) / IP(src=one, dst=two, ttl=ttl)
    frame = bytes(header / UDP(sport=source, dport=destination) / payload)
    found, read = decode(frame), Ether(frame)
    assert (found.source, found.destination) == known(read[IP].src, read[IP].dst)
    assert (found.source_port, found.destination_port) == (read[UDP].sport, read[UDP].dport)
    assert (found.protocol, found.ttl) == (read[IP].proto, read[IP].ttl)
    assert found.payload == bytes(read[UDP].payload) == payload

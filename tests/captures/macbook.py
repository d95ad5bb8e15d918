"""Frames of the MacBook that falls asleep, and of the proxy that holds its address.

Names and addresses as in the notes that `sleep_proxy` is made from; whatever they abbreviate is as
Apple's published mDNSResponder sends it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from scapy.layers.dhcp import BOOTP, DHCP
from scapy.layers.dns import DNSRR
from scapy.layers.inet import IP, TCP, UDP, IPOption_Router_Alert
from scapy.layers.inet6 import ICMPv6ND_NA, ICMPv6NDOptDstLLAddr, IPv6
from scapy.layers.l2 import Ether
from scapy.packet import Raw

from tests.dissect import dns_messages as dns
from tests.lab.frames import BROADCAST, arp

OWNER, PROXY, CLIENT = "00:16:cb:8b:8a:45", "00:25:4b:a7:ea:f6", "00:26:b9:e9:89:15"
OWNER_IP, PROXY_IP, CLIENT_IP = "192.70.106.117", "192.70.106.76", "192.70.106.104"
OWNER_IP6 = "2001:7a8:1155:0:216:cbff:fe8b:8a45"
OWNER_LOCAL = "fe80::216:cbff:fe8b:8a45"

HOST = "HSCs-MacBook-Pro-15.local"
COMPUTER = 'HSC\u2019s MacBook Pro 15"'
INSTANCE = "50-37-71-72 MBP XYZ"
SERVICES = ("_ssh", "_sftp-ssh")

REGISTRATION = 7
SEQUENCE = 1


def question() -> bytes:
    """The owner looks for a proxy."""
    return dns.multicast(dns.question(), OWNER, OWNER_IP)


def offer() -> bytes:
    """The proxy says that it is one."""
    payload = dns.offer(INSTANCE, "MBP-XYZ.local", PROXY_IP)
    return dns.multicast(payload, PROXY, PROXY_IP)


def last_words() -> bytes:
    """The owner's own records once more, as it falls asleep: the next 75 minutes they are kept."""
    records = _services()
    for ip in (OWNER_LOCAL, OWNER_IP, OWNER_IP6):
        records += [dns.address(HOST, ip, dns.TTL), dns.reverse(ip, HOST, dns.TTL)]
    return dns.multicast(dns.response(*records), OWNER, OWNER_IP)


def told_by_proxy(*ips: str) -> bytes:
    """The proxy says the same of the addresses that it is going to hold."""
    records = _services() + [dns.address(HOST, ip, dns.TTL) for ip in ips]
    return dns.multicast(dns.response(*records), PROXY, PROXY_IP)


def _services() -> list[Any]:
    """Each service as its own records, its kind and its name; and, once, the kind of machine."""
    device = dns.wire(COMPUTER, "_device-info", "_tcp", "local")
    first, *others = ([*_service(kind)] for kind in SERVICES)
    return [*first, _text(device, flush=0), *(record for other in others for record in other)]


def _service(kind: str) -> Iterator[Any]:
    service = f"{kind}._tcp.local"
    name = dns.wire(COMPUTER, *service.split("."))
    yield dns.service(name, HOST, 22, dns.TTL)
    yield _text(name, flush=1)
    yield dns.pointer("_services._dns-sd._udp.local", service, dns.TTL)
    yield dns.pointer(service, name, dns.TTL)


def _text(name: bytes, flush: int) -> Any:
    return DNSRR(rrname=name, type="TXT", cacheflush=flush, ttl=dns.TTL, rdata=[b""])


def registration(ips: Iterable[str]) -> bytes:
    """The owner asks the proxy to hold its addresses."""
    option = dns.owner(OWNER, SEQUENCE)
    payload = dns.registration(ips, option, HOST, REGISTRATION)
    ends = (OWNER, OWNER_IP, dns.MDNS_PORT), (PROXY, PROXY_IP, dns.PROXY_PORT)
    return dns.unicast(payload, *ends)


def accepted() -> bytes:
    """The proxy agrees, for two hours."""
    ends = (PROXY, PROXY_IP, dns.PROXY_PORT), (OWNER, OWNER_IP, dns.MDNS_PORT)
    return dns.unicast(dns.registration_reply(REGISTRATION), *ends)


def asleep(mac: str, ip: str) -> bytes:
    """The proxy asks a host alone whether it still has an address."""
    return arp(PROXY, "0.0.0.0", target=ip, to=mac)


def advert(mac: str) -> bytes:
    """A MAC takes the owner's IPv6 address, unasked: override, but not solicited."""
    header = Ether(src=mac, dst="33:33:00:00:00:01") / IPv6(src=OWNER_IP6, dst="ff02::1", hlim=255)
    told = ICMPv6ND_NA(R=0, S=0, O=1, tgt=OWNER_IP6) / ICMPv6NDOptDstLLAddr(lladdr=mac)
    return bytes(header / told)


def syn(to: str) -> bytes:
    """The client begins a connection, as it sends it to a MAC."""
    tcp = TCP(sport=33353, dport=22, flags="S", seq=4137326916)
    return bytes(Ether(src=CLIENT, dst=to) / IP(src=CLIENT_IP, dst=OWNER_IP) / tcp)


def syn_ack() -> bytes:
    """The owner, awake, takes the connection."""
    tcp = TCP(sport=22, dport=33353, flags="SA", seq=1107555458, ack=4137326917)
    return bytes(Ether(src=OWNER, dst=CLIENT) / IP(src=OWNER_IP, dst=CLIENT_IP) / tcp)


def magic_packet(sleeper: str) -> bytes:
    """The proxy wakes a host, with a password of zeros."""
    payload = b"\xff" * 6 + bytes.fromhex(sleeper.replace(":", "")) * 16 + bytes(6)
    return bytes(Ether(src=PROXY, dst=BROADCAST, type=0x0842) / Raw(payload))


def lease_request() -> bytes:
    """The owner asks for its lease again."""
    header = BOOTP(chaddr=bytes.fromhex(OWNER.replace(":", "")), xid=0x2550F3C9)
    options = [("message-type", "request"), ("requested_addr", OWNER_IP), "end"]
    ip = IP(src="0.0.0.0", dst="255.255.255.255")
    udp = UDP(sport=68, dport=67)
    return bytes(Ether(src=OWNER, dst=BROADCAST) / ip / udp / header / DHCP(options=options))


def leave() -> bytes:
    """The owner leaves the group of multicast DNS (IGMPv2, RFC 2236)."""
    message = bytes.fromhex("1700 0804 e000 00fb")
    ip = IP(src=OWNER_IP, dst="224.0.0.2", ttl=1, proto=2, options=[IPOption_Router_Alert()])
    return bytes(Ether(src=OWNER, dst="01:00:5e:00:00:02") / ip / Raw(message))

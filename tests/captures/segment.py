"""Five minutes of a segment on which much goes on: every metric of who holds an address has a part.

A router advertises itself and answers DHCP, a Mac falls asleep, is woken, and falls asleep again,
an IPv6 address moves, and somebody claims the router's and another address as well.
"""

from __future__ import annotations

from collections.abc import Iterator

from tests.dissect import dns_messages as dns
from tests.dissect.packets import DNSMASQ_ACK
from tests.lab import frames, ndp
from tests.lab.sleep_proxy import magic_packet

ROUTER, PROXY, MAC, SPOOFER = (f"02:00:00:00:00:0{n}" for n in "1245")
ROUTER_IP, PROXY_IP, MAC_IP, VICTIM_IP = (f"192.0.2.{n}" for n in (1, 76, 117, 20))
ROUTER_IP6, MOVING = "fe80::1", "2001:db8::7"
NAME = "Bobs-Mac.local"


def scene() -> Iterator[tuple[float, bytes]]:
    """The frames with their times, in seconds from the beginning."""
    yield 0.0, ndp.router_advertisement(ROUTER, ROUTER_IP6)
    yield 0.5, frames.announcement(ROUTER, ROUTER_IP)
    yield 0.6, frames.announcement(PROXY, PROXY_IP)
    yield 0.7, frames.announcement(SPOOFER, "192.0.2.66")
    yield 1.0, DNSMASQ_ACK  # names the router
    yield 1.5, ndp.announcement(MAC, MOVING)
    yield 2.0, _mdns(PROXY, PROXY_IP, dns.offer("50-37-71-72 Time Capsule", ip=PROXY_IP))
    yield 3.0, frames.request(MAC, MAC_IP, ROUTER_IP)
    yield from _falls_asleep(10.0)
    yield 70.0, magic_packet(PROXY, MAC)
    yield 72.0, frames.announcement(MAC, MAC_IP)
    option = dns.owner(MAC, 2)
    yield 72.1, _mdns(MAC, MAC_IP, dns.announcement(NAME, [MAC_IP], option=option))
    yield 80.0, frames.reply(SPOOFER, ROUTER_IP, MAC, MAC_IP)
    for second in range(82, 100, 2):
        yield float(second), frames.reply(SPOOFER, ROUTER_IP, MAC, MAC_IP)
        yield second + 0.5, frames.request(ROUTER, ROUTER_IP, PROXY_IP)
    yield 101.0, frames.reply(SPOOFER, ROUTER_IP, MAC, MAC_IP)
    yield 102.0, frames.reply(SPOOFER, VICTIM_IP, ROUTER, ROUTER_IP)
    yield 110.0, ndp.announcement(SPOOFER, MOVING)
    yield from _falls_asleep(200.0)
    yield 290.0, frames.request(ROUTER, ROUTER_IP, PROXY_IP)


def _falls_asleep(at: float) -> Iterator[tuple[float, bytes]]:
    for seconds in (1.0, 2.0):
        yield at + seconds, _mdns(PROXY, PROXY_IP, dns.announcement(NAME, [MAC_IP], dns.TTL))
    for seconds in (4.0, 5.0, 7.0, 11.0):
        yield at + seconds, frames.announcement(PROXY, MAC_IP)


def _mdns(mac: str, ip: str, payload: bytes) -> bytes:
    return dns.multicast(payload, mac, ip)

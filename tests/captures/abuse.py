"""Somebody registers the router's address with the sleep proxy, which takes it in good faith.

As another administrator feared in 2009: registrations carry no credentials. Made by hand, with the
proxy and the steps of the trace in `sleep_proxy`. The thief names its own MAC as the owner's, so
the proxy's probes do not reach the router; that asks for others every three seconds all the while.
"""

from __future__ import annotations

from collections.abc import Iterator

from tests.captures import macbook
from tests.captures.macbook import CLIENT, CLIENT_IP, PROXY, PROXY_IP
from tests.captures.sleep_proxy import Trace, broadcast, seconds
from tests.dissect import dns_messages as dns
from tests.lab.frames import announcement, reply, request

ROUTER, ROUTER_IP = "02:00:00:00:00:fe", "192.70.106.254"
THIEF, THIEF_IP = "02:00:00:00:06:66", "192.70.106.66"
HOST = "router.local"
BEGIN = seconds("15:00:00")

LADDER = (4, 5, 7, 11)
REGISTERED, CLAIMED = 1.0, 5.0
ASKS_EVERY, ASKS = 3, 14


def mirror(*, gives_in: bool = False) -> Trace:
    """What a mirror port sees; a proxy that `gives_in` wakes the thief and is silent once the
    router contradicts it, one that does not goes on as if nothing had happened.
    """
    frames = [*_router(), *_registers(), *_takes((4,) if gives_in else LADDER)]
    if gives_in:
        frames.append((CLAIMED + 1.1, macbook.magic_packet(THIEF)))
    return sorted((BEGIN + after, frame) for after, frame in frames)


def plain(*, gives_in: bool = False) -> Trace:
    """What any host of the segment sees."""
    return broadcast(mirror(gives_in=gives_in))


def _router() -> Iterator[tuple[float, bytes]]:
    """Before the registration, between the claims, and for as long as verdicts take."""
    for turn in range(ASKS):
        yield ASKS_EVERY * turn, request(ROUTER, ROUTER_IP, CLIENT_IP)
        yield ASKS_EVERY * turn + 0.001, reply(CLIENT, CLIENT_IP, ROUTER, ROUTER_IP)


def _registers() -> Iterator[tuple[float, bytes]]:
    ends = (THIEF, THIEF_IP, dns.MDNS_PORT), (PROXY, PROXY_IP, dns.PROXY_PORT)
    yield 0.5, macbook.offer()
    asked = dns.registration([ROUTER_IP], dns.owner(THIEF), HOST)
    yield REGISTERED, dns.unicast(asked, *ends)
    yield REGISTERED + 0.001, dns.unicast(dns.registration_reply(), ends[1], ends[0])


def _takes(ladder: tuple[int, ...]) -> Iterator[tuple[float, bytes]]:
    for step in (1, 2, 3):
        yield REGISTERED + step, macbook.asleep(THIEF, ROUTER_IP)
    for step in (1, 2):
        told = dns.multicast(dns.announcement(HOST, [ROUTER_IP]), PROXY, PROXY_IP)
        yield REGISTERED + step + 0.001, told
    for step in ladder:
        yield REGISTERED + step, announcement(PROXY, ROUTER_IP)

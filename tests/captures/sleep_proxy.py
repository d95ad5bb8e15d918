"""A Mac falls asleep, a sleep proxy answers for it, and it wakes up: 28 October 2010.

From an administrator's published notes: what a FreeBSD router logged about 192.70.106.117, and the
traffic of the first sleep and of the wake that followed. The notes give no year but their own date
and no zone: 2010 and UTC are taken. They give whole seconds: within a second, frames are a
millisecond apart in the order of the notes. mDNS, DHCP and IGMP are left out, being abbreviated
there.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime

from scapy.layers.inet import IP, TCP
from scapy.layers.l2 import Ether
from scapy.packet import Raw

from tests.lab.frames import announcement, reply, request

OWNER, PROXY, CLIENT = "00:16:cb:8b:8a:45", "00:25:4b:a7:ea:f6", "00:26:b9:e9:89:15"
OWNER_IP, PROXY_IP, CLIENT_IP = "192.70.106.117", "192.70.106.76", "192.70.106.104"


def seconds(clock: str) -> float:
    """That time of that day, in seconds since the epoch."""
    time = datetime.strptime(f"2010-10-28 {clock}", "%Y-%m-%d %H:%M:%S")
    return time.replace(tzinfo=UTC).timestamp()


LOG = [
    ("10:13:13", OWNER, PROXY),
    ("10:16:34", PROXY, OWNER),
    ("13:17:50", OWNER, PROXY),
    ("13:41:15", PROXY, OWNER),
]
"""The router's four lines: when 192.70.106.117 moved, from which MAC, to which."""


def frames() -> Iterator[tuple[float, bytes]]:
    """The frames of the notes with their times; see `_trace` for those that are inferred."""
    within: Counter[str] = Counter()
    for clock, frame in _trace():
        yield seconds(clock) + within[clock] / 1000, frame
        within[clock] += 1


def _trace() -> Iterator[tuple[str, bytes]]:
    # Inferred: the log's first line tells that the router knew the owner's own MAC before.
    yield "10:13:00", request(OWNER, OWNER_IP, PROXY_IP)
    for clock in ("10:13:13", "10:13:14", "10:13:16"):
        yield clock, announcement(PROXY, OWNER_IP)
    yield "10:16:31", request(CLIENT, CLIENT_IP, OWNER_IP)
    yield "10:16:31", reply(PROXY, OWNER_IP, CLIENT, CLIENT_IP)
    yield "10:16:31", _ssh_request(PROXY)
    yield "10:16:31", _magic_packet(PROXY, OWNER)
    yield "10:16:34", announcement(OWNER, OWNER_IP)
    yield "10:16:34", request(OWNER, OWNER_IP, "169.254.255.255")
    yield "10:16:34", _ssh_request(OWNER)
    yield "10:16:34", request(OWNER, OWNER_IP, CLIENT_IP)
    yield "10:16:34", reply(CLIENT, CLIENT_IP, OWNER, OWNER_IP)
    # Inferred: of the second sleep and wake the notes have the log's lines alone. What moved the
    # address is taken to be the same: the proxy's announcements, then the owner's.
    for clock in ("13:17:50", "13:17:51", "13:17:53"):
        yield clock, announcement(PROXY, OWNER_IP)
    yield "13:41:15", announcement(OWNER, OWNER_IP)


def _ssh_request(to: str) -> bytes:
    ip = IP(src=CLIENT_IP, dst=OWNER_IP)
    tcp = TCP(sport=33353, dport=22, flags="S", seq=4137326916)
    return bytes(Ether(src=CLIENT, dst=to) / ip / tcp)


def _magic_packet(source: str, sleeper: str) -> bytes:
    payload = b"\xff" * 6 + bytes.fromhex(sleeper.replace(":", "")) * 16 + bytes(6)
    return bytes(Ether(src=source, dst="ff:ff:ff:ff:ff:ff", type=0x0842) / Raw(payload))

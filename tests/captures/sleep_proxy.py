"""A Mac falls asleep, a sleep proxy answers for it, and it wakes up: 28 October 2010.

From an administrator's published notes: what a FreeBSD router logged about 192.70.106.117, and the
traffic of the first sleep and of the wake that followed. The notes give no year but their own date
and no zone: 2010 and UTC are taken. They give whole seconds: within a second, frames are a
millisecond apart in the order of the notes. They leave IPv6 out, and so does the trace.

Inferred, as the comments below say: the owner's request at the beginning; the registration and the
proxy's probes, which the notes do not show; and all of the second sleep and wake, of which they
have the log's lines alone. What moved the address is taken to be the same: the proxy's
announcements, then the owner's.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

from tests.captures import macbook
from tests.captures.macbook import (
    CLIENT,
    CLIENT_IP,
    OWNER,
    OWNER_IP,
    OWNER_IP6,
    OWNER_LOCAL,
    PROXY,
    PROXY_IP,
)
from tests.lab.frames import announcement, reply, request

Trace = list[tuple[float, bytes]]
"""Frames with their times, in seconds since the epoch."""


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


def mirror() -> Trace:
    """What a mirror port sees."""
    return timed([*_asleep(), *_wake(), *_second()])


def plain() -> Trace:
    """What any host of the segment sees: the same without the unicast between others."""
    return broadcast(mirror())


def announced() -> Trace:
    """What any host sees if the proxy told of its second hold too, as it should have: two and
    three seconds before its first claim.
    """
    told = [(clock, macbook.told_by_proxy(OWNER_IP)) for clock in ("13:17:47", "13:17:48")]
    return broadcast(timed([*_asleep(), *_wake(), *told, *_second()]))


def both(*, mirrored: bool = False) -> Trace:
    """The trace with the IPv6 that the notes leave out: where the proxy announces or claims the
    one address it does the other too, and so does the owner.
    """
    trace = timed([*_asleep((OWNER_IP, OWNER_IP6)), *_wake(), *_second()])
    twins = {announcement(mac, OWNER_IP): macbook.advert(mac) for mac in (OWNER, PROXY)}
    claims = [(time + 0.0005, twins[frame]) for time, frame in trace if frame in twins]
    begin = (seconds("10:13:00"), macbook.advert(OWNER))
    seen = sorted([begin, *trace, *claims])
    return seen if mirrored else broadcast(seen)


def timed(frames: Iterable[tuple[str, bytes]]) -> Trace:
    """Put the frames of each second a millisecond apart."""
    within: Counter[str] = Counter()
    trace = []
    for clock, frame in frames:
        trace.append((seconds(clock) + within[clock] / 1000, frame))
        within[clock] += 1
    return trace


def broadcast(trace: Trace) -> Trace:
    """Leave what is sent to a group of hosts."""
    return [(time, frame) for time, frame in trace if frame[0] & 1]


def _asleep(told: Iterable[str] = (OWNER_IP,)) -> Iterator[tuple[str, bytes]]:
    # Inferred: the log's first line tells that the router knew the owner's own MAC before.
    yield "10:13:00", request(OWNER, OWNER_IP, PROXY_IP)
    yield "10:13:00", macbook.question()
    yield "10:13:00", macbook.offer()
    yield "10:13:07", macbook.last_words()
    # Inferred: the first claim comes 4 s after the registration; a probe each second until then.
    yield "10:13:09", macbook.registration([OWNER_IP, OWNER_LOCAL, OWNER_IP6])
    yield "10:13:09", macbook.accepted()
    yield "10:13:10", macbook.asleep(OWNER, OWNER_IP)
    yield "10:13:11", macbook.asleep(OWNER, OWNER_IP)
    yield "10:13:11", macbook.told_by_proxy(*told)
    yield "10:13:12", macbook.asleep(OWNER, OWNER_IP)
    for clock in ("10:13:13", "10:13:14", "10:13:16"):
        yield clock, announcement(PROXY, OWNER_IP)


def _wake() -> Iterator[tuple[str, bytes]]:
    yield "10:16:31", request(CLIENT, CLIENT_IP, OWNER_IP)
    yield "10:16:31", reply(PROXY, OWNER_IP, CLIENT, CLIENT_IP)
    yield "10:16:31", macbook.syn(PROXY)
    yield "10:16:31", macbook.magic_packet(OWNER)
    yield "10:16:34", macbook.lease_request()
    yield "10:16:34", announcement(OWNER, OWNER_IP)
    yield "10:16:34", request(OWNER, OWNER_IP, "169.254.255.255")
    yield "10:16:34", macbook.leave()
    yield "10:16:34", macbook.syn(OWNER)
    yield "10:16:34", request(OWNER, OWNER_IP, CLIENT_IP)
    yield "10:16:34", reply(CLIENT, CLIENT_IP, OWNER, OWNER_IP)
    yield "10:16:34", macbook.syn_ack()


def _second() -> Iterator[tuple[str, bytes]]:
    # Inferred, all of it but the times of the first and the last.
    for clock in ("13:17:50", "13:17:51", "13:17:53"):
        yield clock, announcement(PROXY, OWNER_IP)
    yield "13:41:15", announcement(OWNER, OWNER_IP)

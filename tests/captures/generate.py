"""Makes the capture files in this directory, always the same: python -m tests.captures.generate."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from struct import pack

from tests.capture.files import SLL, enhanced, interface, option, pcap, record, section
from tests.captures import abuse, segment, sleep_proxy
from tests.lab import frames

HERE = Path(__file__).parent
START = 1_700_000_000
A, B, C = "02:00:00:00:00:0a", "02:00:00:00:00:0b", "02:00:00:00:00:0c"
ONE, TWO, THREE = "192.0.2.1", "192.0.2.2", "192.0.2.3"
ONES = "ff:ff:ff:ff:ff:ff"
OUTGOING, BROADCAST = 4, 1


def micro(times: Iterable[tuple[float, bytes]]) -> bytes:
    """A pcap file of frames with their times in seconds."""
    parts = ((*divmod(round(time * 10**6), 10**6), frame) for time, frame in times)
    return pcap(*(record(frame, seconds, rest) for seconds, rest, frame in parts))


def types() -> bytes:
    """Every ARP type, and what is odd without being wrong."""
    return micro(
        enumerate(
            [
                frames.probe(A, ONE),
                frames.probe(A, "0.0.0.0"),
                frames.announcement(A, ONE),
                frames.announcement(A, ONE) + bytes(18),
                frames.gratuitous_reply(B, TWO),
                frames.request(A, ONE, TWO),
                frames.reply(B, TWO, A, ONE),
                frames.arp(B, TWO, operation=9, target=ONE),
                frames.arp("03:bf:c0:00:02:03", THREE, source="02:bf:c0:00:02:03"),
            ],
            START,
        )
    )


def vlans() -> bytes:
    """Tagged and untagged frames by turns; the same address in several VLANs."""
    plain, other = frames.announcement(A, ONE), frames.announcement(B, ONE)
    wire = [
        plain,
        frames.tagged(plain, 7),
        frames.qinq(plain, 100, 7),
        frames.tagged(plain, 0),
        frames.tagged(other, 7),
        frames.tagged(plain, 0, 8),
        frames.qinq(other, 100, 8),
        frames.tagged(plain, 1, 2, 3),
        frames.tagged(plain, 1, 2, 3, 4),
        plain,
        frames.tagged(plain, 4095),
    ]
    return micro(enumerate(wire, START))


def malformed() -> bytes:
    """Every reason, between frames that are well."""
    good = frames.request(A, ONE, TWO)
    wire = [
        good,
        b"",
        good[:13],
        frames.tagged(good, 7)[:17],
        frames.tagged(good, 1, 2, 3, 4),
        good[:21],
        good[:41],
        *(good[:at] + b"\x09" + good[at + 1 :] for at in (15, 16, 18, 19)),
        frames.arp("00:00:00:00:00:00", ONE),
        frames.arp(ONES, ONE),
        good[:12] + b"\x08\0" + good[14:],
        good,
    ]
    return micro(enumerate(wire, START))


def duplicate() -> bytes:
    """Two hosts defend one address by turns, a third takes it; pcapng in nanoseconds."""
    nanoseconds = interface(option(9, b"\x09"))
    claims = (A, A, B, A, B, C, A, C, B)
    blocks = (
        enhanced(frames.announcement(mac, ONE), (START + place) * 10**9 + place * 125_000_000)
        for place, mac in enumerate(claims)
    )
    return b"".join([section(), nanoseconds, *blocks])


def own() -> bytes:
    """A host's own frames among others', as Linux' `any` device tells them apart."""
    wire = [
        (OUTGOING, frames.request(A, ONE, TWO)),
        (0, frames.reply(B, TWO, A, ONE)),
        (OUTGOING, frames.announcement(A, ONE)),
        (BROADCAST, frames.announcement(B, TWO)),
        (BROADCAST, frames.announcement(C, ONE)),
        (OUTGOING, frames.announcement(A, ONE)),
    ]
    cooked = (
        record(pack(">HHH8s", kind, 1, 6, frame[6:12]) + frame[12:], START + place)
        for place, (kind, frame) in enumerate(wire)
    )
    return pcap(*cooked, linktype=SLL)


CAPTURES: dict[str, Callable[[], bytes]] = {
    "sleep_proxy.pcap": lambda: micro(sleep_proxy.plain()),
    "sleep_proxy_mirror.pcap": lambda: micro(sleep_proxy.mirror()),
    "sleep_proxy_abuse.pcap": lambda: micro(abuse.mirror()),
    "segment.pcap": lambda: micro((START + at, frame) for at, frame in segment.scene()),
    "types.pcap": types,
    "vlans.pcap": vlans,
    "malformed.pcap": malformed,
    "duplicate.pcapng": duplicate,
    "own.pcap": own,
}


def main() -> None:
    """Write every capture beside this file."""
    for name, capture in CAPTURES.items():
        (HERE / name).write_bytes(capture())


if __name__ == "__main__":
    main()

"""Well-formed frames of every protocol of the slow lane; what becomes of any frame there."""

from __future__ import annotations

from l2exporter.dissect.datagrams import decode
from l2exporter.dissect.reader import DissectError
from l2exporter.dissect.slow import REASONS, dissect, protocol_of
from tests.dissect import dns_messages, packets
from tests.dissect.packets import LINK_LOCAL, MAC, ONE, PEER, TWO, udp

_OWNER = dns_messages.owner(MAC, 3, wakeup_mac=PEER, password=b"secret")
_HELD = (TWO, "fe80::2")

SAMPLES: dict[str, tuple[bytes, ...]] = {
    **packets.SAMPLES,
    "mdns": tuple(
        dns_messages.multicast(payload, MAC, ip)
        for ip in (ONE, LINK_LOCAL)
        for payload in (
            dns_messages.offer("50-37-71-72.1 Bobs Mac"),
            dns_messages.announcement("Bobs-Mac.local", _HELD),
            dns_messages.announcement("Bobs-Mac.local", [ONE], option=_OWNER),
            dns_messages.question(option=_OWNER),
        )
    ),
    "dns_update": tuple(
        udp(payload, 55123, to=to)
        for to in (TWO, "fe80::2")
        for payload in (
            dns_messages.registration(_HELD, _OWNER),
            dns_messages.registration(_HELD, _OWNER, zone=True),
            dns_messages.registration(_HELD),
            dns_messages.registration_reply(),
            dns_messages.registration_reply(rcode=5, seconds=None),
        )
    ),
}
"""By protocol; some say nothing that is ours."""

EVERY = [(protocol, frame) for protocol, frames in SAMPLES.items() for frame in frames]


def outcome(frame: bytes) -> tuple[str, object]:
    """Where a frame ends up, and its message, reason or None.

    Any exception but DissectError with a known reason is the test's end.
    """
    place = "datagram"
    try:
        found = decode(frame)
        protocol = protocol_of(found)
        if protocol is None:
            return place, None
        place = protocol
        return place, dissect(protocol, found)
    except DissectError as error:
        reason = error.reason
    assert reason in REASONS[place], (place, reason)
    return place, reason


_CHECKSUM = {58: 2, 112: 6}
"""Where IP protocols have theirs."""


def repaired(frame: bytes) -> bytes:
    """The frame with lengths and checksums as its bytes are now: what a forger would send.

    IPv4 headers have no options here. Frames that are not IP are left alone.
    """
    whole = bytearray(frame)
    kind = whole[12:14]
    start = {b"\x08\0": 34, b"\x86\xdd": 54}.get(bytes(kind), len(whole) + 1)
    if len(whole) < start:
        return frame
    if start == 34:
        whole[16:18] = (len(whole) - 14).to_bytes(2)
        protocol, addresses = whole[23], whole[26:34]
    else:
        whole[18:20] = (len(whole) - start).to_bytes(2)
        protocol, addresses = whole[20], whole[22:54]
    if protocol == 17 and len(whole) >= start + 8:
        whole[start + 4 : start + 6] = (len(whole) - start).to_bytes(2)
    place = _CHECKSUM.get(protocol)
    if place is not None and len(whole) >= start + place + 2:
        is_plain = protocol == 112 and whole[start] >> 4 == 2
        pseudo = b"" if is_plain else addresses + (protocol + len(whole) - start).to_bytes(2)
        whole[start + place : start + place + 2] = bytes(2)
        whole[start + place : start + place + 2] = _checksum(bytes(pseudo + whole[start:]))
    return bytes(whole)


def _checksum(data: bytes) -> bytes:
    padded = data + bytes(len(data) % 2)
    total = sum(int.from_bytes(padded[at : at + 2]) for at in range(0, len(padded), 2))
    while total > 0xFFFF:
        total = (total & 0xFFFF) + (total >> 16)
    return (0xFFFF ^ total).to_bytes(2)

"""Neighbour discovery once more, a frame at a time and without numpy: what batches must equal."""

from __future__ import annotations

from ipaddress import IPv6Address, IPv6Network
from typing import NamedTuple

from l2exporter.dissect.frames import SNAPLEN, UNTAGGED

TAGS = (0x8100, 0x88A8, 0x9100)
RS, RA, NS, NA, REDIRECT = range(133, 138)
FIXED = {RS: 8, RA: 16, NS: 24, NA: 24, REDIRECT: 40}
OPTION = {RS: 1, RA: 1, NS: 1, NA: 2}
SOLICITED_NODE = IPv6Network("ff02::1:ff00:0/104")
CUT = SNAPLEN - 12
"""So many captured bytes, or more, may be the first of a longer frame."""


class Message(NamedTuple):
    type: str
    vlan: int
    target: int
    bound: int
    mac: int
    source: int
    override: bool


class Parsed(NamedTuple):
    """The first option of the wanted type, as it is; whether the options can be walked."""

    found: bytes | None
    walkable: bool


def decode(frame: bytes, tci: int = UNTAGGED) -> Message | str | None:
    """A frame's message, why it is malformed, or None for a frame of another kind."""
    stripped = _untag(frame[:SNAPLEN], tci)
    if stripped is None:
        return None
    vlan, frame = stripped
    if len(frame) < 55 or frame[12:14] != b"\x86\xdd" or frame[20] != 58 or frame[54] not in FIXED:
        return None
    length = int.from_bytes(frame[18:20], "big")
    whole = 54 + length <= len(frame)
    message = frame[54 : 54 + length]
    kind = frame[54]
    parsed = Parsed(None, True)
    if len(message) > FIXED[kind]:
        parsed = _options(message[FIXED[kind] :], OPTION.get(kind), whole)
    reason = _fault(frame, length, whole, parsed)
    if reason:
        return reason
    mac = int.from_bytes(parsed.found[2:8], "big") if parsed.found else 0
    if not whole and len(frame) < CUT:
        mac = 0
    source, target = frame[22:38], frame[62:78] if kind in (NS, NA) else bytes(16)
    bound = {NS: source, NA: target}.get(kind, bytes(16)) if mac else bytes(16)
    return Message(
        _type(kind, source, frame[58]),
        vlan,
        int.from_bytes(target, "big"),
        int.from_bytes(bound, "big"),
        mac,
        int.from_bytes(frame[6:12], "big"),
        kind == NA and bool(frame[58] & 0x20),
    )


def _untag(frame: bytes, tci: int) -> tuple[int, bytes] | None:
    tags = [] if tci == UNTAGGED else [tci]
    for _ in range(3):
        if len(frame) >= 18 and int.from_bytes(frame[12:14], "big") in TAGS:
            tags.append(int.from_bytes(frame[14:16], "big"))
            frame = frame[:12] + frame[16:]
    if len(frame) < 14:
        return None
    return next((tag & 0xFFF for tag in tags if tag & 0xFFF), 0), frame


def _options(area: bytes, wanted: int | None, whole: bool) -> Parsed:
    found = None
    while area:
        if len(area) < 2:
            return Parsed(found, not whole)
        size = area[1] * 8
        is_wanted = area[0] == wanted and found is None
        if size == 0 or (is_wanted and size != 8):
            return Parsed(found, False)
        if size > len(area):
            return Parsed(found, not whole)
        if is_wanted:
            found = area[:size]
        area = area[size:]
    return Parsed(found, True)


def _fault(frame: bytes, length: int, whole: bool, parsed: Parsed) -> str | None:
    kind, fixed = frame[54], FIXED[frame[54]]
    if frame[14] >> 4 != 6:
        return "version"
    if frame[21] != 255:
        return "hop_limit"
    if length < fixed:
        return "length"
    if len(frame) < 54 + fixed:
        return "truncated"
    source, to = IPv6Address(frame[22:38]), IPv6Address(frame[38:54])
    mac = parsed.found[2:8] if parsed.found else None
    for wrong, reason in (
        (whole and not _sums_up(frame[22:54], frame[54 : 54 + length]), "checksum"),
        (frame[55] != 0, "code"),
        (source.is_multicast, "source"),
        (kind in (RA, REDIRECT) and not source.is_link_local, "source"),
        (_astray(frame), "target"),
        (kind == NA and frame[58] & 0x40 and to.is_multicast, "destination"),
        (kind == NS and source == IPv6Address(0) and to not in SOLICITED_NODE, "destination"),
        (not parsed.walkable, "option_length"),
        (mac is not None and kind != NA and source == IPv6Address(0), "unspecified_source"),
        (mac == bytes(6), "zero_sender"),
        (mac == b"\xff" * 6, "broadcast_sender"),
    ):
        if wrong:
            return reason
    return None


def _astray(frame: bytes) -> bool:
    if frame[54] in (NS, NA):
        return IPv6Address(frame[62:78]).is_multicast
    if frame[54] != REDIRECT:
        return False
    target, destination = IPv6Address(frame[62:78]), IPv6Address(frame[78:94])
    return destination.is_multicast or not (target.is_link_local or target == destination)


def _sums_up(addresses: bytes, message: bytes) -> bool:
    """The ones' complement sum (RFC 1071) of pseudo-header and message is all ones."""
    covered = addresses + len(message).to_bytes(4, "big") + bytes([0, 0, 0, 58]) + message
    covered += bytes(len(covered) % 2)
    total = sum(int.from_bytes(covered[n : n + 2], "big") for n in range(0, len(covered), 2))
    while total > 0xFFFF:
        total = (total & 0xFFFF) + (total >> 16)
    return total == 0xFFFF


def _type(kind: int, source: bytes, flags: int) -> str:
    if kind == NS:
        return "neighbor_solicitation" if any(source) else "duplicate_address_detection"
    if kind == NA:
        return f"neighbor_advertisement_{'solicited' if flags & 0x40 else 'unsolicited'}"
    return {RS: "router_solicitation", RA: "router_advertisement", REDIRECT: "redirect"}[kind]

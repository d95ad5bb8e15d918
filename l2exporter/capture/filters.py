"""Which frames the kernel passes to a lane, as classic BPF programs."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from itertools import groupby
from typing import Final

from ..dissect.arp import ETHERTYPE_ARP
from ..dissect.ethernet import TPIDS
from ..kernel.bpf import (
    AND,
    JUMP_ABOVE,
    JUMP_AT_LEAST,
    JUMP_EQUAL,
    JUMP_SET,
    LOAD_BYTE,
    LOAD_HALF,
    LOAD_HALF_BEHIND,
    LOAD_WORD,
    LOAD_WORD_BEHIND,
    LOAD_X,
    LOAD_X_HEADER,
    PACKET_TYPE,
    RETURN,
    Line,
    Program,
    assemble,
)
from .candidates import (
    ETHERTYPE_IPV4,
    ETHERTYPE_IPV6,
    ETHERTYPE_WAKE,
    ICMPV6,
    IPV6_HEADER,
    PORTS_FROM,
    PORTS_TO,
    PORTS_WAKE,
    ROUTER_ADVERTISEMENT,
    UDP,
    UPDATE_REPLY,
    UPDATE_REPLY_MASK,
    UPDATE_REQUEST,
    VRRP,
)

_TYPE_OFFSETS: Final = (12, 16, 20)
_TAG: Final = 4
_NEIGHBOR_DISCOVERY: Final = (133, 137)
"""First and last of its ICMPv6 types (RFC 4861, 4.1 to 4.5)."""

_GROUP_BIT: Final = 0x0100  # of a MAC's first two bytes: multicast or broadcast


def fast(snaplen: int) -> Program:
    """ARP and IPv6 neighbour discovery, behind up to two VLAN tags; `snaplen` bytes of it.

    Tags that are still in the frame, that is: the kernel takes one off before.
    """
    return assemble(_behind_tags(_fast, snaplen))


def slow(snaplen: int) -> Program:
    """What is dissected frame by frame, as `candidates` says, behind up to two VLAN tags."""
    return assemble(_behind_tags(_slow, snaplen))


def _behind_tags(
    judge: Callable[[int], Iterator[Line | str]], snaplen: int
) -> Iterator[Line | str]:
    """`judge` decides in each place where the ethertype may be; it is loaded, and is no tag's.

    A load from beyond the frame's end rejects it.
    """
    for at in _TYPE_OFFSETS:
        yield f"type at {at}"
        yield Line(LOAD_HALF, at)
        for tpid in TPIDS:
            yield Line(JUMP_EQUAL, tpid, f"type at {at + _TAG}")
        yield from judge(at)
    yield f"type at {_TYPE_OFFSETS[-1] + _TAG}"
    yield "reject"
    yield Line(RETURN, 0)
    yield "accept"
    yield Line(RETURN, snaplen)


def _fast(at: int) -> Iterator[Line | str]:
    first, last = _NEIGHBOR_DISCOVERY
    packet = at + 2
    yield Line(JUMP_EQUAL, ETHERTYPE_ARP, "accept")
    yield Line(JUMP_EQUAL, ETHERTYPE_IPV6, None, "reject")
    yield Line(LOAD_BYTE, packet + 6)
    yield Line(JUMP_EQUAL, ICMPV6, None, "reject")
    yield Line(LOAD_BYTE, packet + IPV6_HEADER)
    yield Line(JUMP_AT_LEAST, first, None, "reject")
    yield Line(JUMP_ABOVE, last, "reject", "accept")


def _slow(at: int) -> Iterator[Line | str]:
    ipv6, udp = f"ipv6 at {at}", f"udp at {at}"
    packet = at + 2
    yield Line(JUMP_EQUAL, ETHERTYPE_WAKE, "accept")
    yield Line(JUMP_EQUAL, ETHERTYPE_IPV6, ipv6)
    yield Line(JUMP_EQUAL, ETHERTYPE_IPV4, None, "reject")
    yield Line(LOAD_HALF, packet + 6)
    yield Line(JUMP_SET, 0x1FFF, "reject")  # the fragment's offset
    yield Line(LOAD_X_HEADER, packet)
    yield Line(LOAD_BYTE, packet + 9)
    yield Line(JUMP_EQUAL, VRRP, "accept")
    yield Line(JUMP_EQUAL, UDP, udp, "reject")
    yield ipv6
    yield Line(LOAD_X, IPV6_HEADER)
    yield Line(LOAD_BYTE, packet + 6)
    yield Line(JUMP_EQUAL, VRRP, "accept")
    yield Line(JUMP_EQUAL, UDP, udp)
    yield Line(JUMP_EQUAL, ICMPV6, None, "reject")
    yield Line(LOAD_BYTE, packet + IPV6_HEADER)
    yield Line(JUMP_EQUAL, ROUTER_ADVERTISEMENT, "accept", "reject")
    yield udp
    yield from _udp(packet)


def _udp(at: int) -> Iterator[Line | str]:
    """Judge a datagram whose UDP header is at X + `at`."""
    magic, update, count = (f"{what} at {at}" for what in ("magic", "update", "count"))
    payload = at + 8
    yield Line(LOAD_HALF_BEHIND, at + 2)
    for port in PORTS_TO:
        yield Line(JUMP_EQUAL, port, "accept")
    yield Line(LOAD_HALF_BEHIND, at)
    for port in PORTS_FROM:
        yield Line(JUMP_EQUAL, port, "accept")
    yield Line(LOAD_HALF_BEHIND, at + 2)
    echo, discard = PORTS_WAKE
    yield Line(JUMP_EQUAL, echo, magic)
    yield Line(JUMP_EQUAL, discard, None, update)
    yield magic
    yield Line(LOAD_WORD_BEHIND, payload)
    yield Line(JUMP_EQUAL, 0xFFFF_FFFF, "accept")
    yield update
    yield Line(LOAD_HALF_BEHIND, payload + 2)
    yield Line(JUMP_EQUAL, UPDATE_REQUEST, count)
    yield Line(AND, UPDATE_REPLY_MASK)
    yield Line(JUMP_EQUAL, UPDATE_REPLY, None, "reject")
    yield count
    yield Line(LOAD_HALF_BEHIND, payload + 4)
    yield Line(JUMP_ABOVE, 1, "reject", "accept")


def unknown_unicast(packet_type: int, known: Collection[int]) -> Program:
    """Unicast frames of one packet type (PACKET_*, linux/if_packet.h) that are for none of `known`.

    One byte of each, as they are only counted. `known` are MACs, at most 200 of them: the first two
    bytes decide where to look for the other four, so that one that no MAC shares costs one
    comparison.
    """
    program = [
        (LOAD_BYTE, 0, 0, PACKET_TYPE),
        (JUMP_EQUAL, 1, 0, packet_type),
        (RETURN, 0, 0, 0),
        (LOAD_HALF, 0, 0, 0),
        (JUMP_SET, 0, 1, _GROUP_BIT),
        (RETURN, 0, 0, 0),
    ]
    for first, macs in groupby(sorted(known), key=lambda mac: mac >> 32):
        program += _for_others(first, [mac & 0xFFFFFFFF for mac in macs])
    program.append((RETURN, 0, 0, 1))
    return program


def _for_others(first: int, rest: list[int]) -> Iterator[tuple[int, int, int, int]]:
    """Decide about destinations that begin with the two bytes loaded; pass over this otherwise."""
    yield JUMP_EQUAL, 0, len(rest) + 3, first
    yield LOAD_WORD, 0, 0, 2
    for place, number in enumerate(rest):
        yield JUMP_EQUAL, len(rest) - place, 0, number
    yield RETURN, 0, 0, 1
    yield RETURN, 0, 0, 0

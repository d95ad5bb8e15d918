"""Which frames the kernel passes to a lane, as classic BPF programs."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from itertools import groupby
from typing import Final

from ..dissect.arp import ETHERTYPE_ARP
from ..dissect.ethernet import TPIDS
from ..kernel.bpf import (
    JUMP_EQUAL,
    JUMP_SET,
    LOAD_BYTE,
    LOAD_HALF,
    LOAD_WORD,
    PACKET_TYPE,
    RETURN,
    Program,
)

_TYPE_OFFSETS: Final = (12, 16, 20)
_GROUP_BIT: Final = 0x0100  # of a MAC's first two bytes: multicast or broadcast


def arp(snaplen: int) -> Program:
    """ARP, behind up to two VLAN tags that are still in the frame; `snaplen` bytes of it.

    One block for each place where the ethertype may be: load it, take ARP, go on after a tag.
    """
    program: list[tuple[int, int, int, int]] = []
    block = 2 + len(TPIDS) + 1
    accept = block * len(_TYPE_OFFSETS) + 1
    for offset in _TYPE_OFFSETS:
        end = len(program) + block
        program.append((LOAD_HALF, 0, 0, offset))
        program.append((JUMP_EQUAL, accept - len(program) - 1, 0, ETHERTYPE_ARP))
        for tpid in TPIDS:
            program.append((JUMP_EQUAL, end - len(program) - 1, 0, tpid))
        program.append((RETURN, 0, 0, 0))
    program.append((RETURN, 0, 0, 0))
    program.append((RETURN, 0, 0, snaplen))
    return program


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

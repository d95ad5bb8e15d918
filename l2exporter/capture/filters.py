"""Which frames the kernel passes to a lane, as classic BPF programs."""

from __future__ import annotations

from typing import Final

from ..dissect.arp import ETHERTYPE_ARP
from ..dissect.ethernet import TPIDS
from ..kernel.bpf import JUMP_EQUAL, LOAD_HALF, RETURN, Program

_TYPE_OFFSETS: Final = (12, 16, 20)


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

"""Bindings: which MAC each address is bound to, and when that changes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

import numpy as np

from ..dissect.arp import ArpPackets, Macs
from ..dissect.frames import Flags, Times
from ..dissect.ndp import NdpPackets
from .addresses import REFUSED, AddressTable
from .families import Ips, Rows, Subnet

Packets = TypeVar("Packets", ArpPackets, NdpPackets)


@dataclass(frozen=True, slots=True)
class AnySightings(Generic[Packets]):
    """A batch of packets with what the tables know of each; columns of one length `n`.

    packets the packets themselves
    segment (n,) the row in `Segments`
    row     (n,) the row in `AddressTable` of the address that the packet binds (of ARP the
            sender's); REFUSED where it is not tracked or nothing is bound
    new     (k,) positions of the first sight of an address
    """

    packets: Packets
    segment: Rows
    row: Rows
    new: Rows


class Sightings(AnySightings[ArpPackets]):
    """Of ARP packets, whose addresses are in `Tables.addresses`."""

    __slots__ = ()


class NdpSightings(AnySightings[NdpPackets]):
    """Of neighbour discovery messages, whose addresses are in `Tables.addresses6`."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class AnyMoves:
    """Moves in the order of the wire; columns of one length.

    row       the address's row in `AddressTable`
    from_mac  the MAC it was bound to
    to_mac    the MAC it is bound to now
    flip_flop whether that is the MAC held just before
    time      wall clock, seconds since the epoch
    position  of the packet in its batch
    """

    row: Rows
    from_mac: Macs
    to_mac: Macs
    flip_flop: Flags
    time: Times
    position: Rows

    def __len__(self) -> int:
        return len(self.row)


class Moves(AnyMoves):
    """Of IPv4 addresses: rows of `Tables.addresses`."""

    __slots__ = ()


class NdpMoves(AnyMoves):
    """Of IPv6 addresses: rows of `Tables.addresses6`."""

    __slots__ = ()


Kind = TypeVar("Kind", bound=AnyMoves)


class Bindings(Generic[Kind]):
    """Keeps the MAC of each tracked address (`macs`, by row) and the one held before it.

    `kind` is what its moves are. Segments from `overflow` on mix VLANs.
    """

    def __init__(self, addresses: AddressTable, overflow: int, kind: type[Kind]) -> None:
        self.addresses = addresses
        self.macs: Macs = addresses.macs
        self._overflow = overflow
        self._kind = kind
        self._before: Macs = addresses.columns.add(np.uint64)
        self._touched: Flags = np.zeros(addresses.columns.rows, dtype=np.bool_)

    def bind(
        self,
        segment: Rows,
        ip: Ips,
        mac: Macs,
        time: Times,
        subnets: Sequence[Subnet],
        now: float,
    ) -> tuple[Rows, Rows, Kind | None]:
        """Bind each address but the unspecified one to its MAC, in the order of the wire.

        Returns the row of each, the positions of first sights, and the moves. In the overflow
        segments, which mix VLANs with addresses of their own each, only protected addresses are
        bound: better a move too many there than one missed.
        """
        row = np.full(len(ip), REFUSED, dtype=np.intp)
        if not len(ip):
            return row, row, None
        may = self.addresses.family.bindable(ip)
        mixed = segment >= self._overflow
        if mixed.any():
            may &= ~mixed | self.addresses.is_protected(ip)
        binding = np.flatnonzero(may)
        if not binding.size:
            return row, binding, None
        row[binding], new = self.addresses.locate(segment[binding], ip[binding], subnets, now)
        new = binding[new]
        self.macs[row[new]] = mac[new]
        return row, new, self._moves(row, mac, time)

    def _moves(self, row: Rows, mac: Macs, time: Times) -> Kind | None:
        tracked = np.flatnonzero(row != REFUSED)
        rows = row[tracked]
        odd = self.macs[rows] != mac[tracked]
        if not odd.any():
            return None
        # A packet that agrees with the table may follow one of the same batch that does not.
        self._touched[rows[odd]] = True
        positions = tracked[self._touched[rows]]
        self._touched[rows[odd]] = False
        return self._replay(row, mac, time, positions[np.argsort(row[positions], kind="stable")])

    def _replay(self, row: Rows, mac: Macs, time: Times, positions: Rows) -> Kind:
        """Find the moves at `positions`, which are sorted by row and then by time."""
        rows, macs = row[positions], mac[positions]
        held = _previous(rows, macs, self.macs[rows])
        moved = np.flatnonzero(held != macs)
        rows, positions = rows[moved], positions[moved]
        from_mac, to_mac = held[moved], macs[moved]
        before = _previous(rows, from_mac, self._before[rows])
        # With a repeated row the last assignment stands, and that is the latest move.
        self.macs[rows] = to_mac
        self._before[rows] = from_mac
        self.addresses.moved[rows] = True
        wire = np.argsort(positions)
        return self._kind(
            row=rows[wire],
            from_mac=from_mac[wire],
            to_mac=to_mac[wire],
            flip_flop=(to_mac == before)[wire],
            time=time[positions][wire],
            position=positions[wire],
        )


def _previous(rows: Rows, values: Macs, initial: Macs) -> Macs:
    """Return the value one place earlier in the same row's run, `initial` where a run begins."""
    shifted = np.empty_like(values)
    shifted[1:] = values[:-1]
    begins = np.ones(len(rows), dtype=np.bool_)
    begins[1:] = rows[1:] != rows[:-1]
    return np.where(begins, initial, shifted)

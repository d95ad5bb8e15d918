"""Bindings: which MAC each address is bound to, and when that changes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..dissect.arp import ArpPackets, Macs
from ..dissect.frames import Flags, Times
from .addresses import REFUSED, AddressTable, Rows, Subnet


@dataclass(frozen=True, slots=True)
class Sightings:
    """A batch of ARP packets with what the tables know of each; columns of one length `n`.

    packets the packets themselves
    segment (n,) the row in `Segments`
    row     (n,) the sender's row in `AddressTable`; REFUSED where it is not tracked
    new     (k,) positions of the first sight of an address
    """

    packets: ArpPackets
    segment: Rows
    row: Rows
    new: Rows


@dataclass(frozen=True, slots=True)
class Moves:
    """Moves in the order of the wire; columns of one length.

    row       the address's row in `AddressTable`
    from_mac  the MAC it was bound to
    to_mac    the MAC it is bound to now
    flip_flop whether that is the MAC held just before
    time      wall clock, seconds since the epoch
    """

    row: Rows
    from_mac: Macs
    to_mac: Macs
    flip_flop: Flags
    time: Times

    def __len__(self) -> int:
        return len(self.row)


class Bindings:
    """Keeps the MAC of each tracked address and the one held before it.

    Segments from `overflow` on mix VLANs.
    """

    def __init__(self, addresses: AddressTable, overflow: int) -> None:
        self.addresses = addresses
        self._overflow = overflow
        self._mac: Macs = addresses.columns.add(np.uint64)
        self._before: Macs = addresses.columns.add(np.uint64)
        self._touched: Flags = np.zeros(addresses.columns.rows, dtype=np.bool_)

    def observe(
        self, packets: ArpPackets, segment: Rows, subnets: Sequence[Subnet], now: float
    ) -> tuple[Sightings, Moves | None]:
        """Bind every sender but 0.0.0.0; return the sightings and the moves among them.

        In the overflow segments, which mix VLANs with addresses of their own each, only protected
        addresses are bound: better a move too many there than one missed.
        """
        row = np.full(len(packets), REFUSED, dtype=np.intp)
        may = packets.sender_ip != 0
        mixed = segment >= self._overflow
        if mixed.any():
            may &= ~mixed | self.addresses.is_protected(packets.sender_ip)
        binding = np.flatnonzero(may)
        row[binding], new = self.addresses.locate(
            segment[binding], packets.sender_ip[binding], subnets, now
        )
        new = binding[new]
        self._mac[row[new]] = packets.sender_mac[new]
        sightings = Sightings(packets, segment, row, new)
        return sightings, self._moves(packets, row)

    def _moves(self, packets: ArpPackets, row: Rows) -> Moves | None:
        tracked = np.flatnonzero(row != REFUSED)
        rows = row[tracked]
        odd = self._mac[rows] != packets.sender_mac[tracked]
        if not odd.any():
            return None
        # A packet that agrees with the table may follow one of the same batch that does not.
        self._touched[rows[odd]] = True
        positions = tracked[self._touched[rows]]
        self._touched[rows[odd]] = False
        return self._replay(packets, row, positions[np.argsort(row[positions], kind="stable")])

    def _replay(self, packets: ArpPackets, row: Rows, positions: Rows) -> Moves:
        """Find the moves at `positions`, which are sorted by row and then by time."""
        rows, macs = row[positions], packets.sender_mac[positions]
        held = _previous(rows, macs, self._mac[rows])
        moved = np.flatnonzero(held != macs)
        rows, positions = rows[moved], positions[moved]
        from_mac, to_mac = held[moved], macs[moved]
        before = _previous(rows, from_mac, self._before[rows])
        # With a repeated row the last assignment stands, and that is the latest move.
        self._mac[rows] = to_mac
        self._before[rows] = from_mac
        self.addresses.moved[rows] = True
        wire = np.argsort(positions)
        return Moves(
            row=rows[wire],
            from_mac=from_mac[wire],
            to_mac=to_mac[wire],
            flip_flop=(to_mac == before)[wire],
            time=packets.time[positions][wire],
        )


def _previous(rows: Rows, values: Macs, initial: Macs) -> Macs:
    """Return the value one place earlier in the same row's run, `initial` where a run begins."""
    shifted = np.empty_like(values)
    shifted[1:] = values[:-1]
    begins = np.ones(len(rows), dtype=np.bool_)
    begins[1:] = rows[1:] != rows[:-1]
    return np.where(begins, initial, shifted)

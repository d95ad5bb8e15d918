"""Looking up addresses, which are mere numbers here; segment 0 unless told otherwise."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from l2exporter.limits import Limits
from l2exporter.tables.addresses import REFUSED, AddressTable, Subnet

HOME = Subnet(0x0A000000, 0xFF000000)
NEAR, FAR = 0x0A000000, 0xC6336400


def table(addresses: int, burst: int = 1000, rate: float = 0.0) -> AddressTable:
    return AddressTable(Limits(addresses=addresses, address_burst=burst, address_rate=rate))


def see(
    addresses: AddressTable,
    *ips: int,
    now: float = 0.0,
    subnets: Sequence[Subnet] = (),
    segment: int = 0,
) -> tuple[list[int], list[int]]:
    """The addresses of this batch that found a place, and the positions of the new ones."""
    segments = np.full(len(ips), segment, np.intp)
    rows, new = addresses.locate(segments, np.array(ips, np.uint32), subnets, now)
    return [ip for ip, row in zip(ips, rows.tolist(), strict=True) if row != REFUSED], new.tolist()


def held(addresses: AddressTable) -> set[int]:
    return set(addresses.keys(addresses.rows())[1].tolist())


def filled(addresses: AddressTable, *ips: int) -> AddressTable:
    """Each seen a second after the one before, from 0 on."""
    for second, ip in enumerate(ips):
        see(addresses, ip, now=second)
    return addresses


def move(addresses: AddressTable, *ips: int) -> None:
    rows = addresses.rows()
    addresses.moved[rows[np.isin(addresses.keys(rows)[1], ips)]] = True

"""What the tables must know of an address family: numbers, keys, and what is foreign."""

from __future__ import annotations

import random
import struct
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address
from typing import Any, Final, Protocol

import numpy as np
import numpy.typing as npt

from ..dissect.ndp import ADDRESS6
from ..dissect.reader import Address

Rows = npt.NDArray[np.intp]
Ips = npt.NDArray[Any]
"""Addresses as a column: uint32, or of the dtype ADDRESS6."""

Keys = npt.NDArray[Any]
"""(segment, address) pairs as a column that numpy compares and sorts, none standing for two."""

PLACE_BITS: Final = 16
_PLACE_SHIFT = np.uint64(64 - PLACE_BITS)
_SPREAD = np.uint64(0x9E37_79B9_7F4A_7C15)  # 2**64 / golden ratio: Fibonacci hashing
_LOW = (1 << 64) - 1


@dataclass(frozen=True, slots=True)
class Subnet:
    """A network as numbers of its family: `ip & mask == network`."""

    network: int
    mask: int


class Family(Protocol):
    """One address family; `table` is its name where tables tell how full they are."""

    table: str
    nobody: Keys
    """One key that is never looked up, all zeros: what it names binds nothing."""

    def keys(self, segment: Rows, ips: Ips) -> Keys:
        """Return the key of each (segment, address)."""

    def segments(self, keys: Keys) -> Rows:
        """Return the segments in `keys`."""

    def ips(self, keys: Keys) -> Ips:
        """Return the addresses in `keys`."""

    def places(self, keys: Keys) -> npt.NDArray[np.uint64]:
        """Spread `keys` over PLACE_BITS; different ones may share a place."""

    def token(self, segment: int, ip: Address) -> Hashable:
        """Return what `keys(...).tolist()` holds for this one."""

    def address(self, token: Any) -> Address:
        """Return the address in what `keys(...).tolist()` holds for it."""

    def column(self, numbers: Iterable[int]) -> Ips:
        """Return addresses that are given as numbers as a column, sorted."""

    def bindable(self, ips: Ips) -> npt.NDArray[np.bool_]:
        """Tell which of `ips` are not the unspecified address, which binds nothing."""

    def among(self, ips: Ips, wanted: Ips) -> npt.NDArray[np.bool_]:
        """Tell which of `ips` are in `wanted`."""

    def inside(self, ips: Ips, subnets: Sequence[Subnet]) -> npt.NDArray[np.bool_]:
        """Tell which of `ips` are in any of `subnets`, or on no other link by their nature."""


class _Ipv4:
    """Keys are numbers: the segment in front of the address."""

    table = "addresses"
    nobody = np.zeros(1, dtype=np.uint64)

    def keys(self, segment: Rows, ips: Ips) -> Keys:
        return segment.astype(np.uint64) << np.uint64(32) | ips

    def segments(self, keys: Keys) -> Rows:
        return (keys >> np.uint64(32)).astype(np.intp)

    def ips(self, keys: Keys) -> Ips:
        return (keys & np.uint64(0xFFFF_FFFF)).astype(np.uint32)

    def places(self, keys: Keys) -> npt.NDArray[np.uint64]:
        places: npt.NDArray[np.uint64] = keys * _SPREAD >> _PLACE_SHIFT
        return places

    def token(self, segment: int, ip: Address) -> Hashable:
        return segment << 32 | int(ip)

    def address(self, token: Any) -> Address:
        return IPv4Address(token & 0xFFFF_FFFF)

    def column(self, numbers: Iterable[int]) -> Ips:
        return np.array(sorted(numbers), dtype=np.uint32)

    def bindable(self, ips: Ips) -> npt.NDArray[np.bool_]:
        some: npt.NDArray[np.bool_] = ips != 0
        return some

    def among(self, ips: Ips, wanted: Ips) -> npt.NDArray[np.bool_]:
        return np.isin(ips, wanted)

    def inside(self, ips: Ips, subnets: Sequence[Subnet]) -> npt.NDArray[np.bool_]:
        inside = np.zeros(len(ips), dtype=np.bool_)
        for subnet in subnets:
            inside |= (ips & np.uint32(subnet.mask)) == subnet.network
        return inside


class _Ipv6:
    """Keys are strings of 24 bytes: a number that stood for 192 bits could be made to collide.

    numpy takes the zeros off their ends, which makes no two of one length equal. Multipliers that
    nobody knows let nobody choose addresses that share a place.
    """

    table = "addresses_ipv6"
    nobody = np.zeros(1, dtype="S24")
    _words = struct.Struct("=QQQ")
    _pair = np.dtype([("segment", "u8"), ("ip", ADDRESS6)])

    def __init__(self) -> None:
        self._spread = [np.uint64(random.getrandbits(64) | 1) for _ in range(3)]

    def keys(self, segment: Rows, ips: Ips) -> Keys:
        pairs = np.empty(len(ips), dtype=self._pair)
        pairs["segment"] = segment
        pairs["ip"] = ips
        return pairs.view("S24")

    def segments(self, keys: Keys) -> Rows:
        return keys.view(self._pair)["segment"].astype(np.intp)

    def ips(self, keys: Keys) -> Ips:
        return np.ascontiguousarray(keys.view(self._pair)["ip"])

    def places(self, keys: Keys) -> npt.NDArray[np.uint64]:
        pairs = keys.view(self._pair)
        parts = (pairs["segment"], pairs["ip"]["hi"], pairs["ip"]["lo"])
        mixed = parts[0] * self._spread[0]
        for part, spread in zip(parts[1:], self._spread[1:], strict=True):
            mixed += part * spread
        places: npt.NDArray[np.uint64] = mixed >> _PLACE_SHIFT
        return places

    def token(self, segment: int, ip: Address) -> Hashable:
        high, low = divmod(int(ip), _LOW + 1)
        return self._words.pack(segment, high, low).rstrip(b"\0")

    def address(self, token: Any) -> Address:
        _, high, low = self._words.unpack(token.ljust(24, b"\0"))
        return IPv6Address(high << 64 | low)

    def column(self, numbers: Iterable[int]) -> Ips:
        halves = [divmod(number, _LOW + 1) for number in sorted(numbers)]
        return np.array(halves, dtype=ADDRESS6)

    def bindable(self, ips: Ips) -> npt.NDArray[np.bool_]:
        some: npt.NDArray[np.bool_] = (ips["hi"] | ips["lo"]) != 0
        return some

    def among(self, ips: Ips, wanted: Ips) -> npt.NDArray[np.bool_]:
        # For nothing too, numpy would load its masked arrays, 1.3 MB.
        if not (len(ips) and len(wanted)):
            return np.zeros(len(ips), dtype=np.bool_)
        return np.isin(np.ascontiguousarray(ips).view("S16"), wanted.view("S16"))

    def inside(self, ips: Ips, subnets: Sequence[Subnet]) -> npt.NDArray[np.bool_]:
        inside: npt.NDArray[np.bool_] = ips["hi"] >> np.uint64(54) == _LINK_LOCAL
        for subnet in subnets:
            high, low = np.uint64(subnet.mask >> 64), np.uint64(subnet.mask & _LOW)
            same = (ips["hi"] & high) == np.uint64(subnet.network >> 64)
            inside |= same & ((ips["lo"] & low) == np.uint64(subnet.network & _LOW))
        return inside


_LINK_LOCAL = np.uint64(0xFE80 >> 6)  # fe80::/10 (RFC 4291, 2.4)

IPV4: Final[Family] = _Ipv4()
IPV6: Final[Family] = _Ipv6()

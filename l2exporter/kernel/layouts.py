"""Numbers out of attributes, for dumps of hundreds of messages that look alike; pure.

Layout: linux/netlink.h, struct nlattr. A walk over the forty attributes of a bridge port costs
twenty times what reading the five that matter from known places does.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass

from ..errors import KernelError

_HEADER = struct.Struct("=HH")  # len, type
_TYPE = 0x3FFF  # without NLA_F_NESTED and NLA_F_NET_BYTEORDER
_CODES = {1: "B", 2: "H", 4: "I", 8: "Q"}


@dataclass(frozen=True, slots=True)
class _Layout:
    """Where the wanted numbers are in all data of `size` bytes whose headers are `headers`."""

    size: int
    mask: int  # all ones where a header is, in the data as one little-endian number
    headers: int
    kinds: tuple[int, ...]
    values: struct.Struct


class Numbers:
    """Unsigned numbers of attributes in the host's byte order, by type; for one dump.

    sizes  bytes of each type that is wanted

    While the headers are those of the data before, the numbers are where they were then.
    """

    def __init__(self, sizes: Mapping[int, int]) -> None:
        self._sizes = sizes
        self._layout = _Layout(0, 0, 0, (), struct.Struct(""))

    def __call__(self, data: bytes) -> dict[int, int]:
        """Those that are there; KernelError when one is of another size, or a length lies.

        The last of several of one type counts.
        """
        layout = self._layout
        if (
            len(data) != layout.size
            or int.from_bytes(data, "little") & layout.mask != layout.headers
        ):
            layout = self._layout = _layout(data, self._sizes)
        return dict(zip(layout.kinds, layout.values.unpack(data), strict=True))


def walk(data: bytes, offset: int = 0) -> list[tuple[int, int, int]]:
    """Type, start and end of the payload of each attribute; KernelError at a lying length."""
    found = []
    size = len(data)
    while offset < size:
        if size - offset < _HEADER.size:
            raise KernelError(f"netlink: {size - offset} stray bytes end the attributes")
        length, kind = _HEADER.unpack_from(data, offset)
        if not _HEADER.size <= length <= size - offset:
            raise KernelError(f"netlink: attribute claims {length} of {size - offset} bytes")
        found.append((kind & _TYPE, offset + _HEADER.size, offset + length))
        offset += (length + 3) & ~3
    return found


def every_attribute(data: bytes, offset: int = 0) -> dict[int, bytes]:
    """Attributes by type, as `messages.attributes` has them, but KernelError at a lying length.

    For tables that count what they cannot believe instead of making the best of it.
    """
    return {kind: data[start:end] for kind, start, end in walk(data, offset)}


def _layout(data: bytes, sizes: Mapping[int, int]) -> _Layout:
    places: dict[int, int] = {}
    mask = bytearray(len(data))
    for kind, start, end in walk(data):
        mask[start - _HEADER.size : start] = b"\xff" * _HEADER.size
        if kind in sizes:
            if end - start != sizes[kind]:
                raise KernelError(f"netlink: attribute {kind} has {end - start} bytes")
            places[start] = kind
    ones = int.from_bytes(mask, "little")
    return _Layout(
        size=len(data),
        mask=ones,
        headers=int.from_bytes(data, "little") & ones,
        kinds=tuple(places.values()),
        values=_values(places, sizes, len(data)),
    )


def _values(places: Mapping[int, int], sizes: Mapping[int, int], size: int) -> struct.Struct:
    """What reads numbers of these types at these places, in order, out of `size` bytes."""
    form, at = "=", 0
    for start, kind in places.items():
        form += f"{start - at}x{_CODES[sizes[kind]]}"
        at = start + sizes[kind]
    return struct.Struct(f"{form}{size - at}x")

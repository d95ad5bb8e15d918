"""The pcapng format: sections of blocks (draft-ietf-opsawg-pcapng, sections 3 and 4).

    block      type 4, total length 4, body, total length 4
    section    byte-order magic 4, version 2 + 2, section length 8, options
    interface  link type 2, reserved 2, snapshot length 4, options
    enhanced   interface 4, timestamp 4 + 4, captured 4, original 4, data, padding, options
    simple     original 4, data, padding
    obsolete   interface 2, drops 2, then as enhanced
    option     code 2, length 2, value, padding; code 0 ends them

Sections and blocks of other types are skipped; so are options that are not named here.
"""

from __future__ import annotations

from dataclasses import dataclass
from struct import Struct
from typing import TYPE_CHECKING, Final

from ..limits import FILE_BLOCK_BYTES, FILE_INTERFACES
from .cooked import LINKS, UNSUPPORTED, Packet

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .filestream import FileStream

SECTION_MAGIC: Final = b"\x0a\x0d\x0d\x0a"
"""The type of a section header block, the same in both byte orders; begins each file."""

_INTERFACE, _OBSOLETE, _SIMPLE, _ENHANCED = 1, 2, 3, 6
_SECTION: Final = int.from_bytes(SECTION_MAGIC, "big")

_FLAGS, _TSRESOL, _TSOFFSET = 2, 9, 14  # epb_flags and pack_flags, if_tsresol, if_tsoffset
_DIRECTION, _OUTBOUND = 3, 2


class _Order:
    """The formats that depend on the section's byte order."""

    def __init__(self, mark: str) -> None:
        self.word = Struct(mark + "I")
        self.head = Struct(mark + "II")
        self.interface = Struct(mark + "HHI")
        self.enhanced = Struct(mark + "IIIII")
        self.obsolete = Struct(mark + "HHIIII")
        self.option = Struct(mark + "HH")
        self.version = Struct(mark + "4xHH")
        self.seconds = Struct(mark + "q")


_ORDERS: Final = {b"\x4d\x3c\x2b\x1a": _Order("<"), b"\x1a\x2b\x3c\x4d": _Order(">")}


@dataclass(frozen=True, slots=True)
class _Interface:
    """units: timestamps count so many a second; shift: to be added to them, in units."""

    linktype: int
    snaplen: int
    units: int
    shift: int

    def seconds(self, stamp: int) -> float:
        # Exact integers until the division: 10^127 units a second are allowed.
        return (stamp + self.shift) / self.units


class PcapngReader:
    """Reads the packets of one file.

    A simple packet block has no time of its own and takes that of the packet before it, 0.0 if
    it is the first. An interface of an unsupported link type is a fault only once a packet is
    from it.
    """

    def __init__(self, stream: FileStream) -> None:
        self._stream = stream
        self._order = _ORDERS[b"\x4d\x3c\x2b\x1a"]
        self._interfaces: list[_Interface] = []
        self._time = 0.0

    def packets(self) -> Iterator[Packet]:
        """Yield each packet; `SECTION_MAGIC` is read already.

        Raises CaptureFileError at the first block that breaks the format.
        """
        for kind, body in self._blocks():
            if kind in (_ENHANCED, _OBSOLETE):
                yield self._packet(kind, body)
            elif kind == _SIMPLE:
                yield self._simple_packet(body)
            elif kind == _INTERFACE:
                self._describe(body)
            elif kind == _SECTION:
                self._begin_section(body)

    def _blocks(self) -> Iterator[tuple[int, bytes]]:
        stream = self._stream
        head = SECTION_MAGIC + stream.take(8, "section header")
        while head:
            if head.startswith(SECTION_MAGIC):
                self._set_order(head[8:])
            kind, length = self._order.head.unpack_from(head)
            if length < 12 or length % 4 or length > FILE_BLOCK_BYTES:
                raise stream.fault(
                    f"block length {length} is impossible or above {FILE_BLOCK_BYTES}"
                )
            rest = head[8:] + stream.take(length - 12, "block")
            if rest[-4:] != head[4:8]:
                (again,) = self._order.word.unpack(rest[-4:])
                raise stream.fault(f"block length {length} is repeated as {again}")
            yield kind, rest[:-4]
            stream.offset += length
            head = stream.begin(12, "block header")

    def _set_order(self, magic: bytes) -> None:
        if magic not in _ORDERS:
            raise self._stream.fault(f"byte-order magic {magic.hex()} of a section is unknown")
        self._order = _ORDERS[magic]

    def _begin_section(self, body: bytes) -> None:
        self._need(body, 16, "section header")
        major, minor = self._order.version.unpack_from(body)
        if major != 1:
            raise self._stream.fault(f"pcapng version {major}.{minor} is not supported, only 1.x")
        self._interfaces = []

    def _describe(self, body: bytes) -> None:
        self._need(body, 8, "interface description")
        if len(self._interfaces) == FILE_INTERFACES:
            raise self._stream.fault(f"more than {FILE_INTERFACES} interfaces in a section")
        linktype, _, snaplen = self._order.interface.unpack_from(body)
        units, offset = 10**6, 0
        for code, value in self._options(body, 8):
            if code == _TSRESOL:
                self._need(value, 1, "if_tsresol")
                units = (2 if value[0] & 0x80 else 10) ** (value[0] & 0x7F)
            elif code == _TSOFFSET:
                self._need(value, 8, "if_tsoffset")
                (offset,) = self._order.seconds.unpack_from(value)
        self._interfaces.append(_Interface(linktype, snaplen, units, offset * units))

    def _packet(self, kind: int, body: bytes) -> Packet:
        self._need(body, 20, "packet block")
        if kind == _ENHANCED:
            number, high, low, size, original = self._order.enhanced.unpack_from(body)
        else:
            number, _, high, low, size, original = self._order.obsolete.unpack_from(body)
        interface = self._interface(number)
        frame, sent = self._frame(interface, body, 20, size)
        self._time = interface.seconds(high << 32 | low)
        options = 20 + size + -size % 4
        if options < len(body):
            sent |= self._outbound(body, options)
        return self._time, frame, sent, max(0, original - size)

    def _outbound(self, body: bytes, options: int) -> bool:
        direction = 0
        for code, value in self._options(body, options):
            if code == _FLAGS:
                self._need(value, 4, "flags option")
                direction = self._order.word.unpack_from(value)[0] & _DIRECTION
        return direction == _OUTBOUND

    def _simple_packet(self, body: bytes) -> Packet:
        self._need(body, 4, "simple packet block")
        interface = self._interface(0)
        (original,) = self._order.word.unpack_from(body)
        size = min(original, interface.snaplen or original)
        frame, sent = self._frame(interface, body, 4, size)
        return self._time, frame, sent, original - size

    def _interface(self, number: int) -> _Interface:
        if number >= len(self._interfaces):
            raise self._stream.fault(f"packet of interface {number}, which is not described")
        return self._interfaces[number]

    def _frame(
        self, interface: _Interface, body: bytes, start: int, size: int
    ) -> tuple[bytes, bool]:
        if size > len(body) - start:
            raise self._stream.fault(f"captured length {size} is more than its block holds")
        link = LINKS.get(interface.linktype)
        if link is None:
            raise self._stream.fault(f"linktype {interface.linktype} {UNSUPPORTED}")
        return link(body[start : start + size])

    def _options(self, body: bytes, at: int) -> Iterator[tuple[int, bytes]]:
        while at < len(body):
            code, length = self._order.option.unpack_from(body, at)
            if code == 0:
                return
            at += 4
            if length > len(body) - at:
                raise self._stream.fault(f"option {code} reaches beyond its block")
            yield code, body[at : at + length]
            at += length + -length % 4

    def _need(self, data: bytes, size: int, what: str) -> None:
        if len(data) < size:
            raise self._stream.fault(f"{what} of {len(data)} bytes, not {size}")

"""DNS messages (RFC 1035, 4), as far as multicast DNS and DNS UPDATE need them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from struct import Struct, error
from typing import Final, NamedTuple

from . import dns_names
from .dns_names import HEADER_LENGTH, Names, name_end
from .reader import DissectError, Reader

REASONS: Final = (*dns_names.REASONS, "records", "option_length")

DNS_RECORDS: Final = 256
"""Questions and records in one message: a frame of 1,500 bytes holds 120 of the shortest."""

TYPE_A: Final = 1
TYPE_PTR: Final = 12
TYPE_AAAA: Final = 28
TYPE_SRV: Final = 33
CLASS_IN: Final = 1
_TYPE_OPT = 41

_FLUSH = 0x8000
_OPTION_LEASE, _OPTION_OWNER = 2, 4
_LEASE_LENGTHS = (4, 8)
_OWNER_LENGTHS = (8, 14, 18, 20)

_COUNTS = Struct(">6H")
_QUESTION = Struct(">HH")
_RECORD = Struct(">HHIH")


@dataclass(frozen=True, slots=True)
class Owner:
    """The EDNS0 Owner option (draft-cheshire-edns0-owner-option): who is meant, and which wake.

    sequence    0 to 255, one more with each wake
    host_mac    names the machine, whatever interface it uses
    wakeup_mac  where to send its magic packet; the host's where the option gives none
    """

    sequence: int
    host_mac: int
    wakeup_mac: int


class Question(NamedTuple):
    """One question; `name` is an offset for Names, `class_` without the unicast-response bit."""

    name: int
    type: int
    class_: int
    unicast: bool


class Record(NamedTuple):
    """One resource record.

    name        offset for Names
    class_      without the top bit, which multicast DNS uses: `flush` (RFC 6762, 10.2)
    ttl         seconds, as sent; of an OPT record something else
    start, end  where in the message its data is; within the message, but else unchecked
    """

    name: int
    type: int
    class_: int
    flush: bool
    ttl: int
    start: int
    end: int


Records = tuple[Record, ...]


@dataclass(frozen=True, slots=True)
class Message:
    """One message; sections are named as in a query, DNS UPDATE names them otherwise.

    owner, lease  the first such option of the OPT records; `lease` in seconds (RFC 9664)
    """

    data: bytes
    id: int
    flags: int
    questions: tuple[Question, ...]
    answers: Records
    authorities: Records
    additionals: Records
    owner: Owner | None
    lease: int | None
    names: Names = field(compare=False, repr=False)

    @property
    def response(self) -> bool:
        """Tell whether it answers (QR)."""
        return bool(self.flags & 0x8000)

    @property
    def opcode(self) -> int:
        """Return the kind of message: 0 query, 5 update."""
        return self.flags >> 11 & 0xF

    @property
    def rcode(self) -> int:
        """Return the header's response code, 0 when all is well."""
        return self.flags & 0xF

    def rdata(self, record: Record) -> bytes:
        """Return the record's data."""
        return self.data[record.start : record.end]


def decode(payload: bytes) -> Message:
    """Read a message up to its last record; bytes behind that are nobody's.

    Names are checked when they are asked for (`names`), apart from where they end. Raises
    DissectError with one of REASONS.
    """
    try:
        id_, flags, *counts = _COUNTS.unpack_from(payload)
        if sum(counts) > DNS_RECORDS:
            raise DissectError("records")
        questions, offset = _questions(payload, counts[0])
        answers, offset = _records(payload, offset, counts[1])
        authorities, offset = _records(payload, offset, counts[2])
        additionals, offset = _records(payload, offset, counts[3])
    except error as short:
        raise DissectError("truncated") from short
    owner, lease = _options(payload, additionals)
    sections = questions, answers, authorities, additionals
    return Message(payload, id_, flags, *sections, owner, lease, Names(payload))


def _questions(data: bytes, count: int) -> tuple[tuple[Question, ...], int]:
    questions = []
    offset = HEADER_LENGTH
    for _ in range(count):
        fields = name_end(data, offset)
        type_, class_ = _QUESTION.unpack_from(data, fields)
        questions.append(Question(offset, type_, class_ & ~_FLUSH, class_ >= _FLUSH))
        offset = fields + _QUESTION.size
    return tuple(questions), offset


def _records(data: bytes, offset: int, count: int) -> tuple[Records, int]:
    records = []
    for _ in range(count):
        fields = name_end(data, offset)
        type_, class_, ttl, length = _RECORD.unpack_from(data, fields)
        start = fields + _RECORD.size
        end = start + length
        if end > len(data):
            raise DissectError("truncated")
        records.append(Record(offset, type_, class_ & ~_FLUSH, class_ >= _FLUSH, ttl, start, end))
        offset = end
    return tuple(records), offset


def _options(data: bytes, additionals: Sequence[Record]) -> tuple[Owner | None, int | None]:
    """Find the Owner and the Lease in the options (RFC 6891, 6.1.2); others are passed over."""
    owner, lease = None, None
    for record in additionals:
        if record.type != _TYPE_OPT or data[record.name]:
            continue
        reader = Reader(data, record.start, record.end)
        while reader.remaining:
            code, value = _option(reader)
            if code == _OPTION_OWNER and owner is None:
                owner = _owner(value)
            elif code == _OPTION_LEASE and lease is None and len(value) in _LEASE_LENGTHS:
                lease = int.from_bytes(value[:4])
    return owner, lease


def _option(reader: Reader) -> tuple[int, bytes]:
    try:
        return reader.u16(), reader.take(reader.u16())
    except DissectError as short:
        raise DissectError("option_length") from short


def _owner(value: bytes) -> Owner | None:
    """Read version, sequence, host MAC [, wakeup MAC [, password]]; None where it names nobody."""
    if len(value) not in _OWNER_LENGTHS:
        return None
    reader = Reader(value)
    version, sequence, host_mac = reader.u8(), reader.u8(), reader.mac()
    if version or not host_mac:
        return None
    return Owner(sequence, host_mac, reader.mac() if reader.remaining else host_mac)

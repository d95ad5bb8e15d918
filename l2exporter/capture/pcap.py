"""Capture files as a source of frames: pcap here, pcapng and gzip in the files beside it.

    file header    magic 4, version 2 + 2, zone 4, accuracy 4, snapshot length 4, link type 4
    record header  seconds 4, fraction 4, captured 4, original 4; then the captured bytes

(draft-ietf-opsawg-pcap, sections 4 and 5; the magic tells byte order and unit of the fraction.)
"""

from __future__ import annotations

from struct import Struct
from typing import TYPE_CHECKING, Final

import numpy as np

from ..dissect.ethernet import MAX_INLINE_TAGS
from ..dissect.frames import SNAPLEN, UNTAGGED, WHOLE_SNAPLEN, Frames, Whole
from ..errors import CaptureFileError
from ..limits import FILE_BATCH_FRAMES, FILE_BATCH_SECONDS, FILE_PACKET_BYTES
from .candidates import is_candidate
from .cooked import LINKS, UNSUPPORTED, Packet
from .filestream import DAMAGE, FileStream, open_stream
from .pcapng import SECTION_MAGIC, PcapngReader

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_MAGICS: Final = {
    b"\xd4\xc3\xb2\xa1": ("<", 1e6),
    b"\xa1\xb2\xc3\xd4": (">", 1e6),
    b"\x4d\x3c\xb2\xa1": ("<", 1e9),
    b"\xa1\xb2\x3c\x4d": (">", 1e9),
}
_KUZNETZOV: Final = (b"\x34\xcd\xb2\xa1", b"\xa1\xb2\xcd\x34")


def read_frames(
    path: str, *, progress: Callable[[int, int], None] | None = None
) -> Iterator[Frames]:
    """Batches of a capture file's frames, in file order, at most 4096 frames and 1 s each.

    All frames are in the columns, not only ARP; those that the slow lane would take are in `whole`
    too. Tags are in the data, so `tci` is UNTAGGED throughout.
    `sent` is what the file says of the direction. `time` is the file's, in its order, which may
    go back (below zero with a hostile if_tsoffset); `now` is the latest so far, from 0.0 on.
    Cooked frames look as `cooked` says. `progress` is called after each batch with the bytes
    read so far and the size of the file on disk.

    Reads pcap (2.4) and pcapng (1.x), also gzip-compressed, link types as in `cooked.LINKS`.
    Raises CaptureFileError where the file cannot be opened, is foreign or breaks its format,
    after the frames before that place.
    """
    with open_stream(path) as stream:
        for batch in _batches(_packets(stream)):
            yield batch
            if progress is not None:
                progress(stream.on_disk, stream.total)


def _batches(packets: Iterator[Packet]) -> Iterator[Frames]:
    now, until = 0.0, 0.0
    rows: list[bytes] = []
    times: list[float] = []
    sents: list[bool] = []
    whole: list[Whole] = []
    fault: CaptureFileError | None = None
    try:
        for time, frame, sent, missing in packets:
            if rows and (time > until or len(rows) == FILE_BATCH_FRAMES):
                yield _batch(rows, times, sents, whole, now)
                rows, times, sents, whole = [], [], [], []
            now = max(now, time)
            if not rows:
                until = now + FILE_BATCH_SECONDS
            rows.append(frame[:SNAPLEN])
            times.append(time)
            sents.append(sent)
            if is_candidate(frame, MAX_INLINE_TAGS):
                size = len(frame) + missing
                whole.append(Whole(frame[:WHOLE_SNAPLEN], size, UNTAGGED, sent, time))
    except CaptureFileError as error:
        fault = error
    if rows:
        yield _batch(rows, times, sents, whole, now)
    if fault is not None:
        raise fault


def _batch(
    rows: list[bytes], times: list[float], sents: list[bool], whole: list[Whole], now: float
) -> Frames:
    padded = bytearray().join([row.ljust(SNAPLEN, b"\0") for row in rows])
    return Frames(
        data=np.frombuffer(padded, np.uint8).reshape(-1, SNAPLEN),
        captured=np.array([len(row) for row in rows], np.int32),
        tci=np.full(len(rows), UNTAGGED, np.int32),
        sent=np.array(sents, np.bool_),
        time=np.array(times, np.float64),
        now=now,
        whole=tuple(whole),
    )


def _packets(stream: FileStream) -> Iterator[Packet]:
    try:
        magic = stream.read(4)
        if magic == SECTION_MAGIC:
            yield from PcapngReader(stream).packets()
        elif magic in _MAGICS:
            yield from _pcap_packets(stream, *_MAGICS[magic])
        else:
            raise stream.fault(_foreign(magic))
    except DAMAGE as error:
        raise stream.damage(error) from error


def _foreign(magic: bytes) -> str:
    if not magic:
        return "the file is empty"
    if magic in _KUZNETZOV:
        return "modified pcap (magic a1b2cd34) is not supported: convert it to pcapng"
    return f"not a pcap or pcapng file: starts with {magic.hex()}"


def _pcap_packets(stream: FileStream, order: str, units: float) -> Iterator[Packet]:
    link = LINKS[_pcap_linktype(stream, order)]
    stream.offset = 24
    unpack = Struct(order + "IIII").unpack
    while header := stream.begin(16, "record header"):
        seconds, fraction, size, original = unpack(header)
        if size > FILE_PACKET_BYTES:
            raise stream.fault(f"captured length {size} is above {FILE_PACKET_BYTES}")
        frame, sent = link(stream.take(size, "record"))
        yield seconds + fraction / units, frame, sent, max(0, original - size)
        stream.offset += 16 + size


def _pcap_linktype(stream: FileStream, order: str) -> int:
    header = stream.take(20, "file header")
    major, minor, linktype = Struct(order + "HH12xI").unpack(header)
    if (major, minor) != (2, 4):
        # Up to 2.3 the two lengths of a record may be swapped.
        raise stream.fault(f"pcap version {major}.{minor} is not supported, only 2.4")
    linktype &= 0xFFFF  # above it: the length of a frame check sequence
    if linktype not in LINKS:
        raise stream.fault(f"linktype {linktype} {UNSUPPORTED}")
    return int(linktype)

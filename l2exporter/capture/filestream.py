"""The bytes of a capture file, uncompressed as they are read, and faults that say where."""

from __future__ import annotations

import io
import os
import zlib
from contextlib import contextmanager
from typing import TYPE_CHECKING, BinaryIO, Final

from ..errors import CaptureFileError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from _typeshed import WriteableBuffer

_GZIP_MAGIC: Final = b"\x1f\x8b"
_GZIP_WBITS: Final = 16 + zlib.MAX_WBITS

_BUFFER: Final = 1 << 17
"""Bytes asked for at a time; more gains nothing measurable."""

DAMAGE: Final = (OSError, EOFError, zlib.error)
"""What reading a stream may raise besides CaptureFileError: the disk's and gzip's own faults."""


@contextmanager
def open_stream(path: str) -> Iterator[FileStream]:
    """The file at `path`, gunzipped if it begins like gzip, whatever its name.

    Raises CaptureFileError with offset 0 if it cannot be opened or read.
    """
    try:
        disk: io.BufferedReader = io.BufferedReader(io.FileIO(path), _BUFFER)
    except OSError as error:
        raise CaptureFileError(path, 0, error.strerror or str(error)) from error
    with disk:
        yield FileStream(path, disk)


class FileStream:
    """Reads a capture file's data record by record.

    offset  where the record that is being read begins, in bytes of the uncompressed data;
            whoever reads the records moves it on
    total   size of the file on disk, bytes; 0 for a pipe
    """

    __slots__ = ("_gunzip", "offset", "path", "read", "total")

    def __init__(self, path: str, disk: io.BufferedReader) -> None:
        self.path = path
        self.offset = 0
        self.total = os.fstat(disk.fileno()).st_size
        self._gunzip: _Gunzip | None = None
        try:
            if disk.peek(2).startswith(_GZIP_MAGIC):
                self._gunzip = _Gunzip(disk)
        except OSError as error:
            raise self.damage(error) from error
        self.read = (io.BufferedReader(self._gunzip, _BUFFER) if self._gunzip else disk).read

    @property
    def on_disk(self) -> int:
        """How many bytes of the file on disk the records so far have taken, about."""
        return self._gunzip.taken if self._gunzip else self.offset

    def begin(self, size: int, what: str) -> bytes:
        """Like `take`, but empty at the end of the data: there may be no further record."""
        data = self.read(size)
        if data and len(data) < size:
            raise self._truncated(data, size, what)
        return data

    def take(self, size: int, what: str) -> bytes:
        """Exactly `size` bytes of `what`; raises CaptureFileError if the data end before."""
        data = self.read(size)
        if len(data) < size:
            raise self._truncated(data, size, what)
        return data

    def _truncated(self, data: bytes, size: int, what: str) -> CaptureFileError:
        return self.fault(f"truncated {what}: {len(data)} of {size} bytes")

    def fault(self, problem: str) -> CaptureFileError:
        """The error that names this file and the record that is being read."""
        where = " (offset of the uncompressed data)" if self._gunzip else ""
        return CaptureFileError(self.path, self.offset, problem + where)

    def damage(self, error: Exception) -> CaptureFileError:
        """The same for one of DAMAGE, which `read`, `begin` and `take` let through."""
        if isinstance(error, OSError):
            return self.fault(error.strerror or str(error))
        return self.fault(f"the gzip stream is damaged: {error}")


class _Gunzip(io.RawIOBase):
    """gzip members one after the other (RFC 1952, 2.2), zero padding between and after them.

    Unlike gzip.GzipFile it hands out every byte before a damaged place before it raises. Raises
    zlib.error where the stream is damaged, EOFError where it is cut off.
    """

    def __init__(self, disk: BinaryIO) -> None:
        self.taken = 0
        self._disk = disk
        self._input = b""
        self._step = _BUFFER
        self._member = zlib.decompressobj(_GZIP_WBITS)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        view = memoryview(buffer).cast("B")
        while not self._member.eof or self._next_member():
            ending = not self._refill()
            data = self._inflate(min(len(view), _BUFFER))
            if data:
                view[: len(data)] = data
                return len(data)
            if ending:
                raise EOFError("it is cut off")
        return 0

    def _refill(self) -> bool:
        if not self._input:
            self._input = self._disk.read(_BUFFER)
            self.taken += len(self._input)
        return bool(self._input)

    def _next_member(self) -> bool:
        while self._refill():
            self._input = self._input.lstrip(b"\0")
            if self._input:
                self._member = zlib.decompressobj(_GZIP_WBITS)
                return True
        return False

    def _inflate(self, size: int) -> bytes:
        """At most `size` bytes more; zlib drops the output of a call that fails, so halve it."""
        while True:
            before = self._member.copy()
            try:
                data = self._member.decompress(self._input[: self._step], size)
            except zlib.error:
                if self._step == 1:
                    raise
                self._member, self._step = before, self._step // 2
            else:
                rest = self._member.unused_data or self._member.unconsumed_tail
                self._input = rest + self._input[self._step :]
                return data

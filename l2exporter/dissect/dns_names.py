"""Names in DNS messages (RFC 1035, 4.1.4): read where they are asked for, each place once."""

from __future__ import annotations

from typing import Final

from .reader import DissectError

REASONS: Final = ("truncated", "label", "pointer", "name_length", "compression")

HEADER_LENGTH: Final = 12
NAME_LENGTH: Final = 255
"""Bytes of the longest name, its root included (RFC 1035, 2.3.4)."""
RUNS: Final = 128
"""Pieces that pointers may make a name of: a name has at most 127 labels and a root."""
EXPANSION: Final = 4
"""Bytes of names that are read, for each byte of the message.

Compression saves bytes by pointing at a name that was read before, which costs nothing again:
real messages stay below one. What is far above is made to be expensive.
"""

_POINTER = 0xC0
_LONGEST_LABEL = 63
_ESCAPED = [chr(byte) if 0x20 <= byte < 0x7F else f"\\x{byte:02x}" for byte in range(256)]
_ESCAPED[ord("\\")] = "\\\\"


def run_end(data: bytes, start: int) -> int:
    """Return where the labels that begin at `start` stop: at a root or at a pointer."""
    offset, last = start, start + NAME_LENGTH - 1
    try:
        while 0 < (length := data[offset]) < _POINTER:
            if length > _LONGEST_LABEL:
                raise DissectError("label")
            offset += length + 1
            if offset > last:
                raise DissectError("name_length")
    except IndexError as error:
        raise DissectError("truncated") from error
    return offset


def name_end(data: bytes, start: int) -> int:
    """Return where the bytes of the name at `start` end; what it points at is not looked at."""
    end = run_end(data, start)
    return end + (2 if data[end] else 1)


def label_text(label: bytes) -> str:
    """Return a label to show: UTF-8, with backslashes doubled.

    One that is not UTF-8 throughout, or has characters that cannot be printed, shows its ASCII
    alone, and its other bytes as `\\xNN`. Different labels have different texts.
    """
    text = label.decode(errors="surrogateescape")  # surrogates are not printable
    if text.isprintable():
        return text.replace("\\", "\\\\")
    return "".join([_ESCAPED[byte] for byte in label])


def labels_of(wire: bytes) -> list[bytes]:
    """Split an uncompressed name into its labels, without the root."""
    labels = []
    offset = 0
    while length := wire[offset]:
        offset += length + 1
        labels.append(wire[offset - length : offset])
    return labels


class Names:
    """The names of one message, at most EXPANSION bytes of them for each byte of `data`.

    spent  bytes of labels and pointers that were walked, and of names that were made text
    """

    __slots__ = ("_data", "_texts", "_wires", "spent")

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._wires: dict[int, bytes] = {}
        self._texts: dict[bytes, str] = {}
        self.spent = 0

    def wire(self, offset: int) -> bytes:
        """Return the name at `offset` without compression: lengths, labels and the root.

        Its `lower()` is the form to compare: lengths are below the letters' codes. Pointers lead
        backwards only, so that no name goes round in circles.
        """
        known = self._wires
        wire = known.get(offset)
        runs: list[tuple[int, bytes]] = []
        while wire is None:
            start, end = offset, run_end(self._data, offset)
            self._spend(end - start + 2)
            runs.append((start, self._data[start:end]))
            if self._data[end]:
                offset = self._target(end, start, len(runs))
                wire = known.get(offset)
            else:
                wire = b"\0"
        for start, run in reversed(runs):
            wire = run + wire
            if len(wire) > NAME_LENGTH:
                raise DissectError("name_length")
            known[start] = wire
        return wire

    def _target(self, pointer: int, start: int, runs: int) -> int:
        """Return where `pointer` leads: in front of `start`, where the run that it ends begins."""
        word = self._data[pointer : pointer + 2]
        if len(word) < 2:
            raise DissectError("truncated")
        target = int.from_bytes(word) & 0x3FFF
        if runs >= RUNS or not HEADER_LENGTH <= target < start:
            raise DissectError("pointer")
        return target

    def text(self, wire: bytes) -> str:
        """Return a name to show: its labels' texts, with dots in them escaped (RFC 1035, 5.1)."""
        text = self._texts.get(wire)
        if text is None:
            self._spend(len(wire))
            labels = labels_of(wire)
            text = label_text(b".".join(labels))
            if "\\" in text or text.count(".") >= len(labels):
                self._spend(2 * len(wire))  # one label after the other takes as much longer
                text = ".".join([label_text(label).replace(".", "\\.") for label in labels])
            self._texts[wire] = text
        return text

    def _spend(self, count: int) -> None:
        self.spent += count
        if self.spent > EXPANSION * len(self._data):
            raise DissectError("compression")

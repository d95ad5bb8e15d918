"""Attributes as numbers and names, and what becomes of a message that cannot be believed."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from typing import TypeVar

from ..errors import KernelError
from .messages import Message
from .tally import Tally

Attributes = Mapping[int, bytes]
Row = TypeVar("Row")


def believed(
    parse: Callable[[Message], Row | None], tally: Tally
) -> Callable[[Message], Row | None]:
    """`parse` for a dump that goes on without the rows it cannot read, counted as malformed."""

    def lenient(message: Message) -> Row | None:
        try:
            return parse(message)
        except KernelError:
            tally.malformed += 1
            return None

    return lenient


def number(found: Attributes, kind: int, size: int) -> int:
    """An unsigned number of `size` bytes in the host's order; KernelError when it is not there."""
    payload = found.get(kind, b"")
    if len(payload) != size:
        raise KernelError(f"netlink: attribute {kind} has {len(payload)} bytes of {size}")
    return int.from_bytes(payload, sys.byteorder)


def number_if_any(found: Attributes, kind: int, size: int) -> int | None:
    """The same of an attribute that older kernels lack: None then."""
    return number(found, kind, size) if kind in found else None


def flag_if_any(found: Attributes, kind: int) -> bool | None:
    """A switch of one byte that older kernels lack: None then."""
    return bool(number(found, kind, 1)) if kind in found else None


def device_name(found: Attributes, kind: int) -> str:
    """A device's name, fit to be a label (UTF-8 always); KernelError when there is none."""
    name = found.get(kind, b"").partition(b"\0")[0].decode(errors="backslashreplace")
    if not name:
        raise KernelError("netlink: a device comes without a name")
    return name

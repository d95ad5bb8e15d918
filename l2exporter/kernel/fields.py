"""What becomes of attributes that are missing or odd, and of messages that have such."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from typing import TypeVar

from ..errors import KernelError
from .messages import Message
from .tally import Tally

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


def required(values: Mapping[int, int], kind: int) -> int:
    """A number that every kernel gives; KernelError when it is missing."""
    if kind not in values:
        raise KernelError(f"netlink: attribute {kind} is missing")
    return values[kind]


def switch(values: Mapping[int, int], kind: int) -> bool | None:
    """A setting that is on or off; None where the kernel lacks it."""
    return bool(values[kind]) if kind in values else None


def number(found: Mapping[int, bytes], kind: int, size: int) -> int:
    """An unsigned number of `size` bytes in the host's order; KernelError when it is not there."""
    payload = found.get(kind, b"")
    if len(payload) != size:
        raise KernelError(f"netlink: attribute {kind} has {len(payload)} bytes of {size}")
    return int.from_bytes(payload, sys.byteorder)


def device_name(found: Mapping[int, bytes], kind: int) -> str:
    """A device's name, fit to be a label (UTF-8 always); KernelError when there is none."""
    name = found.get(kind, b"").partition(b"\0")[0].decode(errors="backslashreplace")
    if not name:
        raise KernelError("netlink: a device comes without a name")
    return name

"""The internet checksum (RFC 1071), of a message that carries its own."""

from __future__ import annotations

from .reader import Address


def holds(message: bytes, pseudo: int = 0) -> bool:
    """Tell whether the ones' complement sum of `message` and of `pseudo` is all ones.

    A big-endian number modulo 2**16 - 1 is the ones' complement sum of its 16-bit words, so one
    division does it. A message of nothing but zeros, which no protocol here can be, passes too.
    """
    padded = int.from_bytes(message) << 8 * (len(message) & 1)
    return (padded + pseudo) % 0xFFFF == 0


def pseudo_header(source: Address, destination: Address, protocol: int, length: int) -> int:
    """Return what addresses, protocol and length add to the sum (RFC 8200, 8.1; RFC 793, 3.1)."""
    return int(source) + int(destination) + protocol + length

"""A cursor that does every dissector's bounds checks, and the one error they raise."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address

Address = IPv4Address | IPv6Address


class DissectError(Exception):
    """A packet that cannot be believed; `reason` is one of its protocol's REASONS."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Reader:
    """Reads `data` from `start` up to `end` (its length when None), in network byte order.

    Every read moves `position` on, or raises DissectError("truncated") and leaves it. So does
    the constructor where the share does not lie within the data.
    """

    __slots__ = ("data", "end", "position")

    def __init__(self, data: bytes, start: int = 0, end: int | None = None) -> None:
        self.data = data
        self.position = start
        self.end = len(data) if end is None else end
        if not 0 <= start <= self.end <= len(data):
            raise DissectError("truncated")

    @property
    def remaining(self) -> int:
        """Return how many bytes are left."""
        return self.end - self.position

    def take(self, count: int) -> bytes:
        """Return the next `count` bytes."""
        start = self.position
        self.skip(count)
        return self.data[start : self.position]

    def skip(self, count: int) -> None:
        """Pass over the next `count` bytes."""
        if not 0 <= count <= self.end - self.position:
            raise DissectError("truncated")
        self.position += count

    def u8(self) -> int:
        """Return the next byte."""
        return self.take(1)[0]

    def u16(self) -> int:
        """Return the next two bytes as a number."""
        return int.from_bytes(self.take(2))

    def u32(self) -> int:
        """Return the next four bytes as a number."""
        return int.from_bytes(self.take(4))

    def mac(self) -> int:
        """Return the next six bytes as a number."""
        return int.from_bytes(self.take(6))

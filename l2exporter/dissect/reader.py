"""A cursor that does every dissector's bounds checks, and the one error they raise."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address

Address = IPv4Address | IPv6Address


class DissectError(Exception):
    """A packet that cannot be believed; `reason` is one of its protocol's REASONS."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason

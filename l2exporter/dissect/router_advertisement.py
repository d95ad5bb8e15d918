"""Router advertisements (RFC 4861, 4.2; RFC 4191; RFC 8106)."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv6Address, IPv6Network


@dataclass(frozen=True, slots=True)
class RouterAdvertisement:
    """One advertisement; `lifetime` in seconds, 0 when the sender is no default router.

    source      the router's link-local address
    mac         source link-layer address option; None where it is missing
    preference  `low`, `medium` or `high` (RFC 4191, 2.1)
    """

    source: IPv6Address
    mac: int | None
    lifetime: int
    managed: bool
    other: bool
    preference: str
    prefixes: tuple[IPv6Network, ...]
    dns_servers: tuple[IPv6Address, ...]

"""DHCP for IPv4 (RFC 2131, options of RFC 2132)."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Address


@dataclass(frozen=True, slots=True)
class Dhcp:
    """One message; what it does not say is None or empty.

    type       `discover`, `offer`, `request`, `decline`, `ack`, `nak`, `release` or `inform`
    client_mac chaddr
    client_id  option 61 as it is, type byte included
    client_ip  ciaddr; your_ip  yiaddr; requested_ip  option 50; server_id  option 54
    lease      seconds, option 51; host_name  option 12, what is not UTF-8 escaped
    """

    type: str
    xid: int
    client_mac: int
    client_id: bytes = b""
    client_ip: IPv4Address | None = None
    your_ip: IPv4Address | None = None
    requested_ip: IPv4Address | None = None
    server_id: IPv4Address | None = None
    routers: tuple[IPv4Address, ...] = ()
    dns_servers: tuple[IPv4Address, ...] = ()
    lease: int | None = None
    host_name: str = ""

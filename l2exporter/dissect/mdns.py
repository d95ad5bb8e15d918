"""Multicast DNS (RFC 6762): sleep proxies, addresses of hosts, and who sends."""

from __future__ import annotations

from dataclasses import dataclass

from .dns import Owner
from .reader import Address


@dataclass(frozen=True, slots=True)
class ProxyName:
    """`TT-PP-MM-PW.F nicename`, the instance name of a `_sleep-proxy._udp` service."""

    intent: int
    portability: int
    marginal_power: int
    total_power: int
    features: int | None
    nicename: str


@dataclass(frozen=True, slots=True)
class ProxyOffer:
    """A sleep proxy says that it is there; `ttl` in seconds, 0 when it goes.

    instance  the whole instance label as text, what is not UTF-8 escaped
    name      decoded; None where it does not follow the form
    port      of the SRV record; None where the packet has none
    """

    instance: str
    name: ProxyName | None
    port: int | None
    ttl: int


@dataclass(frozen=True, slots=True)
class HostAddress:
    """An A or AAAA record of a response; `ttl` in seconds, 0 says goodbye."""

    host: str
    ip: Address
    ttl: int
    flush: bool


@dataclass(frozen=True, slots=True)
class Mdns:
    """What one packet tells of who is where."""

    response: bool
    proxies: tuple[ProxyOffer, ...] = ()
    addresses: tuple[HostAddress, ...] = ()
    owner: Owner | None = None

"""Multicast DNS (RFC 6762): sleep proxies, addresses of hosts, and who sends."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address
from itertools import chain
from typing import Final

from . import dns
from .dns import CLASS_IN, TYPE_A, TYPE_AAAA, TYPE_PTR, TYPE_SRV, Message, Owner, Record
from .dns_names import label_text, name_end
from .reader import Address, DissectError

REASONS: Final = (*dns.REASONS, "opcode", "rcode", "rdata_length")

_SERVICE = b"\x0c_sleep-proxy\x04_udp\x05local\x00"
_PROXY_NAME = re.compile(r"(\d\d)-(\d\d)-(\d\d)-(\d\d)(?:\.(\d{1,5}))?(?: (.*))?", re.ASCII)
_ADDRESS_LENGTHS = {TYPE_A: 4, TYPE_AAAA: 16}
_PORT = slice(4, 6)
_SHORTEST_SRV = 7


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
    port      of the SRV record, and `host`, whose addresses are the proxy's; None where the packet
              has none
    """

    instance: str
    name: ProxyName | None
    port: int | None
    ttl: int
    host: str | None = None


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


def proxy_name(instance: str) -> ProxyName | None:
    """Read an instance name; the ` (2)` that tells two equal ones apart stays in the nicename."""
    match = _PROXY_NAME.fullmatch(instance)
    if match is None:
        return None
    *figures, features, nicename = match.groups()
    intent, portability, marginal, total = map(int, figures)
    flags = None if features is None else int(features)
    return ProxyName(intent, portability, marginal, total, flags, nicename or "")


def decode(payload: bytes) -> Mdns:
    """Read one packet. Raises DissectError with one of REASONS.

    Who asks tells nothing but its Owner: its known answers are what others said, and what it
    probes for is not yet its own. Receivers ignore other opcodes and response codes (RFC 6762,
    18.3 and 18.11), so they are no multicast DNS here.
    """
    message = dns.decode(payload)
    if message.opcode:
        raise DissectError("opcode")
    if message.rcode:
        raise DissectError("rcode")
    if not message.response:
        return Mdns(response=False, owner=message.owner)
    said = [record for record in chain(message.answers, message.additionals) if _ours(record)]
    addresses = tuple(_addresses(message, said))
    return Mdns(True, tuple(_proxies(message, said)), addresses, message.owner)


def _ours(record: Record) -> bool:
    return record.class_ == CLASS_IN


def _addresses(message: Message, said: list[Record]) -> Iterator[HostAddress]:
    names = message.names
    for record in said:
        length = _ADDRESS_LENGTHS.get(record.type)
        if length is None:
            continue
        if record.end - record.start != length:
            raise DissectError("rdata_length")
        rdata = message.rdata(record)
        ip: Address = IPv4Address(rdata) if length == 4 else IPv6Address(rdata)
        yield HostAddress(names.text(names.wire(record.name)), ip, record.ttl, record.flush)


def _proxies(message: Message, said: list[Record]) -> Iterator[ProxyOffer]:
    """Find the instances that the service's name points at (RFC 6763, 4.1)."""
    services: dict[bytes, Record] | None = None
    for record in said:
        if record.type != TYPE_PTR or message.names.wire(record.name).lower() != _SERVICE:
            continue
        if name_end(message.data, record.start) != record.end:
            raise DissectError("rdata_length")
        wire = message.names.wire(record.start)
        label, parent = wire[1 : wire[0] + 1], wire[wire[0] + 1 :]
        if parent.lower() != _SERVICE:
            continue
        if services is None:
            services = _services(message, said)
        instance = label_text(label)
        port, host = _served(message, services.get(wire.lower()))
        yield ProxyOffer(instance, proxy_name(instance), port, record.ttl, host)


def _services(message: Message, said: list[Record]) -> dict[bytes, Record]:
    """Return the SRV record of each service instance in lower case (RFC 2782)."""
    services = {}
    for record in said:
        if record.type == TYPE_SRV:
            if record.end - record.start < _SHORTEST_SRV:
                raise DissectError("rdata_length")
            services[message.names.wire(record.name).lower()] = record
    return services


def _served(message: Message, service: Record | None) -> tuple[int | None, str | None]:
    """Return port and host of an SRV record."""
    if service is None:
        return None, None
    host = service.start + _PORT.stop
    if name_end(message.data, host) != service.end:
        raise DissectError("rdata_length")
    port = int.from_bytes(message.rdata(service)[_PORT])
    return port, message.names.text(message.names.wire(host))

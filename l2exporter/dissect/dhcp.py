"""DHCP for IPv4 (RFC 2131, options of RFC 2132)."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Address
from struct import Struct
from typing import Final

from .datagrams import Datagram
from .reader import DissectError, Reader

UDP_PORTS: Final = frozenset({67, 68})

TYPES: Final = ("discover", "offer", "request", "decline", "ack", "nak", "release", "inform")
"""Message types 1 to 8 (RFC 2132, 9.6); later ones are no part of an address's story."""

REASONS: Final = ("truncated", "operation", "hardware", "option_length")
"""Why a message cannot be believed.

operation      neither a request nor a reply, or not the one that its type has to be
hardware       a client that is not on Ethernet
option_length  an option that is not as long as its kind must be
"""

TEXT_BYTES: Final = 255
"""Kept of a client id or host name: a whole option, and more than a legal name has. Fragments of
one option may add up to a packet (RFC 3396), and what is kept is remembered."""

_HEADER: Final = Struct(">BBBxI4x4s4s8x6s10x")
_SERVER_NAME, _FILE, _COOKIE, _OPTIONS = 44, 108, 236, 240
_MAGIC: Final = b"\x63\x82\x53\x63"
_REQUEST, _REPLY = 1, 2
_REPLIES: Final = frozenset({"offer", "ack", "nak"})
_ETHERNET: Final = ((1, 6), (6, 6))
_PAD, _END = 0, 255
_ROUTERS, _DNS_SERVERS, _HOST_NAME = 3, 6, 12
_REQUESTED, _LEASE, _OVERLOAD, _TYPE, _SERVER, _CLIENT_ID = 50, 51, 52, 53, 54, 61
_LENGTHS: Final = {_REQUESTED: 4, _LEASE: 4, _OVERLOAD: 1, _TYPE: 1, _SERVER: 4}
_LISTS: Final = (_ROUTERS, _DNS_SERVERS)
_WANTED: Final = frozenset({*_LENGTHS, *_LISTS, _HOST_NAME, _CLIENT_ID})

Options = dict[int, bytearray]


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


def decode(datagram: Datagram) -> Dhcp | None:
    """Read a message; None for BOOTP (RFC 951), which has no type, and for types not in TYPES.

    Raises DissectError with one of REASONS.
    """
    payload = datagram.payload
    if len(payload) < _COOKIE:
        raise DissectError("truncated")
    operation, *hardware, xid, client_ip, your_ip, client_mac = _HEADER.unpack_from(payload)
    if operation not in (_REQUEST, _REPLY):
        raise DissectError("operation")
    if tuple(hardware) not in _ETHERNET:
        raise DissectError("hardware")
    if payload[_COOKIE:_OPTIONS] != _MAGIC:
        return None
    options = _options(payload)
    number = int.from_bytes(options.get(_TYPE, b""))
    if not 1 <= number <= len(TYPES):
        return None
    kind = TYPES[number - 1]
    if operation != (_REPLY if kind in _REPLIES else _REQUEST):
        raise DissectError("operation")
    return Dhcp(
        type=kind,
        xid=xid,
        client_mac=int.from_bytes(client_mac),
        client_id=bytes(options.get(_CLIENT_ID, b"")[:TEXT_BYTES]),
        client_ip=_address(client_ip),
        your_ip=_address(your_ip),
        requested_ip=_address(options.get(_REQUESTED)),
        server_id=_address(options.get(_SERVER)),
        routers=_addresses(options.get(_ROUTERS, b"")),
        dns_servers=_addresses(options.get(_DNS_SERVERS, b"")),
        lease=int.from_bytes(options[_LEASE]) if _LEASE in options else None,
        host_name=_text(options.get(_HOST_NAME, b"")),
    )


def _options(payload: bytes) -> Options:
    """Gather the options, in the order in which RFC 3396, 5, wants their fragments joined."""
    options: Options = {}
    _gather(Reader(payload, _OPTIONS), options)
    overload = int.from_bytes(options.get(_OVERLOAD, b""))
    if overload & 1:
        _gather(Reader(payload, _FILE, _COOKIE), options)
    if overload & 2:
        _gather(Reader(payload, _SERVER_NAME, _FILE), options)
    for code, value in options.items():
        if len(value) != _LENGTHS.get(code, len(value)) or (code in _LISTS and len(value) % 4):
            raise DissectError("option_length")
    return options


def _gather(reader: Reader, options: Options) -> None:
    """Add what the field holds up to its end option, or its end: many senders leave it out."""
    while reader.remaining:
        code = reader.u8()
        if code == _END:
            return
        if code == _PAD:
            continue
        value = reader.take(reader.u8())
        if code in _WANTED:
            options.setdefault(code, bytearray()).extend(value)


def _address(raw: bytes | bytearray | None) -> IPv4Address | None:
    return IPv4Address(bytes(raw)) if raw and any(raw) else None


def _addresses(raw: bytes | bytearray) -> tuple[IPv4Address, ...]:
    return tuple(IPv4Address(bytes(raw[place : place + 4])) for place in range(0, len(raw), 4))


def _text(raw: bytes | bytearray) -> str:
    """Return text that prints on one line; some senders count a closing zero (RFC 2132, 2)."""
    text = bytes(raw[:TEXT_BYTES]).rstrip(b"\0").decode(errors="backslashreplace")
    return "".join(
        letter if letter.isprintable() else letter.encode("unicode_escape").decode()
        for letter in text
    )

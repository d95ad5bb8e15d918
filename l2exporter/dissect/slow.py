"""The protocols of the slow lane: which one a datagram is of, and what it says."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from . import (
    carp,
    datagrams,
    dhcp,
    dns_update,
    hsrp,
    mdns,
    router_advertisement,
    vrrp,
    wake_on_lan,
)
from .datagrams import ETHERTYPE_IPV6, UDP, Datagram
from .dhcp import Dhcp
from .dns_update import Registration, RegistrationReply
from .mdns import Mdns
from .router_advertisement import RouterAdvertisement
from .virtual_router import VirtualRouterAdvert
from .wake_on_lan import MagicPacket

Message = (
    Dhcp
    | Mdns
    | MagicPacket
    | Registration
    | RegistrationReply
    | RouterAdvertisement
    | VirtualRouterAdvert
)


def _update(datagram: Datagram) -> Registration | RegistrationReply | None:
    """Of all updates only a sleeping host's names its owner; others are a name server's affair."""
    message = dns_update.decode(datagram.payload)
    if isinstance(message, Registration) and message.owner is None:
        return None
    return message


_DECODERS: Final[Mapping[str, Callable[[Datagram], Message | None]]] = {
    "mdns": lambda datagram: mdns.decode(datagram.payload),
    "dns_update": _update,
    "dhcp": dhcp.decode,
    "wake_on_lan": wake_on_lan.decode,
    "vrrp": vrrp.decode,
    "carp": carp.decode,
    "hsrp": hsrp.decode,
    "router_advertisement": router_advertisement.decode,
}

PROTOCOLS: Final = tuple(_DECODERS)

RESULTS: Final = ("dissected", "passed_over", "skipped", "malformed")
"""What may become of a packet: read, of no interest, no time for it, not to be believed."""

REASONS: Final[Mapping[str, tuple[str, ...]]] = {
    "datagram": datagrams.REASONS,
    "mdns": mdns.REASONS,
    "dns_update": dns_update.REASONS,
    "dhcp": dhcp.REASONS,
    "wake_on_lan": wake_on_lan.REASONS,
    "vrrp": vrrp.REASONS,
    "carp": carp.REASONS,
    "hsrp": hsrp.REASONS,
    "router_advertisement": router_advertisement.REASONS,
}
"""Why a packet is malformed, by protocol; `datagram`: the headers around all of them."""

_MDNS_PORT: Final = 5353
_FLAGS: Final = slice(2, 4)
_QUESTIONS: Final = slice(4, 6)
_UPDATE: Final = 0x2800
_UPDATE_REPLY: Final = 0xA800
_WITHOUT_RCODE: Final = 0xFFF0


def protocol_of(datagram: Datagram) -> str | None:
    """Return which of PROTOCOLS a datagram is of, as the capture filter tells them; else None.

    Ports that are a protocol's own come before the looks of the payload, but for multicast DNS's.
    """
    if datagram.protocol == UDP:
        return _of_udp(datagram)
    if datagram.protocol == vrrp.PROTOCOL:
        return "carp" if carp.is_carp(datagram.payload) else "vrrp"
    if datagram.protocol == router_advertisement.ICMPV6 and datagram.ethertype == ETHERTYPE_IPV6:
        return "router_advertisement" if _is_advertisement(datagram.payload) else None
    if datagram.ethertype == wake_on_lan.ETHERTYPE_WAKE_ON_LAN:
        return "wake_on_lan"
    return None


def dissect(protocol: str, datagram: Datagram) -> Message | None:
    """Return what the datagram says; None where it is well-formed and says nothing of ours.

    `protocol` is one of PROTOCOLS. Raises DissectError with one of REASONS[protocol], and nothing
    else, whatever the bytes; its cost is linear in their number.
    """
    return _DECODERS[protocol](datagram)


def _of_udp(datagram: Datagram) -> str | None:
    destination = datagram.destination_port
    ports = {datagram.source_port, destination}
    if _MDNS_PORT in ports:  # from it, and to it, registrations go too
        return "dns_update" if _is_update(datagram.payload) else "mdns"
    if ports & dhcp.UDP_PORTS:
        return "dhcp"
    if destination in hsrp.UDP_PORTS:
        return "hsrp"
    if destination in wake_on_lan.UDP_PORTS and datagram.payload.startswith(b"\xff" * 4):
        return "wake_on_lan"
    return "dns_update" if _is_update(datagram.payload) else None


def _is_update(payload: bytes) -> bool:
    """Tell by opcode, the flags that RFC 2136, 2.2, wants zero, and at most one zone."""
    flags = int.from_bytes(payload[_FLAGS])
    is_update = flags == _UPDATE or flags & _WITHOUT_RCODE == _UPDATE_REPLY
    return is_update and len(payload) >= _QUESTIONS.stop and payload[_QUESTIONS] < b"\0\2"


def _is_advertisement(payload: bytes) -> bool:
    return payload[:1] == bytes((router_advertisement.TYPE,))

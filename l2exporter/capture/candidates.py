"""Which frames the slow lane dissects, told from their headers and a payload's first bytes.

`filters.slow` is the same in the kernel. Behind up to two VLAN tags (three in a file: the kernel
takes one off), from an IPv4 packet's first fragment, or from IPv6 without extension headers:

    ethertype 0x0842   Wake-on-LAN
    protocol 112       VRRP (RFC 5798, 5.1.1.4) and CARP
    ICMPv6 type 134    router advertisement (RFC 4861, 4.2)
    UDP to or from     5353 (multicast DNS, RFC 6762, 5), 67 and 68 (DHCP, RFC 2131, 4.1)
    UDP to             1985 (HSRP, RFC 2281, 5) and 2029 (the same over IPv6); 7 and 9 when the
                       payload begins as a magic packet
    UDP of any port    what may be DNS UPDATE (RFC 2136, 2.2): a request without other flags or a
                       reply, with at most one zone
"""

from __future__ import annotations

from typing import Final

from ..dissect.ethernet import TPIDS

ETHERTYPE_IPV4: Final = 0x0800
ETHERTYPE_IPV6: Final = 0x86DD
ETHERTYPE_WAKE: Final = 0x0842
UDP: Final = 17
ICMPV6: Final = 58
VRRP: Final = 112
IPV6_HEADER: Final = 40
ROUTER_ADVERTISEMENT: Final = 134

FILTERED_TAGS: Final = 2
"""Behind which the filter looks; there may be one more, which the kernel has taken off."""

PORTS_FROM: Final = (5353, 67, 68)
PORTS_TO: Final = (*PORTS_FROM, 1985, 2029)
PORTS_WAKE: Final = (7, 9)

UPDATE_REQUEST: Final = 0x2800  # opcode 5, nothing else
UPDATE_REPLY: Final = 0xA800  # the same as a response
UPDATE_REPLY_MASK: Final = 0xFFF0  # whatever its result

_TAGS: Final = frozenset(tpid.to_bytes(2) for tpid in TPIDS)
_IPV4: Final = ETHERTYPE_IPV4.to_bytes(2)
_IPV6: Final = ETHERTYPE_IPV6.to_bytes(2)
_WAKE: Final = ETHERTYPE_WAKE.to_bytes(2)
_MAGIC: Final = b"\xff\xff\xff\xff"


def is_candidate(frame: bytes, tags: int = FILTERED_TAGS) -> bool:
    """Tell whether the slow lane takes the frame; one that is cut short of the telling, never.

    Behind more than so many tags it is not looked at.
    """
    kind, packet, last = frame[12:14], 14, 14 + 4 * tags
    while kind in _TAGS and packet < last:
        kind, packet = frame[packet + 2 : packet + 4], packet + 4
    if kind == _IPV4:
        return _ipv4(frame, packet)
    if kind == _IPV6:
        return _ipv6(frame, packet)
    return kind == _WAKE


def _ipv4(frame: bytes, at: int) -> bool:
    if len(frame) < at + 10 or frame[at + 6] & 0x1F or frame[at + 7]:
        return False
    protocol = frame[at + 9]
    return protocol == VRRP or (protocol == UDP and _udp(frame, at + 4 * (frame[at] & 15)))


def _ipv6(frame: bytes, at: int) -> bool:
    if len(frame) < at + 7:
        return False
    protocol, payload = frame[at + 6], at + IPV6_HEADER
    if protocol == ICMPV6:
        return len(frame) > payload and frame[payload] == ROUTER_ADVERTISEMENT
    return protocol == VRRP or (protocol == UDP and _udp(frame, payload))


def _udp(frame: bytes, at: int) -> bool:
    if len(frame) < at + 4:
        return False
    source, destination = frame[at] << 8 | frame[at + 1], frame[at + 2] << 8 | frame[at + 3]
    if destination in PORTS_TO or source in PORTS_FROM:
        return True
    payload = at + 8
    if destination in PORTS_WAKE and frame[payload : payload + 4] == _MAGIC:
        return True
    return _is_update(frame[payload : payload + 6])


def _is_update(head: bytes) -> bool:
    if len(head) < 6:
        return False
    flags, zones = head[2] << 8 | head[3], head[4] << 8 | head[5]
    is_one = flags == UPDATE_REQUEST or flags & UPDATE_REPLY_MASK == UPDATE_REPLY
    return is_one and zones <= 1

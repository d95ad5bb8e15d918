"""Neighbour discovery for IPv6 (RFC 4861), whole batches at a time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from .arp import MAC_BROADCAST, Macs, Types
from .ethernet import MAX_INLINE_TAGS, Untagged
from .frames import SNAPLEN, Bytes, Flags, Ints, Times
from .ndp_options import Options, walk

ETHERTYPE_IPV6: Final = 0x86DD
ICMPV6: Final = 58

TYPES: Final = (
    "neighbor_solicitation",
    "duplicate_address_detection",
    "neighbor_advertisement_solicited",
    "neighbor_advertisement_unsolicited",
    "router_solicitation",
    "router_advertisement",
    "redirect",
)
(
    NEIGHBOR_SOLICITATION,
    DUPLICATE_ADDRESS_DETECTION,
    NEIGHBOR_ADVERTISEMENT_SOLICITED,
    NEIGHBOR_ADVERTISEMENT_UNSOLICITED,
    ROUTER_SOLICITATION,
    ROUTER_ADVERTISEMENT,
    REDIRECT,
) = range(len(TYPES))

REASONS: Final = (
    "version",
    "hop_limit",
    "length",
    "truncated",
    "checksum",
    "code",
    "source",
    "target",
    "destination",
    "option_length",
    "unspecified_source",
    "zero_sender",
    "broadcast_sender",
)
"""Why a message of ICMPv6 types 133 to 137 cannot be believed, in order of test (RFC 4861, 6.1.1,
6.1.2, 7.1.1, 7.1.2, 8.1; IPv6 version and length: RFC 8200, 3).

length              the payload is shorter than the type's fixed part
truncated           fewer bytes are captured than the fixed part has
source              multicast; of router advertisements and redirects, not link-local
target              multicast; of redirects, neither link-local nor the destination
destination         of a solicitation from ::, no solicited-node address; of an advertisement that
                    claims to be solicited, multicast
option_length       zero, beyond the message's end, or not one link-layer address of Ethernet
unspecified_source  a link-layer address option in a message from ::
"""

ADDRESS6: Final = np.dtype([("hi", "u8"), ("lo", "u8")])

Addresses6 = npt.NDArray[Any]

_HEADERS_END = 54  # Ethernet and IPv6
_SURELY_WHOLE = SNAPLEN - 4 * MAX_INLINE_TAGS  # fewer captured bytes are all that the frame had

# By ICMPv6 type, from 133 (router solicitation) to 137 (redirect).
_FIRST_TYPE, _LAST_TYPE = 133, 137
_RS, _RA, _NS, _NA, _REDIRECT = range(5)
_OPTIONS_AT = np.array([62, 70, 78, 78, 94], dtype=np.int32)
_SOURCE_OPTION, _TARGET_OPTION, _NO_OPTION = 1, 2, 256
_OPTION = np.array(
    [_SOURCE_OPTION, _SOURCE_OPTION, _SOURCE_OPTION, _TARGET_OPTION, _NO_OPTION], dtype=np.uint16
)
_TYPE = np.array(
    [
        ROUTER_SOLICITATION,
        ROUTER_ADVERTISEMENT,
        NEIGHBOR_SOLICITATION,
        NEIGHBOR_ADVERTISEMENT_UNSOLICITED,
        REDIRECT,
    ],
    dtype=np.uint8,
)
_SOLICITED, _OVERRIDE = 0x40, 0x20

_RECORD = np.dtype(
    {
        "names": [
            *("ethertype", "source_mac", "version", "length", "next", "hop_limit"),
            *("source", "destination", "type", "code", "flags", "target", "redirected"),
        ],
        "formats": [
            *(">u2", ">u8", "u1", ">u2", "u1", "u1"),
            *([("hi", ">u8"), ("lo", ">u8")],) * 2,
            *("u1", "u1", "u1"),
            *([("hi", ">u8"), ("lo", ">u8")],) * 2,
        ],
        "offsets": [12, 4, 14, 18, 20, 21, 22, 38, 54, 55, 58, 62, 78],
        "itemsize": SNAPLEN,
    }
)


@dataclass(frozen=True, slots=True)
class NdpPackets:
    """`n` believable messages in the order of the wire, as columns.

    type     (n,) uint8: index into TYPES
    vlan     (n,) int32: outermost 802.1Q VID, 0 when untagged or only priority-tagged
    target   (n,) ADDRESS6: the address solicited or advertised; :: for other types
    bound    (n,) ADDRESS6: the address that the message binds to `mac`: an advertisement with a
             link-layer address its target, a solicitation with one its source; :: binds nothing
    mac      (n,) uint64: link-layer address option, 48 bits, never all ones; 0 where there is none
             to go by. Of solicitations and router advertisements the source's, of neighbour
             advertisements the target's; that of a redirect is somebody else's and left out
    source   (n,) uint64: the Ethernet source, 48 bits
    override (n,) bool: a neighbour advertisement's O flag
    sent     (n,) bool: this host sent it
    time     (n,) float64: wall clock, seconds since the epoch
    """

    type: Types
    vlan: Ints
    target: Addresses6
    bound: Addresses6
    mac: Macs
    source: Macs
    override: Flags
    sent: Flags
    time: Times

    def __len__(self) -> int:
        return len(self.type)


def decode(frames: Untagged) -> tuple[NdpPackets, dict[str, int]]:
    """Return the messages among `frames`, and how many of them were malformed by reason.

    Frames of other protocols are in neither result, nor are those too short to tell their ICMPv6
    type, or with IPv6 extension headers in between. Each other message of the types 133 to 137 is
    in exactly one of the two; see REASONS. Never raises.

    A message that goes on beyond the captured bytes is believed as far as these go, without its
    checksum. It binds if the batch's own limit may have cut it: hosts believe it if it is right,
    and whoever pads a message must not go unseen. A frame that is shorter than it says and than
    that limit binds nothing: no host takes it, or a capture file holds but a part of it.
    """
    record = frames.data.view(_RECORD)[:, 0]
    wanted = record["ethertype"] == ETHERTYPE_IPV6
    if not wanted.any():
        return _NOTHING, {}
    kind = record["type"] - np.uint8(_FIRST_TYPE)  # a lower type wraps round to a great number
    wanted &= (record["next"] == ICMPV6) & (kind <= _LAST_TYPE - _FIRST_TYPE)
    wanted &= frames.captured > _HEADERS_END
    rows = np.flatnonzero(wanted)
    if not rows.size:
        return _NOTHING, {}
    data = frames.data if len(rows) == len(wanted) else frames.data[rows]
    record, kind = data.view(_RECORD)[:, 0], kind[rows]
    options, faults = _examine(data, record, kind, frames.captured[rows])
    malformed = np.logical_or.reduce(faults)
    packets = _packets(frames, record, kind, options.mac, rows)
    if not malformed.any():
        return packets, {}
    return _taken(packets, ~malformed), _reasons(np.stack(faults)[:, malformed])


def _examine(
    data: Bytes, record: npt.NDArray[Any], kind: Types, captured: Ints
) -> tuple[Options, list[Flags]]:
    """Return the options, and for each of REASONS which messages are at fault."""
    length = record["length"].astype(np.int32)
    whole = _HEADERS_END + length <= captured
    end = np.where(whole, _HEADERS_END + length, captured)
    start = _OPTIONS_AT[kind]
    options = walk(data, start, end, whole, _OPTION[kind])
    from_nobody = _is_unspecified(record["source"])
    faults = [
        record["version"] >> 4 != 6,
        record["hop_limit"] != 255,
        _HEADERS_END + length < start,
        captured < start,
        whole & ~_checksum_holds(data, end, length),
        record["code"] != 0,
        _is_multicast(record["source"])
        | (((kind == _RA) | (kind == _REDIRECT)) & ~_is_link_local(record["source"])),
        _wrong_target(record, kind),
        _wrong_destination(record, kind, from_nobody),
        options.faulty,
        from_nobody & options.found & (_OPTION[kind] == _SOURCE_OPTION),
        options.found & (options.mac == 0),
        options.found & (options.mac == MAC_BROADCAST),
    ]
    options.mac[~whole & (captured < _SURELY_WHOLE)] = 0  # see `decode`
    return options, faults


def _checksum_holds(data: Bytes, end: npt.NDArray[np.int32], length: Ints) -> Flags:
    """Verify the checksum (RFC 4443, 2.3) of messages that end at `end`, within the row.

    The pseudo-header's addresses are those of the header in front (RFC 8200, 8.1). The sum is that
    of words in this machine's byte order, which is right for any order (RFC 1071, 2B).
    """
    longest = int(end.max(initial=_HEADERS_END))
    longest += longest & 1
    message = data[:, 22:longest] * (np.arange(22, longest) < end[:, np.newaxis])
    words = message.view(np.uint16)
    pseudo = (length + ICMPV6).astype(">u2").view(np.uint16)
    total = words.sum(axis=1, dtype=np.uint32) + pseudo
    holds: Flags = total % np.uint32(0xFFFF) == 0
    return holds


def _is_unspecified(address: Addresses6) -> Flags:
    unspecified: Flags = (address["hi"] | address["lo"]) == 0
    return unspecified


def _is_multicast(address: Addresses6) -> Flags:
    multicast: Flags = address["hi"] >> np.uint64(56) == 0xFF
    return multicast


def _is_link_local(address: Addresses6) -> Flags:
    link_local: Flags = address["hi"] >> np.uint64(54) == 0xFE80 >> 6
    return link_local


def _is_solicited_node(address: Addresses6) -> Flags:
    """Tell who is in ff02::1:ff00:0/104 (RFC 4291, 2.7.1)."""
    solicited: Flags = (address["hi"] == 0xFF02 << 48) & (
        address["lo"] >> np.uint64(24) == 0x1_FF00_0000 >> 24
    )
    return solicited


def _wrong_target(record: npt.NDArray[Any], kind: Types) -> Flags:
    target, redirected = record["target"], record["redirected"]
    neighbor = (kind == _NS) | (kind == _NA)
    on_link = (target["hi"] == redirected["hi"]) & (target["lo"] == redirected["lo"])
    astray = _is_multicast(redirected) | ~(on_link | _is_link_local(target))
    wrong: Flags = (neighbor & _is_multicast(target)) | ((kind == _REDIRECT) & astray)
    return wrong


def _wrong_destination(record: npt.NDArray[Any], kind: Types, from_nobody: Flags) -> Flags:
    destination = record["destination"]
    solicited = (kind == _NA) & (record["flags"] & _SOLICITED != 0)
    wrong: Flags = solicited & _is_multicast(destination)
    wrong |= (kind == _NS) & from_nobody & ~_is_solicited_node(destination)
    return wrong


def _packets(
    frames: Untagged,
    record: npt.NDArray[Any],
    kind: Types,
    mac: Macs,
    rows: npt.NDArray[np.intp],
) -> NdpPackets:
    solicits, advertises = kind == _NS, kind == _NA
    source, target = record["source"].astype(ADDRESS6), record["target"].astype(ADDRESS6)
    target[~(solicits | advertises)] = 0
    bound = np.where(solicits, source, target)
    bound[mac == 0] = 0
    types = _TYPE[kind]
    types[solicits & _is_unspecified(source)] = DUPLICATE_ADDRESS_DETECTION
    flags = record["flags"]
    types[advertises & (flags & _SOLICITED != 0)] = NEIGHBOR_ADVERTISEMENT_SOLICITED
    return NdpPackets(
        type=types,
        vlan=frames.vlan[rows],
        target=target,
        bound=bound,
        mac=mac,
        source=record["source_mac"].astype(np.uint64) & np.uint64(MAC_BROADCAST),
        override=advertises & (flags & _OVERRIDE != 0),
        sent=frames.sent[rows],
        time=frames.time[rows],
    )


def _taken(packets: NdpPackets, keep: Flags) -> NdpPackets:
    columns = {name: getattr(packets, name)[keep] for name in NdpPackets.__slots__}
    return NdpPackets(**columns)


def _reasons(faults: npt.NDArray[np.bool_]) -> dict[str, int]:
    """Count each column of `faults` under the first of REASONS that it meets."""
    first, counts = np.unique(np.argmax(faults, axis=0), return_counts=True)
    return {REASONS[n]: count for n, count in zip(first.tolist(), counts.tolist(), strict=True)}


_NOTHING = NdpPackets(
    type=np.zeros(0, np.uint8),
    vlan=np.zeros(0, np.int32),
    target=np.zeros(0, ADDRESS6),
    bound=np.zeros(0, ADDRESS6),
    mac=np.zeros(0, np.uint64),
    source=np.zeros(0, np.uint64),
    override=np.zeros(0, np.bool_),
    sent=np.zeros(0, np.bool_),
    time=np.zeros(0, np.float64),
)

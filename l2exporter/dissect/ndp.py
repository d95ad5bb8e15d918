"""Neighbour discovery for IPv6 (RFC 4861), whole batches at a time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from . import ndp_validity as validity
from .arp import MAC_BROADCAST, Macs, Types
from .ethernet import Untagged
from .frames import Flags, Ints, Times

ETHERTYPE_IPV6: Final = 0x86DD

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

REASONS: Final = validity.REASONS

ADDRESS6: Final = np.dtype([("hi", "u8"), ("lo", "u8")])

Addresses6 = npt.NDArray[Any]

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
    record = frames.data.view(validity.RECORD)[:, 0]
    wanted = record["ethertype"] == ETHERTYPE_IPV6
    if not wanted.any():
        return _NOTHING, {}
    # A type below the first wraps round to a great number.
    kind = record["type"] - np.uint8(validity.FIRST_TYPE)
    wanted &= (record["next"] == validity.ICMPV6) & (kind < len(_TYPE))
    wanted &= frames.captured > validity.HEADERS_END
    rows = np.flatnonzero(wanted)
    if not rows.size:
        return _NOTHING, {}
    data = frames.data if len(rows) == len(wanted) else frames.data[rows]
    record, kind = data.view(validity.RECORD)[:, 0], kind[rows]
    options, faults = validity.examine(data, record, kind, frames.captured[rows])
    malformed = np.logical_or.reduce(faults)
    packets = _packets(frames, record, kind, options.mac, rows)
    if not malformed.any():
        return packets, {}
    return _taken(packets, ~malformed), validity.reasons(np.stack(faults)[:, malformed])


def _packets(
    frames: Untagged,
    record: npt.NDArray[Any],
    kind: Types,
    mac: Macs,
    rows: npt.NDArray[np.intp],
) -> NdpPackets:
    solicits, advertises = kind == validity.NS, kind == validity.NA
    source, target = record["source"].astype(ADDRESS6), record["target"].astype(ADDRESS6)
    target[~(solicits | advertises)] = 0
    bound = np.where(solicits, source, target)
    bound[mac == 0] = 0
    types = _TYPE[kind]
    types[solicits & validity.is_unspecified(source)] = DUPLICATE_ADDRESS_DETECTION
    flags = record["flags"]
    types[advertises & (flags & validity.SOLICITED != 0)] = NEIGHBOR_ADVERTISEMENT_SOLICITED
    return NdpPackets(
        type=types,
        vlan=frames.vlan[rows],
        target=target,
        bound=bound,
        mac=mac,
        source=record["source_mac"].astype(np.uint64) & np.uint64(MAC_BROADCAST),
        override=advertises & (flags & validity.OVERRIDE != 0),
        sent=frames.sent[rows],
        time=frames.time[rows],
    )


def _taken(packets: NdpPackets, keep: Flags) -> NdpPackets:
    columns = {name: getattr(packets, name)[keep] for name in NdpPackets.__slots__}
    return NdpPackets(**columns)


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

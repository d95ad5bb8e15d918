"""ARP over Ethernet (RFC 826, RFC 5227), whole batches at a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from .ethernet import Untagged
from .frames import SNAPLEN, Flags, Ints, Times

ETHERTYPE_ARP: Final = 0x0806

TYPES: Final = ("probe", "announcement", "gratuitous_reply", "request", "reply", "other")
PROBE, ANNOUNCEMENT, GRATUITOUS_REPLY, REQUEST, REPLY, OTHER = range(len(TYPES))

REASONS: Final = (
    "truncated",
    "hardware_type",
    "protocol_type",
    "hardware_length",
    "protocol_length",
    "zero_sender",
    "broadcast_sender",
)
"""Why a frame of ethertype 0x0806 is not an ARP packet that can be believed, in order of test."""

MAC_BROADCAST: Final = 0xFFFF_FFFF_FFFF
MAC_GROUP_BIT: Final = 1 << 40
_HEADER_END = 22
_PACKET_END = 42
_HARDWARE_TYPES = (1, 6)  # Linux takes IEEE 802 for Ethernet: net/ipv4/arp.c, arp_process()
_HEADERS = [hardware << 32 | 0x0800_06_04 for hardware in _HARDWARE_TYPES]

# Fields that straddle byte counts are read as the big-endian words around them.
_RECORD = np.dtype(
    {
        "names": ["ethertype", "source", "header", "sender_mac", "sender_ip", "target_ip"],
        "formats": [">u2", ">u8", ">u8", ">u8", ">u4", ">u4"],
        "offsets": [12, 4, 14, 20, 28, 38],
        "itemsize": SNAPLEN,
    }
)

Macs = npt.NDArray[np.uint64]
Addresses = npt.NDArray[np.uint32]
Types = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class ArpPackets:
    """`n` believable ARP packets in the order of the wire, as columns.

    type       (n,) uint8: index into TYPES
    vlan       (n,) int32: outermost 802.1Q VID, 0 when untagged or only priority-tagged
    sender_ip  (n,) uint32: 0 binds nothing
    sender_mac (n,) uint64: 48 bits, never all zeros nor all ones
    target_ip  (n,) uint32: who is asked for, or told
    source     (n,) uint64: the Ethernet source, 48 bits
    sent       (n,) bool: this host sent it
    time       (n,) float64: wall clock, seconds since the epoch
    """

    type: Types
    vlan: Ints
    sender_ip: Addresses
    sender_mac: Macs
    target_ip: Addresses
    source: Macs
    sent: Flags
    time: Times

    def __len__(self) -> int:
        return len(self.type)


def decode(frames: Untagged) -> tuple[ArpPackets, dict[str, int]]:
    """Return the ARP packets among `frames`, and how many frames were malformed by reason.

    Frames of another ethertype are none of this dissector's business and in neither result.
    Each frame with ethertype 0x0806 is in exactly one of the two; see REASONS. Never raises.
    """
    record = frames.data.view(_RECORD)[:, 0]
    captured = frames.captured
    is_arp = record["ethertype"] == ETHERTYPE_ARP
    header = record["header"].astype(np.uint64)
    sender_mac = record["sender_mac"].astype(np.uint64) & np.uint64(MAC_BROADCAST)
    believable = is_arp & (captured >= _PACKET_END)
    believable &= _any_equal(header >> np.uint64(16), _HEADERS)
    believable &= (sender_mac != 0) & (sender_mac != MAC_BROADCAST)
    reasons: dict[str, int] = {}
    keep: slice | npt.NDArray[np.intp] = slice(None)
    if not believable.all():
        malformed = is_arp & ~believable
        reasons = _reasons(header[malformed], captured[malformed], sender_mac[malformed])
        keep = np.flatnonzero(believable)
    sender_ip = record["sender_ip"][keep].astype(np.uint32)
    target_ip = record["target_ip"][keep].astype(np.uint32)
    packets = ArpPackets(
        type=_types(header[keep], sender_ip, target_ip),
        vlan=frames.vlan[keep],
        sender_ip=sender_ip,
        sender_mac=sender_mac[keep],
        target_ip=target_ip,
        source=record["source"][keep].astype(np.uint64) & np.uint64(MAC_BROADCAST),
        sent=frames.sent[keep],
        time=frames.time[keep],
    )
    return packets, reasons


def _any_equal(values: Macs, wanted: Sequence[int]) -> Flags:
    equal: Flags = values == wanted[0]
    for other in wanted[1:]:
        equal |= values == other
    return equal


def _types(header: Macs, sender_ip: Addresses, target_ip: Addresses) -> Types:
    """Classify by operation (RFC 826) and addresses (RFC 5227, 1.1 and 3); each has one type."""
    operation = header & np.uint64(0xFFFF)
    is_request, is_reply = operation == 1, operation == 2
    gratuitous = sender_ip == target_ip
    types = np.full(len(header), OTHER, dtype=np.uint8)
    types[is_request] = REQUEST
    types[is_reply] = REPLY
    types[is_request & gratuitous] = ANNOUNCEMENT
    types[is_reply & gratuitous] = GRATUITOUS_REPLY
    types[is_request & (sender_ip == 0)] = PROBE
    return types


def _reasons(header: Macs, captured: Ints, sender_mac: Macs) -> dict[str, int]:
    """Count each malformed frame under the first of REASONS that it meets."""
    faults = [
        captured < _HEADER_END,
        ~_any_equal(header >> np.uint64(48), _HARDWARE_TYPES),
        (header >> np.uint64(32)) & np.uint64(0xFFFF) != 0x0800,
        (header >> np.uint64(24)) & np.uint64(0xFF) != 6,
        (header >> np.uint64(16)) & np.uint64(0xFF) != 4,
        captured < _PACKET_END,
        sender_mac == 0,
        sender_mac == MAC_BROADCAST,
    ]
    names = (*REASONS[:5], "truncated", *REASONS[5:])
    first = np.argmax(np.stack(faults), axis=0)
    counts: dict[str, int] = {}
    for fault, count in zip(*np.unique(first, return_counts=True), strict=True):
        counts[names[fault]] = counts.get(names[fault], 0) + int(count)
    return counts

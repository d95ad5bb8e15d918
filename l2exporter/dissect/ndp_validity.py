"""Which neighbour discovery messages can be believed (RFC 4861), whole batches at a time."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt

from .arp import MAC_BROADCAST, Types
from .ethernet import MAX_INLINE_TAGS
from .frames import SNAPLEN, Bytes, Flags, Ints
from .ndp_options import Options, walk

ICMPV6: Final = 58

Fields = npt.NDArray[Any]
"""Rows of RECORD, or addresses with the fields `hi` and `lo`."""

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

HEADERS_END = 54  # Ethernet and IPv6
_SURELY_WHOLE = SNAPLEN - 4 * MAX_INLINE_TAGS  # fewer captured bytes are all that the frame had

# By ICMPv6 type, from 133 (router solicitation) to 137 (redirect).
FIRST_TYPE = 133
RS, RA, NS, NA, REDIRECT = range(5)
_OPTIONS_AT = np.array([62, 70, 78, 78, 94], dtype=np.int32)
_SOURCE_OPTION, _TARGET_OPTION, _NO_OPTION = 1, 2, 256
_OPTION = np.array(
    [_SOURCE_OPTION, _SOURCE_OPTION, _SOURCE_OPTION, _TARGET_OPTION, _NO_OPTION], dtype=np.uint16
)
SOLICITED, OVERRIDE = 0x40, 0x20

RECORD = np.dtype(
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


def examine(
    data: Bytes, record: Fields, kind: Types, captured: Ints
) -> tuple[Options, list[Flags]]:
    """Return the options of `n` messages, and for each of REASONS which of them are at fault.

    `data` are their rows, `record` the same as RECORD, `kind` their types less FIRST_TYPE.
    """
    length = record["length"].astype(np.int32)
    whole = HEADERS_END + length <= captured
    end = np.where(whole, HEADERS_END + length, captured)
    start = _OPTIONS_AT[kind]
    options = walk(data, start, end, whole, _OPTION[kind])
    from_nobody = is_unspecified(record["source"])
    faults = [
        record["version"] >> 4 != 6,
        record["hop_limit"] != 255,
        HEADERS_END + length < start,
        captured < start,
        whole & ~_checksum_holds(data, end, length),
        record["code"] != 0,
        _is_multicast(record["source"])
        | (((kind == RA) | (kind == REDIRECT)) & ~_is_link_local(record["source"])),
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
    longest = int(end.max(initial=HEADERS_END))
    longest += longest & 1
    message = data[:, 22:longest] * (np.arange(22, longest) < end[:, np.newaxis])
    words = message.view(np.uint16)
    pseudo = (length + ICMPV6).astype(">u2").view(np.uint16)
    total = words.sum(axis=1, dtype=np.uint32) + pseudo
    holds: Flags = total % np.uint32(0xFFFF) == 0
    return holds


def is_unspecified(address: Fields) -> Flags:
    """Tell which addresses are ::, which stands for no address."""
    unspecified: Flags = (address["hi"] | address["lo"]) == 0
    return unspecified


def _is_multicast(address: Fields) -> Flags:
    multicast: Flags = address["hi"] >> np.uint64(56) == 0xFF
    return multicast


def _is_link_local(address: Fields) -> Flags:
    link_local: Flags = address["hi"] >> np.uint64(54) == 0xFE80 >> 6
    return link_local


def _is_solicited_node(address: Fields) -> Flags:
    """Tell who is in ff02::1:ff00:0/104 (RFC 4291, 2.7.1)."""
    solicited: Flags = (address["hi"] == 0xFF02 << 48) & (
        address["lo"] >> np.uint64(24) == 0x1_FF00_0000 >> 24
    )
    return solicited


def _wrong_target(record: Fields, kind: Types) -> Flags:
    target, redirected = record["target"], record["redirected"]
    neighbor = (kind == NS) | (kind == NA)
    on_link = (target["hi"] == redirected["hi"]) & (target["lo"] == redirected["lo"])
    astray = _is_multicast(redirected) | ~(on_link | _is_link_local(target))
    wrong: Flags = (neighbor & _is_multicast(target)) | ((kind == REDIRECT) & astray)
    return wrong


def _wrong_destination(record: Fields, kind: Types, from_nobody: Flags) -> Flags:
    destination = record["destination"]
    solicited = (kind == NA) & (record["flags"] & SOLICITED != 0)
    wrong: Flags = solicited & _is_multicast(destination)
    wrong |= (kind == NS) & from_nobody & ~_is_solicited_node(destination)
    return wrong


def reasons(faults: npt.NDArray[np.bool_]) -> dict[str, int]:
    """Count each column of `faults` under the first of REASONS that it meets."""
    first, counts = np.unique(np.argmax(faults, axis=0), return_counts=True)
    return {REASONS[n]: count for n, count in zip(first.tolist(), counts.tolist(), strict=True)}

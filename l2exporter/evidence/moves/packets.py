"""What evidence reads of ARP and of neighbour discovery alike."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from ...dissect import arp, ndp
from ...dissect.arp import ArpPackets, Macs
from ...dissect.frames import Flags
from ...tables.bindings import NdpSightings, Sightings
from ...tables.families import Ips

AnySightings = Sightings | NdpSightings


@dataclass(frozen=True, slots=True, eq=False)
class Family:
    """What of a family's packets is what; columns are by type.

    kinds       as in `Claim.kind`
    announcing  whether nobody need have asked for it
    asking      whether it asks for its target; `probing` whether for its sender's own sake
    """

    name: str
    kinds: tuple[str, ...]
    announcing: Flags
    asking: Flags
    probing: int


def _among(types: tuple[str, ...], *wanted: str) -> Flags:
    return np.isin(types, wanted)


_NDP_KINDS = {
    "neighbor_advertisement_solicited": "solicited",
    "neighbor_advertisement_unsolicited": "unsolicited",
}

IPV4: Final = Family(
    "ipv4",
    arp.TYPES,
    _among(arp.TYPES, "announcement", "gratuitous_reply"),
    _among(arp.TYPES, "request", "probe"),
    arp.PROBE,
)
IPV6: Final = Family(
    "ipv6",
    tuple(_NDP_KINDS.get(name, "solicitation") for name in ndp.TYPES),
    _among(ndp.TYPES, "neighbor_advertisement_unsolicited"),
    _among(ndp.TYPES, "neighbor_solicitation", "duplicate_address_detection"),
    ndp.DUPLICATE_ADDRESS_DETECTION,
)


def macs_of(sightings: AnySightings) -> Macs:
    """Return the MACs that the packets bind."""
    packets = sightings.packets
    return packets.sender_mac if isinstance(packets, ArpPackets) else packets.mac


def targets_of(sightings: AnySightings) -> Ips:
    """Return the addresses that the packets ask for or tell of."""
    packets = sightings.packets
    return packets.target_ip if isinstance(packets, ArpPackets) else packets.target

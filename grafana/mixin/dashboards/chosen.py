"""What was chosen: the address, its place, and which of several exporters that see the same."""

from __future__ import annotations

from typing import Final

from ..tables import Column
from ..variables import DEVICE, IP, VLAN

HERE: Final = (DEVICE, VLAN, IP)
"""The chosen address on the chosen segments."""

SAME: Final = "on (job, instance, device, vlan, ip)"
"""What two metrics of an address have in common."""

EACH: Final = "Each exporter counts what it sees: choose one instance to see a segment's once."

MOST: Final = "Where several exporters saw it, the one that saw most counts."

PLACE: Final = {"device": Column("Device"), "vlan": Column("VLAN")}

"""scapy's CARP without what its import does to others: it takes VRRP's place behind IP."""

from __future__ import annotations

from scapy.contrib.carp import CARP
from scapy.layers.inet import IP
from scapy.layers.vrrp import VRRP, VRRPv3
from scapy.packet import bind_layers, split_layers

__all__ = ["CARP"]

split_layers(IP, CARP, proto=112, dst="224.0.0.18")
bind_layers(IP, VRRP, proto=112)
bind_layers(IP, VRRPv3, proto=112)

"""Ethernet, IPv4, IPv6 and UDP headers around what the slow lane dissects."""

from __future__ import annotations

from dataclasses import dataclass

from .reader import Address


@dataclass(frozen=True, slots=True)
class Datagram:
    """One frame's headers, and the bytes behind them.

    source, destination  None where the frame is not IP
    protocol             IP protocol number; 0 where the frame is not IP
    source_port, destination_port  0 where it is not UDP
    ttl                  hop limit; 0 where the frame is not IP
    payload              of UDP, of IP, or of Ethernet, whichever is innermost; padding cut off
    """

    source_mac: int
    destination_mac: int
    ethertype: int
    source: Address | None
    destination: Address | None
    protocol: int
    source_port: int
    destination_port: int
    ttl: int
    payload: bytes

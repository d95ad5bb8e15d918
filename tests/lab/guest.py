"""A machine behind a port of a bridge: what it says and what it hears."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from tests.lab import frames
from tests.lab.namespace import Namespace

DEVICE = "eth0"
DISCARD = 9
SOCKETS = {"ipv4": socket.AF_INET, "ipv6": socket.AF_INET6}

_ALL = 0x0003  # linux/if_ether.h: ETH_P_ALL
_LOCAL_EXPERIMENTAL = bytes.fromhex("88b5")  # IEEE 802: what no host takes in or answers


@dataclass(frozen=True, slots=True)
class Guest:
    """A machine behind port pN: 192.0.2.N, 2001:db8::N, 02:00:00:00:00:0N."""

    namespace: Namespace
    number: int

    @property
    def port(self) -> str:
        """The host's end of its wire."""
        return f"p{self.number}"

    @property
    def mac(self) -> str:
        """Its hardware address."""
        return f"02:00:00:00:00:{self.number:02x}"

    def address(self, family: str) -> str:
        """Its address of the family `ipv4` or `ipv6`."""
        return f"192.0.2.{self.number}" if family == "ipv4" else f"2001:db8::{self.number:x}"

    def send(self, to: str = frames.BROADCAST, *, source: str = "", count: int = 1) -> None:
        """Put frames that nobody answers on its wire, from its own address unless told."""
        frame = mac_bytes(to) + mac_bytes(source or self.mac) + _LOCAL_EXPERIMENTAL + bytes(46)
        frames.send(self.namespace, DEVICE, [frame] * count)

    @contextmanager
    def listening(self) -> Iterator[Listener]:
        """All frames that reach its card from now on, those for others included."""
        with self.namespace.entered():
            wire = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(_ALL))
        with wire:
            wire.bind((DEVICE, _ALL))
            wire.setblocking(False)
            yield Listener(wire)

    @contextmanager
    def receiving(self, family: str) -> Iterator[socket.socket]:
        """A service that takes datagrams to DISCARD and says nothing."""
        with self.namespace.entered():
            service = socket.socket(SOCKETS[family], socket.SOCK_DGRAM)
        with service:
            service.bind((self.address(family), DISCARD))
            service.settimeout(5)
            yield service


class Listener:
    """What a packet socket hears."""

    def __init__(self, wire: socket.socket) -> None:
        self._wire = wire
        self._frames: list[bytes] = []

    def heard(self, mac: str) -> int:
        """How many frames to `mac` there were so far."""
        self._frames.extend(self._waiting())
        return sum(frame.startswith(mac_bytes(mac)) for frame in self._frames)

    def _waiting(self) -> Iterator[bytes]:
        while True:
            try:
                yield self._wire.recv(2048)
            except BlockingIOError:
                return


def mac_bytes(mac: str) -> bytes:
    """The six bytes of a MAC in its colon form."""
    return bytes.fromhex(mac.replace(":", ""))

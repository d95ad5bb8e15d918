"""Random segments as capture records: hosts that keep, change, swap and reuse their MACs."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from tests.lab import frames

START: Final = 1_700_000_000.0
SHARED = tuple(f"192.0.2.{n}" for n in range(1, 61))
"""Addresses that only ever see what arpwatch and we take alike."""

ODD = tuple(f"192.0.2.{n}" for n in range(61, 81))
"""Addresses that see everything."""

LAST = "192.0.2.99"
"""Bound by the last record of all."""

Record = tuple[float, bytes]
Kind = Callable[[str, str, str], bytes]
"""(sender's MAC, sender's IP, another MAC) -> frame"""


def _patched(offset: int, value: bytes) -> Kind:
    def kind(mac: str, ip: str, _: str) -> bytes:
        frame = frames.announcement(mac, ip)
        return frame[: 14 + offset] + value + frame[14 + offset + len(value) :]

    return kind


BINDING: Final[tuple[Kind, ...]] = (
    lambda mac, ip, _: frames.request(mac, ip, "192.0.2.254"),
    lambda mac, ip, _: frames.announcement(mac, ip),
    lambda mac, ip, _: frames.gratuitous_reply(mac, ip),
    lambda mac, ip, other: frames.reply(mac, ip, other, "192.0.2.254"),
    lambda mac, ip, other: frames.arp(mac, ip, to=other),
    lambda mac, ip, _: frames.announcement(mac, ip) + bytes(18),
    _patched(0, b"\x00\x06"),
)
"""What binds here and there."""

IDLE: Final[tuple[Kind, ...]] = (
    lambda mac, ip, _: frames.probe(mac, ip),
    lambda mac, ip, _: frames.arp(frames.ZERO, ip, source=mac),
    lambda mac, ip, _: frames.arp(frames.BROADCAST, ip, source=mac),
    lambda mac, ip, _: frames.announcement(mac, ip)[:41],
    lambda mac, ip, other: frames.arp(other, "192.0.2.98", target=ip, target_mac=mac, source=other),
    _patched(2, b"\x86\xdd"),
    _patched(4, b"\x08"),
    _patched(5, b"\x10"),
)
"""What tells nothing of `ip` here nor there."""

DIFFERENT: Final[tuple[Kind, ...]] = (
    lambda mac, ip, _: frames.arp(mac, ip, operation=8),
    lambda mac, ip, other: frames.arp(mac, ip, source=other),
    lambda mac, ip, _: frames.arp(mac, ip, source=frames.ZERO),
    lambda mac, ip, _: frames.tagged(frames.announcement(mac, ip), 7),
    lambda mac, ip, _: frames.qinq(frames.announcement(mac, ip), 100, 7),
    _patched(0, b"\x00\x18"),
)
"""What one of the two takes account of and the other does not."""


@dataclass(frozen=True, slots=True)
class _Host:
    ip: str
    macs: tuple[str, ...]
    kinds: tuple[Kind, ...]


def records(seed: int, count: int = 1_200) -> list[Record]:
    """`count` records of a random segment, some seconds apart at most, and the one of LAST."""
    rng = random.Random(seed)
    hosts = [_host(rng, ip, (*BINDING, *BINDING, *IDLE)) for ip in SHARED]
    hosts += [_host(rng, ip, (*BINDING, *IDLE, *DIFFERENT)) for ip in ODD]
    time, found = START, []
    for _ in range(count):
        time += rng.choice((0.0, 0.001, 1.5))
        host = rng.choice(hosts)
        # Mostly the first: an address that changes with every packet tells flip-flops from nothing.
        mac = rng.choice(host.macs) if rng.random() < 0.4 else host.macs[0]
        found.append((time, rng.choice(host.kinds)(mac, host.ip, _mac(rng))))
    return [*found, (time, frames.announcement(_mac(rng), LAST))]


def _host(rng: random.Random, ip: str, kinds: tuple[Kind, ...]) -> _Host:
    return _Host(ip, tuple(_mac(rng) for _ in range(rng.randint(1, 4))), kinds)


def _mac(rng: random.Random) -> str:
    return "02:" + rng.randbytes(5).hex(":")

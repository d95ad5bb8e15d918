"""What happens on the made-up office segment: who sleeps, who fails over, who attacks.

Times are minutes before the end. Pictures show the last six hours; before HOURS nothing happens.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal

HOURS: Final = 8
MINUTE: Final = 60
MACS: Final = 40
PROXIES: Final = {"02:00:00:00:00:21": "Time Capsule", "02:00:00:00:00:22": "Apple TV"}
GATEWAY: Final = ("192.0.2.1", "02:00:00:00:00:01")
ATTACKER: Final = "02:66:00:00:00:13"
VIRTUAL: Final = "192.0.2.254"
STUCK: Final = "192.0.2.130"
LOST: Final = "192.0.2.119"

Ending = Literal["release", "lost"]


@dataclass(frozen=True, slots=True)
class Move:
    """An address is bound to a MAC, `minutes` before the end."""

    minutes: float
    ip: str
    mac: str
    cause: str
    vlan: str = ""


@dataclass(frozen=True, slots=True)
class Hold:
    """A sleep proxy answers for an owner; `until` is None while it still does."""

    ip: str
    owner: str
    proxy: str
    since: float
    until: float | None
    ending: Ending = "release"
    maintenance: bool = False


@dataclass(frozen=True, slots=True)
class Story:
    """All moves, in order, and all holds; `homes` is who has each address at the beginning."""

    homes: dict[tuple[str, str], str]
    moves: tuple[Move, ...]
    holds: tuple[Hold, ...]


def story() -> Story:
    """The same each time it is told."""
    chance = random.Random(7)
    holds = tuple(_holds(chance))
    moves = [*_sleep(holds), *_incidents(), *_leases(chance)]
    return Story(_homes(holds), tuple(sorted(moves, key=lambda move: -move.minutes)), holds)


def owner_of(number: int) -> str:
    """The MAC of one of the Macs."""
    return f"02:00:00:00:01:{number:02x}"


def _homes(holds: tuple[Hold, ...]) -> dict[tuple[str, str], str]:
    homes = {("", f"192.0.2.{100 + n}"): owner_of(n) for n in range(MACS)}
    homes |= {("", f"2001:db8::{100 + n}"): owner_of(n) for n in range(0, MACS, 4)}
    homes |= {("", GATEWAY[0]): GATEWAY[1], ("", VIRTUAL): "02:00:00:00:00:02"}
    homes |= {("", "192.0.2.53"): "02:00:00:00:00:53", ("", "192.0.2.77"): "02:00:00:00:00:77"}
    homes |= {("20", f"198.51.100.{n}"): f"02:00:00:00:20:{n:02x}" for n in range(10, 22)}
    homes |= {("", hold.ip): hold.proxy for hold in holds if hold.since > HOURS * MINUTE}
    return homes


def _holds(chance: random.Random) -> Iterator[Hold]:
    proxies = list(PROXIES)
    yield Hold(STUCK, owner_of(30), proxies[0], 31 * MINUTE, None)
    yield Hold(LOST, owner_of(19), proxies[1], 190, 118, "lost")
    for number in range(MACS):
        ip = f"192.0.2.{100 + number}"
        if ip not in (STUCK, LOST):
            proxy = proxies[0] if chance.random() < 0.8 else proxies[1]
            yield from _cycles(ip, owner_of(number), proxy, chance)
    for number in range(0, MACS, 4):
        yield from _cycles(f"2001:db8::{100 + number}", owner_of(number), proxies[0], chance)


def _cycles(ip: str, owner: str, proxy: str, chance: random.Random) -> Iterator[Hold]:
    """Awake and asleep in turn; now and then a maintenance wake of a minute."""
    left = HOURS * MINUTE - chance.uniform(5, 200)
    while left > 20:
        asleep = chance.uniform(8, 75)
        ends = left - asleep
        maintenance = chance.random() < 0.35
        yield Hold(ip, owner, proxy, left, ends if ends > 1 else None, maintenance=maintenance)
        left = ends - (1 if maintenance else chance.uniform(25, 160))


def _sleep(holds: tuple[Hold, ...]) -> Iterator[Move]:
    for hold in holds:
        if hold.since < HOURS * MINUTE:
            yield Move(hold.since, hold.ip, hold.proxy, "sleep_proxy_hold")
        if hold.until is not None:
            late = 24 if hold.ending == "lost" else 0
            yield Move(hold.until - late, hold.ip, hold.owner, "sleep_proxy_release")


def _incidents() -> Iterator[Move]:
    yield from _quarrel(265, 256, *GATEWAY, ATTACKER, "suspected_spoofing", 1.0)
    yield from _quarrel(14, 0.4, *GATEWAY, ATTACKER, "suspected_spoofing", 0.9)
    yield from _quarrel(
        *(52, 31, "192.0.2.77", "02:00:00:00:00:77", "02:00:00:00:00:78", "duplicate_address", 1.5)
    )
    yield Move(212, VIRTUAL, "02:00:00:00:00:03", "failover")
    yield Move(171, VIRTUAL, "02:00:00:00:00:02", "failover")
    yield Move(98, "198.51.100.14", "02:00:00:00:20:ee", "unknown", "20")


def _quarrel(
    first: float, last: float, ip: str, owner: str, other: str, cause: str, every: float
) -> Iterator[Move]:
    """Two MACs take the address from each other; in the end its owner has it, if there is one."""
    turns = int((first - last) / every)
    for turn in range(turns):
        yield Move(first - turn * every, ip, owner if turn % 2 else other, cause)
    if turns % 2 and last > 1:
        yield Move(last, ip, owner, cause)


def _leases(chance: random.Random) -> Iterator[Move]:
    for n in range(12, 20):
        minutes, cause = chance.uniform(5, 340), "dhcp_reassignment"
        if n % 4 == 0:
            cause = "same_host_interface"
        yield Move(minutes, f"198.51.100.{n}", f"02:00:00:00:21:{n:02x}", cause, "20")

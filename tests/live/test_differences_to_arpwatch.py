"""docs/arpwatch.md, the rows that a file can show: what each makes of the same frames.

All cases are in one capture file, each with an address of its own.
"""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.lab import arpwatch, frames
from tests.lab.arpwatch import CHANGED, DECNET, FLIP_FLOP, MISMATCH, NEW_ACTIVITY, NEW_STATION
from tests.lab.exporter import COMMAND, Samples, parse
from tests.live.samples import by

pytestmark = pytest.mark.root

A, B, C = (f"02:00:00:00:00:0{n}" for n in range(1, 4))
DECNET_MAC = "aa:00:04:00:01:04"
START, DAY = 1_700_000_000, 86_400


class Case(NamedTuple):
    """Frames from several senders; `there` is arpwatch's events besides its new station.

    here   moves and flip-flops by VLAN
    gap    seconds between the frames
    """

    frames: Sequence[bytes]
    here: dict[str, tuple[int, int]]
    there: dict[str, int]
    gap: int = 1


def patched(ip: str, offset: int, value: bytes, ethertype: bytes = b"\x08\x06") -> bytes:
    frame = frames.announcement(B, ip)
    frame = frame[:12] + ethertype + frame[14:]
    return frame[: 14 + offset] + value + frame[14 + offset + len(value) :]


def announcements(ip: str, *macs: str) -> list[bytes]:
    return [frames.announcement(mac, ip) for mac in macs]


def cases() -> dict[str, tuple[str, Case]]:
    """Name -> (address, case)."""
    ips = (f"192.0.2.{n}" for n in range(1, 100))
    made = {}
    for name, build in BUILD.items():
        ip = next(ips)
        made[name] = (ip, build(ip))
    return made


BUILD: dict[str, Callable[[str], Case]] = {
    "an operation of its own": lambda ip: Case(
        [*announcements(ip, A), frames.arp(B, ip, operation=8), *announcements(ip, A)],
        {"": (2, 1)},
        {},
    ),
    "802.1Q": lambda ip: Case(
        [*announcements(ip, A), frames.tagged(frames.announcement(B, ip), 7)],
        {"": (0, 0), "7": (0, 0)},
        {},
    ),
    "a move within a VLAN": lambda ip: Case(
        [
            *announcements(ip, A),
            *(frames.tagged(frame, 7) for frame in announcements(ip, A, B, A)),
        ],
        {"": (0, 0), "7": (2, 1)},
        {},
    ),
    "a priority tag": lambda ip: Case(
        [*announcements(ip, A), frames.tagged(frames.announcement(B, ip), 0)],
        {"": (1, 0)},
        {},
    ),
    "QinQ": lambda ip: Case(
        [*announcements(ip, A), frames.qinq(frames.announcement(B, ip), 100, 7)],
        {"": (0, 0), "100": (0, 0)},
        {},
    ),
    "another Ethernet source": lambda ip: Case(
        [*announcements(ip, A), frames.arp(B, ip, source=C), *announcements(ip, A)],
        {"": (2, 1)},
        {MISMATCH: 1},
    ),
    "an Ethernet source of zeros": lambda ip: Case(
        [*announcements(ip, A), frames.arp(B, ip, source=frames.ZERO)],
        {"": (1, 0)},
        {arpwatch.BROADCAST: 1},
    ),
    "an Ethernet source of ones": lambda ip: Case(
        [*announcements(ip, A), frames.arp(B, ip, source=frames.BROADCAST)],
        {"": (1, 0)},
        {arpwatch.BROADCAST: 1},
    ),
    "a DECnet address": lambda ip: Case(
        announcements(ip, A, DECNET_MAC, A), {"": (2, 1)}, {CHANGED: 1, DECNET: 1}
    ),
    "a DECnet address after a day": lambda ip: Case(
        announcements(ip, A, DECNET_MAC, A), {"": (2, 1)}, {CHANGED: 1, FLIP_FLOP: 1}, 2 * DAY
    ),
    "a RARP reply": lambda ip: Case(
        [*announcements(ip, A), patched(ip, 6, b"\x00\x04", b"\x80\x35")],
        {"": (0, 0)},
        {CHANGED: 1},
    ),
    "trailers": lambda ip: Case(
        [*announcements(ip, A), patched(ip, 2, b"\x10\x00")], {"": (0, 0)}, {CHANGED: 1}
    ),
    "the same pair after half a year": lambda ip: Case(
        announcements(ip, A, A), {"": (0, 0)}, {NEW_ACTIVITY: 1}, 200 * DAY
    ),
}


@dataclass(frozen=True, slots=True)
class Told:
    here: Samples
    there: arpwatch.Counts


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Told:
    records = []
    for _, case in cases().values():
        records += [(START + n * case.gap, frame) for n, frame in enumerate(case.frames)]
    directory: Path = tmp_path_factory.mktemp("differences")
    path = frames.write_pcap(directory / "all.pcap", records)
    command = [*COMMAND, "replay", str(path)]
    exposition = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout
    return Told(parse(exposition), arpwatch.replay(path))


@pytest.mark.parametrize(("ip", "case"), list(cases().values()), ids=list(BUILD))
def test_each_takes_it_by_its_own_definition(told: Told, ip: str, case: Case) -> None:
    moves = by(told.here, "l2_arp_moves_total", "vlan", ip=ip)
    flips = by(told.here, "l2_arp_flip_flops_total", "vlan", ip=ip)
    assert {vlan: (n, flips.get(vlan, 0)) for vlan, n in moves.items()} == case.here
    assert dict(told.there[ip]) == {NEW_STATION: 1, **case.there}


def test_what_is_malformed_here_alone_is_counted(told: Told) -> None:
    assert by(told.here, "l2_frame_errors_total", "reason")["protocol_type"] == 1


def test_every_foreign_source_is_an_anomaly(told: Told) -> None:
    assert by(told.here, "l2_arp_anomalies_total", "kind", vlan="")["source_mismatch"] == 3

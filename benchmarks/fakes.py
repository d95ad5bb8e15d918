"""Made-up sleep proxies and holds without end, beside one hold that is confirmed."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path

from benchmarks.report import Row, Section, limited
from l2exporter.limits import SLEEP_PROXIES, SLEEP_PROXY_HOLDS
from tests.captures import sleep_proxy
from tests.dissect import dns_messages
from tests.lab import frames
from tests.lab.exporter import Samples, parse

FEW, FAKES = 20_000, 100_000
STEP_SECONDS = 0.05
LADDER = (0.0005, 1.0005, 3.0005)
"""When a proxy repeats its claim, in seconds."""

BEGIN = sleep_proxy.seconds("10:13:30")
"""The trace's host sleeps by then; what comes after is left out."""

MOST_GROWTH = 10.0
"""MB: tables with caps are not all full after FEW; without caps it would be hundreds."""

_REPLAY = """
import re, sys
from pathlib import Path
from l2exporter.cli import main
status = main(sys.argv[1:])
print(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1], file=sys.stderr)
sys.exit(status)
"""
"""What getrusage(2) tells of a child counts its parent's memory, from before it became another."""

_NAME = b"Fake-000000"
_MAC, _IP = "06:00:00:00:00:01", "198.18.0.76"
_OWN = ip_address(_IP).packed


@dataclass(frozen=True, slots=True)
class Replayed:
    """What a capture led to; highest resident size in MB, wall-clock seconds."""

    samples: Samples
    peak: float
    seconds: float


def sections() -> list[Section]:
    section = Section(
        "Made-up sleep proxies and holds",
        f"A capture in which one host sleeps behind its proxy, seen to register; then {FAKES:,}"
        f" proxies announce themselves, {1 / STEP_SECONDS:.0f} a second, each from another MAC, and"
        " each claims an address that another host had. No budget on CPU keeps a replay from"
        " dissecting all of it. Memory is the highest of the process, over that of the same with"
        f" {FEW:,} of them.",
    )
    asleep = [(at, frame) for at, frame in sleep_proxy.mirror() if at < BEGIN]
    with tempfile.TemporaryDirectory() as name:
        quiet = _replayed(frames.write_pcap(Path(name, "quiet.pcap"), asleep))
        few, many = (
            _replayed(frames.write_pcap(Path(name, f"{n}.pcap"), [*asleep, *sorted(_fakes(n))]))
            for n in (FEW, FAKES)
        )
    if _confirmed(quiet.samples) != 1:
        raise RuntimeError("the hold was not confirmed to begin with")
    section.rows.extend(_rows(few, many))
    return [section]


def _rows(few: Replayed, many: Replayed) -> Iterator[Row]:
    kept = _confirmed(many.samples)
    yield Row("confirmed holds left", str(kept), target="1", met=kept == 1)
    for what, most in (("info", SLEEP_PROXIES), ("held", SLEEP_PROXY_HOLDS)):
        count = sum(name == f"l2_sleep_proxy_{what}" for name, _ in many.samples)
        yield limited(f"series of l2_sleep_proxy_{what}", count, most, "{:,}")
    yield limited("memory grows by", many.peak - few.peak, MOST_GROWTH, "{:.1f} MB")
    each = (many.seconds - few.seconds) / (FAKES - FEW)
    yield Row("time of one of them", f"{each * 1e6:.0f} us")


def _confirmed(samples: Samples) -> int:
    return sum(
        name == "l2_sleep_proxy_held" and ("confidence", "confirmed") in labels
        for name, labels in samples
    )


def _replayed(capture: Path) -> Replayed:
    began = time.perf_counter()
    command = (sys.executable, "-c", _REPLAY, "replay", str(capture))
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    seconds = time.perf_counter() - began
    return Replayed(parse(done.stdout), int(done.stderr.split()[-1]) * 1024 / 1e6, seconds)


def _fakes(count: int) -> Iterator[tuple[float, bytes]]:
    name = _NAME.decode()
    payload = dns_messages.offer(f"50-37-71-72.1 {name}", host=f"{name}.local", ip=_IP)
    offer = dns_messages.multicast(payload, _MAC, _IP)
    claim = frames.announcement(_MAC, _IP)
    for number in range(count):
        at = BEGIN + number * STEP_SECONDS
        proxy, owner = (0x06_00_00_00_00_00 + kind + number for kind in (1 << 20, 2 << 20))
        own, address = (ip_address((net << 24) + number).packed for net in (11, 10))
        told = offer.replace(_NAME, b"Fake-%06d" % number).replace(_OWN, own)
        yield at, _from(proxy, told)
        yield at, _claims(claim, owner, address)
        for step in LADDER:
            yield at + step, _claims(claim, proxy, address)


def _from(mac: int, frame: bytes) -> bytes:
    return frame[:6] + mac.to_bytes(6) + frame[12:]


def _claims(frame: bytes, mac: int, ip: bytes) -> bytes:
    sender = mac.to_bytes(6)
    return frame[:6] + sender + frame[12:22] + sender + ip + frame[32:38] + ip + frame[42:]

"""Capture files beside arpwatch, and what a scrape of a full table costs."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from benchmarks import process, traffic
from benchmarks.receivers import DEVICE, Ours
from benchmarks.report import Row, Section, limited, median, spread
from benchmarks.sender import Sender
from tests.lab.exporter import COMMAND
from tests.lab.namespace import Namespace, veth

FRAMES, HOSTS, MOVES = 200_000, 5_000, 0.01
CAPTURED_RATE = 1000.0
REPEATS = 3
TABLES = (8_192, 16_384)
SCRAPES = 5
MOST_SCRAPE_SECONDS = 1.0


def sections() -> list[Section]:
    return [_files(), _scrapes()]


def _files() -> Section:
    section = Section(
        "Replay",
        f"A pcap file of {FRAMES:,} frames of {HOSTS:,} hosts with {MOVES:.0%} moves, start and"
        f" exposition included; {REPEATS} runs of each, interleaved; median (lowest to highest)."
        " arpwatch without mail, in a namespace with nothing in it, so that no look-up waits.",
    )
    ours: list[tuple[float, float]] = []
    peer: list[tuple[float, float]] = []
    with tempfile.TemporaryDirectory() as name, Namespace() as nowhere:
        capture, database = Path(name, "segment.pcap"), Path(name, "arp.dat")
        traffic.write_pcap(capture, traffic.segment(FRAMES, HOSTS, MOVES), CAPTURED_RATE)
        apart = ("ip", "netns", "exec", nowhere.name)
        for _ in range(REPEATS):
            database.write_text("")
            ours.append(process.timed(*COMMAND, "replay", str(capture)))
            command = ("arpwatch", "-Q", "-N", "-f", str(database), "-r", str(capture))
            peer.append(process.timed(*apart, *command))
        if len(database.read_text().splitlines()) < HOSTS:
            raise RuntimeError("arpwatch has not seen all hosts")
    ratio = median(cpu for cpu, _ in ours) / median(cpu for cpu, _ in peer)
    section.rows.append(Row("CPU", _cpu(ours), _cpu(peer), f"{ratio:.2f}"))
    section.rows.append(Row("frames per second", _speed(ours), _speed(peer)))
    return section


def _cpu(runs: Sequence[tuple[float, float]]) -> str:
    return spread([cpu for cpu, _ in runs]) + " s"


def _speed(runs: Sequence[tuple[float, float]]) -> str:
    return f"{FRAMES / median(wall for _, wall in runs):,.0f}"


def _scrapes() -> Section:
    section = Section(
        "A scrape of a full table",
        f"Addresses that never moved, two samples each; {SCRAPES} scrapes each of plain text;"
        " median (lowest to highest). The second table needs a raised `address_burst`.",
    )
    with Namespace() as there, Namespace() as here, tempfile.NamedTemporaryFile("w") as file:
        veth(there, DEVICE, here, DEVICE)
        file.write(f"limits: {{addresses: {max(TABLES)}, address_burst: {max(TABLES)}}}\n")
        file.flush()
        with Ours(here, f"--config.file={file.name}") as ours:
            for count in TABLES:
                sender = Sender(there, DEVICE)
                sender.send(traffic.population(traffic.WIDE_NETWORK, count), rate=100_000.0)
                process.settled_cpu_seconds(ours.pid)
                section.rows.extend(_scrape_rows(count, ours))
    return section


def _scrape_rows(count: int, ours: Ours) -> Sequence[Row]:
    times, body = [], ""
    for _ in range(SCRAPES):
        began = time.perf_counter()
        _, body = ours.exporter.get("/metrics")
        times.append(time.perf_counter() - began)
    if body.count("\nl2_arp_moves_total{") != count:
        raise RuntimeError(f"the scrape has not {count} addresses")
    what = f"scrape of {count:,} addresses, {len(body) / 1e6:.1f} MB"
    row = limited(what, max(times), MOST_SCRAPE_SECONDS, "{:.2f} s")
    return [Row(row.what, spread(times) + " s", target=row.target, met=row.met)]

"""CPU a neighbour advertisement, beside that of an ARP frame in the same process."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

import numpy as np

from benchmarks import load, process, traffic
from benchmarks.receivers import Ours
from benchmarks.report import Row, Section, median, spread
from benchmarks.sender import Sender
from tests.lab import ndp

RATE, LOOPS = 200_000.0, 3
MOST_RATIO = 2.0
FAULTS = "/metrics?collect%5B%5D=frame_errors"


def sections() -> list[Section]:
    section = Section(
        "CPU per neighbour advertisement",
        f"{load.FRAMES:,} unsolicited advertisements of {load.HOSTS:,} hosts, {LOOPS} times over at"
        f" {RATE:,.0f} frames/s, and (as the peer) the ARP frames of the section before;"
        f" {load.REPEATS} runs of each, by turns; median (lowest to highest).",
    )
    kinds = {
        "ndp": advertisements(load.FRAMES, load.HOSTS),
        "arp": traffic.segment(load.FRAMES, load.HOSTS, load.MOVES),
    }
    runs: dict[str, list[load.Run]] = defaultdict(list)
    with load.wire() as (sender, here), Ours(here) as ours:
        for frames in kinds.values():
            sender.send(frames[:20_000], rate=20_000.0)
        for _ in range(load.REPEATS):
            for kind, frames in kinds.items():
                runs[kind].append(_run(ours, sender, frames))
        _all_believed(ours)
    section.rows.extend(_rows(runs["ndp"], runs["arp"]))
    return [section]


def _run(ours: Ours, sender: Sender, frames: traffic.FrameArray) -> load.Run:
    process.settled_cpu_seconds(ours.pid)
    ours.taken()
    before = process.settled_cpu_seconds(ours.pid)
    sent = sender.send(frames, rate=RATE, loops=LOOPS)
    cpu = process.settled_cpu_seconds(ours.pid) - before
    return load.Run(sent, cpu, *ours.taken())


def _all_believed(ours: Ours) -> None:
    """What is malformed would cost less."""
    faults = ours.exporter.scrape(FAULTS)
    if any(
        dict(labels).get("protocol") == "ndp" and value for (_, labels), value in faults.items()
    ):
        raise RuntimeError("advertisements were taken for malformed")


def _rows(ndp_runs: Sequence[load.Run], arp_runs: Sequence[load.Run]) -> Iterator[Row]:
    adverts, arps = [run.micros for run in ndp_runs], [run.micros for run in arp_runs]
    ratio = median(adverts) / median(arps)
    figures = spread(adverts) + " us", spread(arps) + " us", f"{ratio:.2f}"
    yield Row("CPU per frame", *figures, f"<= {MOST_RATIO:.0f}", met=ratio <= MOST_RATIO)
    lost = spread([100 * run.lost for run in ndp_runs]) + " %"
    whole = not any(run.lost or run.unaccounted for run in ndp_runs)
    yield Row("frames lost", lost, target="0 %", met=whole)


def advertisements(count: int, hosts: int) -> traffic.FrameArray:
    """Unsolicited advertisements with the override flag, each host's of its own address."""
    model = np.frombuffer(ndp.announcement("02:00:00:00:00:01", "2001:db8::1"), np.uint8)
    which = np.random.default_rng(4).integers(1, hosts + 1, count, dtype=np.uint64)
    frames = np.tile(model, (count, 1))
    macs = traffic.octets(traffic.macs_of(which), 6)
    frames[:, 6:12] = frames[:, 80:86] = macs
    frames[:, 34:38] = frames[:, 74:78] = traffic.octets(which, 4)
    frames[:, 56:58] = traffic.octets(_checksums(frames), 2)
    return frames


def _checksums(frames: traffic.FrameArray) -> traffic.Numbers:
    """RFC 4443, 2.3: the addresses, length and next header of the packet, then the message."""
    summed = frames[:, 22:].copy()
    summed[:, 34:36] = 0
    total = summed.view(">u2").sum(axis=1, dtype=np.uint64) + np.uint64(summed.shape[1] - 32 + 58)
    for _ in range(2):
        total = (total >> np.uint64(16)) + (total & np.uint64(0xFFFF))
    checksums: traffic.Numbers = total ^ np.uint64(0xFFFF)
    return checksums

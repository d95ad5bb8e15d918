"""CPU a neighbour advertisement, beside that of an ARP frame in the same process."""

from __future__ import annotations

from collections import defaultdict

import numpy as np

from benchmarks import load, process, traffic
from benchmarks.receivers import Ours
from benchmarks.report import Row, Section, median, spread
from tests.lab import ndp

RATE, LOOPS = 200_000.0, 3
MOST_RATIO = 2.0


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
                process.settled_cpu_seconds(ours.pid)
                ours.taken()
                before = process.settled_cpu_seconds(ours.pid)
                sent = sender.send(frames, rate=RATE, loops=LOOPS)
                cpu = process.settled_cpu_seconds(ours.pid) - before
                runs[kind].append(load.Run(sent, cpu, *ours.taken()))
    micros = {kind: [run.micros for run in of] for kind, of in runs.items()}
    ratio = median(micros["ndp"]) / median(micros["arp"])
    ours, peer = (spread(micros[kind]) + " us" for kind in kinds)
    most = f"<= {MOST_RATIO:.0f}"
    section.rows.append(Row("CPU per frame", ours, peer, f"{ratio:.2f}", most, ratio <= MOST_RATIO))
    lost = [100 * run.lost for run in runs["ndp"]]
    whole = not any(run.lost or run.unaccounted for run in runs["ndp"])
    section.rows.append(Row("frames lost", spread(lost) + " %", target="0 %", met=whole))
    return [section]


def advertisements(count: int, hosts: int) -> traffic.FrameArray:
    """Unsolicited advertisements with the override flag, each host's of its own address."""
    model = np.frombuffer(ndp.announcement("02:00:00:00:00:01", "2001:db8::1"), np.uint8)
    which = np.random.default_rng(4).integers(1, hosts + 1, count, dtype=np.uint64)
    frames = np.tile(model, (count, 1))
    macs = traffic.octets(traffic.macs_of(which), 6)
    frames[:, 6:12] = frames[:, 80:86] = macs
    frames[:, 34:38] = frames[:, 74:78] = traffic.octets(which, 4)
    return frames

"""The slow lane: what ordinary and hostile multicast DNS costs, and what it costs ARP beside it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from benchmarks import load, multicast, process, traffic
from benchmarks.receivers import DEVICE, Ours
from benchmarks.report import Row, Section, limited
from benchmarks.sender import Sender, Sent
from l2exporter.limits import SLOW_CPU_SHARE
from tests.lab.exporter import Samples, key

SECONDS = 8
ARP_RATE = 50_000.0
HOSTS = 200
RANDOM = 20_000
MOST_ORDINARY = 10.0
MOST_HOSTILE = 100 * (SLOW_CPU_SHARE + 0.15)
MOST_GROWTH = 5e6
COUNTERS = "/metrics?collect%5B%5D=capture&collect%5B%5D=dissections"

NOTE = (
    f"{SECONDS} s of it alone, then with ARP at {ARP_RATE:,.0f} frames/s beside it, sent by one"
    " core, the exporter on the other. CPU is that of the whole process, of one core; with ARP,"
    " the ARP's own (the same without the multicast DNS) is taken off. Memory is the highest"
    " resident size over that before. What the kernel drops of multicast DNS for want of room in"
    " the slow ring is counted, and stands beside the packets by what became of them."
)


@dataclass(frozen=True, slots=True)
class Traffic:
    """Multicast DNS frames, so many a second; the most CPU that they may take, in percent."""

    name: str
    frames: traffic.FrameArray
    rate: float
    most: float


@dataclass(frozen=True, slots=True)
class Figures:
    """What one run led to; CPU seconds, ARP frames lost, slow packets dropped and by result."""

    cpu: float
    lost: int
    dropped: int
    results: Counter[str]


def sections() -> list[Section]:
    return [Section(f"Slow lane: {each.name}", NOTE, list(_measure(each))) for each in loads()]


def loads() -> Iterator[Traffic]:
    rng = np.random.default_rng(3)
    # Others than send ARP: what a host says whose address has just moved is dissected.
    first = np.uint64(traffic.NETWORK + (1 << 16))
    hosts = traffic.macs_of(np.arange(HOSTS, dtype=np.uint64) + first)
    records = multicast.RECORDS
    yield Traffic(
        f"2,000 ordinary packets/s of {records} records from {HOSTS} hosts",
        multicast.frames([multicast.ordinary()], hosts),
        2_000.0,
        MOST_ORDINARY,
    )
    hostile = multicast.hostile()
    anybody = traffic.random_macs(rng, RANDOM)
    for what, macs in (("4 senders", hosts[:4]), ("random senders", anybody)):
        frames = multicast.frames(hostile, np.resize(macs, RANDOM))
        yield Traffic(f"10,000 hostile packets/s from {what}", frames, 10_000.0, MOST_HOSTILE)


def _measure(load_: Traffic) -> Iterator[Row]:
    with load.wire() as (sender, here), Ours(here) as ours:
        sender.send(traffic.population(traffic.NETWORK + 256, HOSTS))
        arp = traffic.segment(int(ARP_RATE), HOSTS, 0.01)
        before = _run(ours, sender, None, arp)
        process.reset_peak(ours.pid)
        resident = process.resident(ours.pid)
        alone = _run(ours, sender, load_, None)
        beside = _run(ours, sender, load_, arp)
        growth = process.peak_resident(ours.pid) - resident
    yield limited("CPU, alone", 100 * alone.cpu / SECONDS, load_.most, "{:.1f} %")
    yield Row("CPU, with ARP beside", f"{100 * (beside.cpu - before.cpu) / SECONDS:.1f} %")
    yield Row("CPU of the ARP alone", f"{100 * before.cpu / SECONDS:.1f} %")
    yield Row(
        f"ARP frames lost of {SECONDS * ARP_RATE:,.0f}",
        f"{beside.lost:,}",
        f"{before.lost:,}",
        target="0",
        met=beside.lost == 0,
    )
    yield limited("memory grows by", growth / 1e6, MOST_GROWTH / 1e6, "{:.1f} MB")
    for what, figures in (("alone", alone), ("with ARP beside", beside)):
        yield Row(f"multicast DNS, {what}", _outcome(load_, figures))


def _outcome(load_: Traffic, figures: Figures) -> str:
    parts = [f"{count:,} {result}" for result, count in figures.results.items() if count]
    sent = int(load_.rate * SECONDS)
    missing = sent - sum(figures.results.values()) - figures.dropped
    if missing:
        raise RuntimeError(f"{missing} of {sent} packets are neither counted nor dropped")
    return ", ".join([*parts, f"{figures.dropped:,} dropped"])


def _run(
    ours: Ours, sender: Sender, slow: Traffic | None, arp: traffic.FrameArray | None
) -> Figures:
    process.settled_cpu_seconds(ours.pid)
    first = ours.exporter.scrape(COUNTERS)
    cpu = process.settled_cpu_seconds(ours.pid)
    sending = []
    if slow is not None:
        count = int(slow.rate * SECONDS)
        loops = -(-count // len(slow.frames))
        sending.append(sender.start(slow.frames[: count // loops], rate=slow.rate, loops=loops))
    if arp is not None:
        sending.append(sender.start(arp, rate=ARP_RATE, loops=SECONDS))
    sent: list[Sent] = [each.result() for each in sending]
    cpu = process.settled_cpu_seconds(ours.pid) - cpu
    last = ours.exporter.scrape(COUNTERS)
    seconds = max(each.seconds for each in sent)
    lost = _grown(first, last, "l2_capture_drops_total", lane="fast")
    dropped = _grown(first, last, "l2_capture_drops_total", lane="slow")
    return Figures(cpu * SECONDS / seconds, int(lost), int(dropped), _results(first, last))


def _grown(first: Samples, last: Samples, name: str, **labels: str) -> float:
    found = key(name, device=DEVICE, **labels)
    return last[found] - first[found]


def _results(first: Samples, last: Samples) -> Counter[str]:
    results: Counter[str] = Counter()
    for (name, labels), value in last.items():
        if name == "l2_slow_packets_total":
            results[dict(labels)["result"]] += int(value - first.get((name, labels), 0.0))
    return results

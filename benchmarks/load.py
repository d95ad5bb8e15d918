"""CPU a frame beside arpwatch: at two rates, as fast as one core can send, and hardly anything."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from benchmarks import process, traffic
from benchmarks.receivers import DEVICE, Arpwatch, Ours, Receiver
from benchmarks.report import Row, Section, median, spread
from benchmarks.sender import FULL_SPEED, Sender, Sent
from tests.lab.namespace import Namespace, veth

FRAMES, HOSTS, MOVES = 200_000, 5_000, 0.01
REPEATS = 3
RATES = {50_000.0: (100_000, 1), 200_000.0: (FRAMES, 3), FULL_SPEED: (FRAMES, 5)}
"""Rate -> how many of the frames are sent, and how often."""

QUIET_RATE, QUIET_SECONDS, IDLE_SECONDS = 100.0, 15, 8
MOST_CPU_RATIO, AIM = 0.4, 0.2


@dataclass(frozen=True, slots=True)
class Run:
    """One burst and what became of it; `cpu` is the receiver's."""

    sent: Sent
    cpu: float
    handled: int
    dropped: int

    @property
    def micros(self) -> float:
        """CPU microseconds of each frame that reached the receiver."""
        return self.cpu / self.handled * 1e6

    @property
    def lost(self) -> float:
        return self.dropped / self.sent.frames

    @property
    def unaccounted(self) -> int:
        return self.sent.frames - self.handled - self.dropped


Runs = dict[tuple[str, float], list[Run]]


@contextmanager
def wire() -> Iterator[tuple[Sender, Namespace]]:
    """A sender, and the namespace at the other end of its veth."""
    with Namespace() as there, Namespace() as here:
        veth(there, DEVICE, here, DEVICE)
        here.address(DEVICE, "198.18.0.2/15")
        yield Sender(there, DEVICE), here


def sections() -> list[Section]:
    frames = traffic.segment(FRAMES, HOSTS, MOVES)
    with wire() as (sender, here):
        alone = [sender.send(frames, loops=RATES[FULL_SPEED][1]) for _ in range(REPEATS)]
        runs: Runs = defaultdict(list)
        for _ in range(REPEATS):
            for kind in (Ours, Arpwatch):
                with kind(here) as receiver:
                    _bursts(sender, receiver, frames, runs, kind.name)
        return [_busy(runs, alone), _quiet(sender, here, frames)]


def _bursts(
    sender: Sender, receiver: Receiver, frames: traffic.FrameArray, runs: Runs, name: str
) -> None:
    sender.send(traffic.population(traffic.NETWORK + 256, HOSTS), rate=20_000.0)
    for rate, (count, loops) in RATES.items():
        # A lone frame: the burst shall meet a receiver that is used to a quiet wire.
        sender.send(frames[:1])
        before = process.settled_cpu_seconds(receiver.pid)
        receiver.taken()
        # What asking has cost is not the frames' doing.
        asked = process.settled_cpu_seconds(receiver.pid)
        sent = sender.send(frames[:count], rate=rate, loops=loops)
        cpu = process.settled_cpu_seconds(receiver.pid) - max(before, asked)
        runs[name, rate].append(Run(sent, cpu, *receiver.taken()))


def _busy(runs: Runs, alone: Sequence[Sent]) -> Section:
    section = Section(
        "CPU per ARP frame",
        f"{FRAMES:,} frames of {HOSTS:,} hosts with {MOVES:.0%} moves, replayed over a veth by"
        f" one core (`sendmmsg`), the receiver on the other; {REPEATS} runs of each, interleaved,"
        " each after a pause; median (lowest to highest). CPU is user and system time of the"
        " receiving process per frame that it handled. Filtering and copying into the receiver's"
        " ring happen on the sender's core: the last row shows what they add there. arpwatch runs"
        " as a daemon without mail; nothing listens to its syslog.",
    )
    for rate in RATES:
        section.rows.extend(_rate_rows(rate, runs["l2exporter", rate], runs["arpwatch", rate]))
    base = median(sent.micros for sent in alone)
    ours, peer = (
        f"{median(run.sent.micros for run in runs[kind.name, FULL_SPEED]) - base:+.2f} us"
        for kind in (Ours, Arpwatch)
    )
    section.rows.append(Row(f"added to the {base:.2f} us of sending at full speed", ours, peer))
    return section


def _rate_rows(rate: float, ours: Sequence[Run], peer: Sequence[Run]) -> Iterator[Row]:
    reached = median(run.sent.rate for run in ours)
    at = f"at {reached:,.0f} frames/s" + ("" if rate else ", full speed")
    ratio = median(run.micros for run in ours) / median(run.micros for run in peer)
    yield Row(
        f"CPU per frame {at}",
        spread([run.micros for run in ours]) + " us",
        spread([run.micros for run in peer]) + " us",
        f"{ratio:.2f}",
        f"<= {MOST_CPU_RATIO}, aim {AIM}",
        ratio <= MOST_CPU_RATIO,
    )
    lost = max(run.lost for run in ours)
    yield Row(
        f"frames lost {at}",
        spread([100 * run.lost for run in ours]) + " %",
        spread([100 * run.lost for run in peer]) + " %",
        target="0 %",
        met=lost == 0 and not any(run.unaccounted for run in ours),
    )


def _quiet(sender: Sender, here: Namespace, frames: traffic.FrameArray) -> Section:
    section = Section(
        "CPU with few frames and with none",
        f"Both on the same wire at the same time, {HOSTS:,} hosts known. Idle for {IDLE_SECONDS} s,"
        f" then {QUIET_RATE:.0f} frames/s for {QUIET_SECONDS} s. Wake-ups are voluntary context"
        " switches of all threads.",
    )
    with Ours(here) as ours, Arpwatch(here) as peer:
        sender.send(traffic.population(traffic.NETWORK + 256, HOSTS), rate=20_000.0)
        for receiver in (ours, peer):
            process.settled_cpu_seconds(receiver.pid)
        section.rows.extend(_usage("idle", IDLE_SECONDS, (ours, peer), None))
        few = frames[: int(QUIET_RATE * QUIET_SECONDS)]
        what = f"{QUIET_RATE:.0f} frames/s"
        section.rows.extend(_usage(what, QUIET_SECONDS, (ours, peer), (sender, few)))
    return section


def _usage(
    what: str,
    seconds: float,
    receivers: Sequence[Receiver],
    load: tuple[Sender, traffic.FrameArray] | None,
) -> Iterator[Row]:
    before = [(process.cpu_seconds(r.pid), process.wakeups(r.pid)) for r in receivers]
    if load is None:
        time.sleep(seconds)
    else:
        load[0].send(load[1], rate=QUIET_RATE)
    after = [(process.cpu_seconds(r.pid), process.wakeups(r.pid)) for r in receivers]
    cpu = [(a[0] - b[0]) / seconds * 1e3 for a, b in zip(after, before, strict=True)]
    wakes = [(a[1] - b[1]) / seconds for a, b in zip(after, before, strict=True)]
    ratio = f"{cpu[0] / cpu[1]:.1f}" if load else ""
    yield Row(f"CPU per second, {what}", f"{cpu[0]:.2f} ms", f"{cpu[1]:.2f} ms", ratio)
    yield Row(f"wake-ups per second, {what}", f"{wakes[0]:.1f}", f"{wakes[1]:.1f}")

"""What counting unknown unicast frames costs whoever sends, and a host with many ports."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks import bridges, process
from benchmarks.bridges import Switch, guest_macs
from benchmarks.fdb_scrape import FRESH_SECONDS, milliseconds
from benchmarks.receivers import DEVICE, Ours
from benchmarks.report import Row, Section, megabytes, spread
from benchmarks.sender import Sender
from benchmarks.traffic import FrameArray
from tests.lab.wait import wait_until

FLAGS = ("--capture.guest-unknown-unicast", "--capture.unknown-unicast")
BYSTANDERS, MANY, REPEATS, SCRAPES = 10, 500, 7, 5
KNOWN_FRAMES, FLOODED_FRAMES = 100_000, 20_000
FLOODED_ONLY = "/metrics?collect%5B%5D=unknown_unicast"
ELSEWHERE = 0x06_00_0000_0001
"""A MAC that nobody has."""


@dataclass(frozen=True, slots=True)
class Stream:
    """Frames from one device of the guests' namespace; who counts them, if anybody."""

    name: str
    device: str
    frames: FrameArray
    counted_by: tuple[str, ...]


def streams() -> list[Stream]:
    own, other = guest_macs(2).tolist()
    source = np.full(KNOWN_FRAMES, own, dtype=np.uint64)
    some = source[:FLOODED_FRAMES]
    ports = tuple(f"p{n}" for n in range(1, BYSTANDERS + 2))
    return [
        Stream("guest to guest, known", "g0", bridges.unicast(source, other), ()),
        Stream(f"flooded to {len(ports)} ports", "g0", bridges.unicast(some, ELSEWHERE), ports),
        Stream("on a wire, for others", DEVICE, bridges.unicast(source, ELSEWHERE), (DEVICE,)),
    ]


def sections() -> list[Section]:
    return [_senders(), _many()]


def _senders() -> Section:
    section = Section(
        "The cost of counting floods: senders",
        "CPU of the sender per frame at full speed, the kernel's work on delivery included, with"
        f" {' and '.join(f'`{flag}`' for flag in FLAGS)} and (as the peer) with an exporter that"
        f" has neither; {REPEATS} runs each, by turns, medians (lowest to highest); the"
        " difference and the ratio are of the lowest, which other work disturbs least. Each frame"
        " must be counted at each port that it is flooded to, and no other.",
    )
    micros: dict[tuple[str, bool], list[float]] = defaultdict(list)
    with Switch(BYSTANDERS + 2) as switch:
        for _ in range(REPEATS):
            for flags in ((), FLAGS):
                switch.greet()
                with Ours(switch.here, *flags) as ours:
                    if flags:
                        _counting(ours, BYSTANDERS + 3)
                    for stream in streams():
                        sent = _sent(switch, ours, stream, bool(flags))
                        micros[stream.name, bool(flags)].append(sent)
    for stream in streams():
        section.rows.append(_row(stream, micros[stream.name, True], micros[stream.name, False]))
    return section


def _sent(switch: Switch, ours: Ours, stream: Stream, counting: bool) -> float:
    """CPU microseconds a frame."""
    before = _counts(ours)
    sent = Sender(switch.guests, stream.device).send(stream.frames)
    if counting:
        counted = {name: frames - before[name] for name, frames in _counts(ours).items()}
        expected = {name: sent.frames * (name in stream.counted_by) for name in counted}
        if counted != expected:
            raise RuntimeError(f"{stream.name}: {counted} frames were counted")
    return sent.micros


def _row(stream: Stream, counting: list[float], without: list[float]) -> Row:
    ratio = min(counting) / min(without)
    added = min(counting) - min(without)
    what = f"sender's CPU per frame, {stream.name}; {added:+.2f} us"
    figures = [f"{spread(micros)} us" for micros in (counting, without)]
    return Row(what, figures[0], figures[1], f"{ratio:.2f}")


def _counting(ours: Ours, devices: int) -> None:
    wait_until(lambda: len(_counts(ours)) == devices, f"{devices} devices are counted")


def _counts(ours: Ours) -> dict[str, int]:
    """Device -> unknown unicast frames."""
    samples = ours.exporter.scrape(FLOODED_ONLY)
    return {
        dict(labels)["device"]: int(value)
        for (name, labels), value in samples.items()
        if name == "l2_unknown_unicast_frames_total"
    }


@dataclass(frozen=True, slots=True)
class Host:
    """An exporter on a host of MANY ports; bytes and seconds. `kernel` is of the whole machine."""

    sockets: int
    ready: float
    counting: float
    resident: int
    kernel: int
    walls: list[float]
    cpu: list[float]
    stop: float


def _many() -> Section:
    section = Section(
        f"The cost of counting floods: {MANY} ports",
        f"A bridge with {MANY} guests, each known by its MAC; the exporter with"
        f" `{FLAGS[0]}`, and (as the peer) without; {SCRAPES} scrapes each, medians (lowest to"
        " highest). Kernel memory is what slab and per-CPU memory of the machine grew by from"
        " before the exporter's start, whoever caused it.",
    )
    with Switch(MANY) as switch:
        switch.greet()
        without, counting = _host(switch), _host(switch, FLAGS[0])
    section.rows.extend(_host_rows(counting, without))
    return section


def _host(switch: Switch, *flags: str) -> Host:
    kernel, began = _kernel_memory(), time.perf_counter()
    with Ours(switch.here, *flags) as ours:
        ready = time.perf_counter() - began
        if flags:
            _counting(ours, MANY)
        counting = time.perf_counter() - began
        process.settled_cpu_seconds(ours.pid)
        kernel = _kernel_memory() - kernel
        walls, cpu = _scrapes(ours)
        sockets = len(switch.here.run("cat", "/proc/net/packet").splitlines()) - 1
        resident = process.resident(ours.pid)
        stopping = time.perf_counter()
        ours.exporter.stop()
    stop = time.perf_counter() - stopping
    return Host(sockets, ready, counting, resident, kernel, walls, cpu, stop)


def _scrapes(ours: Ours) -> tuple[list[float], list[float]]:
    walls, cpu = [], []
    for _ in range(SCRAPES):
        time.sleep(FRESH_SECONDS)
        before, began = process.cpu_seconds(ours.pid), time.perf_counter()
        ours.exporter.get("/metrics")
        walls.append(time.perf_counter() - began)
        cpu.append(process.cpu_seconds(ours.pid) - before)
    return walls, cpu


def _kernel_memory() -> int:
    """Slab and per-CPU memory of the machine, bytes: proc_meminfo(5)."""
    lines = Path("/proc/meminfo").read_text().splitlines()
    sizes = {name: int(size.split()[0]) for name, _, size in (x.partition(":") for x in lines)}
    return (sizes["Slab"] + sizes["Percpu"]) * 1024


def _host_rows(ours: Host, peer: Host) -> Iterator[Row]:
    yield Row("packet sockets", f"{ours.sockets}", f"{peer.sockets}")
    yield Row("start until ready", f"{ours.ready:.2f} s", f"{peer.ready:.2f} s")
    yield Row("start until all ports are counted", f"{ours.counting:.2f} s")
    yield Row("resident memory", megabytes(ours.resident), megabytes(peer.resident))
    yield Row("kernel memory", megabytes(ours.kernel), megabytes(peer.kernel))
    yield Row("time of a scrape", milliseconds(ours.walls), milliseconds(peer.walls))
    yield Row("its CPU", milliseconds(ours.cpu), milliseconds(peer.cpu))
    yield Row("SIGTERM to the end", f"{ours.stop:.2f} s", f"{peer.stop:.2f} s")

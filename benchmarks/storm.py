"""Memory, scrapes and series while somebody floods the segment."""

from __future__ import annotations

import re
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from benchmarks import process, traffic
from benchmarks.receivers import DEVICE, Ours
from benchmarks.report import Row, Section, limited, megabytes, spread
from benchmarks.sender import FULL_SPEED, Sender, Sent
from benchmarks.traffic import WIDE_NETWORK
from l2exporter.limits import Limits
from tests.lab.namespace import Namespace, veth

KNOWN = 200
FIRST_KNOWN = WIDE_NETWORK + (255 << 16)
PROTECTED, PROTECTED_IP = FIRST_KNOWN + 77, "10.255.0.77"
VICTIMS = 4_000
STEADY = 200_000.0
SECONDS_AFTER = 3.0
MOST_GROWTH, MOST_SCRAPE_SECONDS = 20e6, 1.0
LIMITS = Limits()

NOTE = (
    f"{KNOWN} hosts are known before; all senders are in the device's subnet. From the middle of"
    " the storm on a protected address has another MAC, in ten of its frames. Scraped each second"
    f" from the first frame until {SECONDS_AFTER:.0f} s after the last. Memory is the highest"
    " resident size of the whole time over that before it. The bound on addresses is the cap"
    f" ({LIMITS.addresses:,}) plus {LIMITS.address_rate:g} a second."
)

_ADDRESS = re.compile(r'^l2_arp_moves_total\{.*ip="([^"]+)".* (\S+)$', re.MULTILINE)
_SERIES = re.compile(r"^([a-z0-9_]+(?:\{.*\})?) \S+$", re.MULTILINE)
_TRACKED = re.compile(r'^l2_tracked_(\w+)_total\{table="addresses"\} (\S+)$', re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Storm:
    """What is sent, how fast, and which addresses it is about beside the KNOWN.

    protected_moves  how often the protected address moves in it
    """

    name: str
    frames: traffic.FrameArray
    rate: float = FULL_SPEED
    loops: int = 1
    victims: int = 0
    protected_moves: int = 0


@dataclass(slots=True)
class Watch:
    """What the scrapes of one storm showed; sizes in bytes, times in seconds."""

    scrapes: list[float] = field(default_factory=list)
    addresses: set[str] = field(default_factory=set)
    series: set[str] = field(default_factory=set)
    last: str = ""

    def scrape(self, ours: Ours) -> None:
        began = time.perf_counter()
        status, self.last = ours.exporter.get("/metrics")
        self.scrapes.append(time.perf_counter() - began)
        if status != 200:
            raise RuntimeError(f"a scrape was answered with {status}")
        self.addresses.update(ip for ip, _ in _ADDRESS.findall(self.last))
        self.series.update(_SERIES.findall(self.last))

    def moves(self) -> dict[str, float]:
        return {ip: float(count) for ip, count in _ADDRESS.findall(self.last)}


def storms() -> Iterator[Storm]:
    rng = np.random.default_rng(2)
    # Distinct, in the device's own subnet and below the known ones: the case that admits most.
    ips = np.uint64(WIDE_NETWORK + 4096) + rng.permutation(8_000_000)[:1_000_000].astype(np.uint64)
    spoofed = traffic.requests(traffic.random_macs(rng, len(ips)), ips, WIDE_NETWORK + 1)
    spoofed[len(ips) // 2 :: len(ips) // 20] = _moved_protected()
    yield Storm("1,000,000 spoofed senders, full speed", spoofed, protected_moves=1)
    yield Storm(
        f"1,000,000 spoofed senders, {STEADY:,.0f} frames/s", spoofed, STEADY, protected_moves=1
    )
    vids = rng.integers(1, 4095, len(ips), dtype=np.uint64)
    yield Storm("1,000,000 spoofed senders, random VLANs", traffic.tagged(spoofed, vids))
    victims = np.uint64(WIDE_NETWORK + 4096) + rng.integers(0, VICTIMS, 200_000, dtype=np.uint64)
    moving = traffic.requests(traffic.random_macs(rng, 200_000), victims, WIDE_NETWORK + 1)
    moving[100_000::10_000] = _moved_protected()
    name = f"200,000 frames of {VICTIMS:,} known addresses, each from another MAC"
    yield Storm(name, moving, victims=VICTIMS, protected_moves=1)
    one = np.full(1000, FIRST_KNOWN + 5, dtype=np.uint64)
    gratuitous = traffic.requests(traffic.macs_of(one), one, FIRST_KNOWN + 5)
    yield Storm("1,000,000 gratuitous packets of one address", gratuitous, loops=1000)


def _moved_protected() -> traffic.FrameArray:
    mac = np.array([0x0A_00_00_00_00_01], dtype=np.uint64)
    ip = np.array([PROTECTED], dtype=np.uint64)
    return traffic.requests(mac, ip, WIDE_NETWORK + 1)


def sections() -> list[Section]:
    return [Section(f"Storm: {storm.name}", NOTE, list(_weather(storm))) for storm in storms()]


def _weather(storm: Storm) -> Iterator[Row]:
    with Namespace() as there, Namespace() as here, tempfile.NamedTemporaryFile("w") as file:
        veth(there, DEVICE, here, DEVICE)
        here.address(DEVICE, "10.0.0.2/8")
        file.write(f"protected_addresses: [{PROTECTED_IP}]\n")
        file.flush()
        with Ours(here, f"--config.file={file.name}") as ours:
            sender = Sender(there, DEVICE)
            sender.send(traffic.population(FIRST_KNOWN, KNOWN))
            if storm.victims:
                sender.send(traffic.population(WIDE_NETWORK + 4096, storm.victims), rate=STEADY)
            process.settled_cpu_seconds(ours.pid)
            yield from _watched(storm, ours, sender)


def _watched(storm: Storm, ours: Ours, sender: Sender) -> Iterator[Row]:
    watch = Watch()
    watch.scrape(ours)
    ours.taken()
    process.settled_cpu_seconds(ours.pid)
    idle = process.resident(ours.pid)
    process.reset_peak(ours.pid)
    began = time.monotonic()
    sent = _storm(storm, ours, sender, watch)
    process.settled_cpu_seconds(ours.pid)
    watch.scrape(ours)
    bound = LIMITS.addresses + LIMITS.address_rate * (time.monotonic() - began)
    growth = process.peak_resident(ours.pid) - idle
    yield Row("sent, frames/s", f"{sent.rate:,.0f}")
    yield Row(
        "memory grows by",
        megabytes(growth),
        target=f"<= {megabytes(MOST_GROWTH)}",
        met=growth <= MOST_GROWTH,
    )
    yield Row(
        f"{len(watch.scrapes)} scrapes",
        spread(watch.scrapes) + " s",
        target=f"< {MOST_SCRAPE_SECONDS} s",
        met=max(watch.scrapes) < MOST_SCRAPE_SECONDS,
    )
    yield limited("distinct `ip` values", len(watch.addresses), bound, "{:,.0f}")
    yield Row("distinct series of all scrapes", f"{len(watch.series):,}")
    yield from _accounts(storm, ours, sent, watch)


def _storm(storm: Storm, ours: Ours, sender: Sender, watch: Watch) -> Sent:
    """Send it, with a scrape a second until SECONDS_AFTER its end."""
    sending = sender.start(storm.frames, rate=storm.rate, loops=storm.loops)
    due = time.monotonic()
    end = None
    while end is None or due < end:
        time.sleep(max(0.0, due - time.monotonic()))
        watch.scrape(ours)
        due += 1.0
        if end is None and not sending.running():
            end = time.monotonic() + SECONDS_AFTER
    return sending.result()


def _accounts(storm: Storm, ours: Ours, sent: Sent, watch: Watch) -> Iterator[Row]:
    handled, dropped = ours.taken()
    missing = sent.frames - handled - dropped
    yield Row("frames dropped by the kernel", f"{dropped:,} ({dropped / sent.frames:.1%})")
    yield Row("frames neither handled nor dropped", f"{missing}", target="0", met=missing == 0)
    tracked = dict(_TRACKED.findall(watch.last))
    yield Row("sightings refused", f"{float(tracked['refusals']):,.0f}")
    yield Row("addresses evicted", f"{float(tracked['evictions']):,.0f}")
    moves = watch.moves().get(PROTECTED_IP, 0)
    expected = storm.protected_moves
    met = moves == expected
    yield Row("moves of the protected address", f"{moves:.0f}", target=f"{expected}", met=met)
    clean = "Traceback" not in ours.exporter.log()
    yield Row("log", "clean" if clean else "traceback", target="no traceback", met=clean)

"""A bridge with as many ports, forwarding entries and neighbours as a scenario asks for."""

from __future__ import annotations

import socket
import tempfile
import time
from contextlib import ExitStack
from typing import Self

import numpy as np

from benchmarks import traffic
from benchmarks.receivers import DEVICE
from benchmarks.traffic import FrameArray, Numbers
from tests.lab.exporter import Samples
from tests.lab.namespace import Namespace, veth

BRIDGE = "br0"
BRIDGE_MAC = 0x02_00_0000_FFFE
"""What Namespace.bridge gives it: frames to it are flooded nowhere."""

STATIONS = 0x0A_00_0000_0000
"""First of the MACs that speak behind the ports."""

LEARNING_RATE, PACE_FRAMES = 20_000.0, 100
QUIET = "net.ipv6.conf.default.disable_ipv6"  # or each device would speak for itself


class Switch:
    """`with Switch(10) as switch:` a bridge with ten veth ports p0, p1, ... is there.

    The guests' ends, g0, g1, ..., are in another namespace. DEVICE is a wire beside the bridge for
    the exporter to capture.
    """

    def __init__(self, ports: int) -> None:
        self.ports = ports
        self.here, self.guests = Namespace(), Namespace()
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            for namespace in (self.here, self.guests):
                stack.enter_context(namespace)
                namespace.sysctl(QUIET, 1)
            veth(self.guests, DEVICE, self.here, DEVICE)
            self.here.bridge(BRIDGE)
            self._plug()
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def _plug(self) -> None:
        ports = range(self.ports)
        there = self.guests.name
        add = "link add p{0} type veth peer name g{0} netns {1} address {2}"
        macs = guest_macs(self.ports).tolist()
        batch(self.here, "ip", [add.format(n, there, colons(macs[n])) for n in ports])
        batch(self.guests, "ip", [f"link set g{n} up" for n in ports])
        batch(self.here, "ip", [f"link set p{n} master {BRIDGE} up" for n in ports])

    def learn(self, macs: Numbers, rate: float = LEARNING_RATE) -> None:
        """Have the bridge learn `macs` from frames, an equal share behind each port."""
        shares = np.array_split(unicast(macs, BRIDGE_MAC), self.ports)
        with self.guests.entered():
            # One socket for all: closing one waits for every core.
            wire = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
        with wire:
            for port, share in enumerate(shares):
                for at in range(0, len(share), PACE_FRAMES):
                    _speak(wire, f"g{port}", share[at : at + PACE_FRAMES], rate)

    def greet(self) -> None:
        """Have each guest send a frame from its own MAC."""
        self.learn(guest_macs(self.ports))

    def neighbors(self, macs: Numbers) -> None:
        """Give the bridge device one IPv4 neighbour for each of `macs`, with a stale entry.

        As externally learnt ones they are not counted against the whole machine's gc_thresh3.
        """
        add = "neigh add 10.{0}.{1}.{2} lladdr {3} dev " + BRIDGE + " nud stale extern_learn"
        lines = []
        for number, mac in enumerate(macs.tolist(), 256):
            octets = (number >> 16, number >> 8 & 255, number & 255)
            lines.append(add.format(*octets, colons(mac)))
        batch(self.here, "ip", lines)

    def flush(self) -> None:
        """Have the bridge forget what it learnt, in one system call."""
        self.here.ip("link", "set", BRIDGE, "type", "bridge", "fdb_flush")

    def learned(self) -> int:
        """How many MACs the kernel says the bridge has learnt."""
        shown = self.here.run("bridge", "fdb", "show", "dynamic").splitlines()
        return sum(f"master {BRIDGE}" in line for line in shown)


def stations(count: int, first: int = 0) -> Numbers:
    """`count` MACs, none of them a guest's own."""
    return np.uint64(STATIONS + first) + np.arange(count, dtype=np.uint64)


def guest_macs(count: int) -> Numbers:
    """The own MACs of the first `count` guests."""
    return np.uint64(0x02_00_0100_0000) + np.arange(count, dtype=np.uint64)


def unicast(sources: Numbers, destinations: Numbers | int) -> FrameArray:
    """Frames that no host answers, by IEEE's ethertype for local experiments (88B5)."""
    frames = np.zeros((len(sources), traffic.WIDTH), dtype=np.uint8)
    targets = np.broadcast_to(np.uint64(destinations), len(sources))
    frames[:, 0:6] = traffic.octets(targets, 6)
    frames[:, 6:12] = traffic.octets(sources, 6)
    frames[:, 12:14] = (0x88, 0xB5)
    return frames


def _speak(wire: socket.socket, device: str, frames: FrameArray, rate: float) -> None:
    end = time.perf_counter() + len(frames) / rate
    for frame in frames:
        wire.sendto(frame, (device, 0))
    time.sleep(max(0.0, end - time.perf_counter()))


def batch(namespace: Namespace, tool: str, lines: list[str]) -> None:
    """Run the lines of an `ip` or `bridge` batch."""
    with tempfile.NamedTemporaryFile("w") as file:
        file.write("".join(f"{line}\n" for line in lines))
        file.flush()
        namespace.run(tool, "-batch", file.name)


def total(samples: Samples, name: str, **labels: str) -> float:
    """Sum of the samples called `name` that have these labels."""
    wanted = labels.items()
    return sum(
        value for (called, has), value in samples.items() if called == name and wanted <= set(has)
    )


def colons(mac: int) -> str:
    """Return a MAC as text."""
    return mac.to_bytes(6).hex(":")

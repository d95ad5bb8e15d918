"""Network namespaces with veth pairs and bridges in them, for tests that run as root."""

from __future__ import annotations

import ctypes
import itertools
import os
import subprocess
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, Self

CLONE_NEWNET = 0x40000000  # linux/sched.h
STOP_SECONDS = 5.0

_libc = ctypes.CDLL(None, use_errno=True)
_numbers = itertools.count(1)

Stream = int | IO[Any] | None


class Namespace:
    """One network namespace: `with Namespace() as ns:` makes it and removes it with all in it.

    Named l2t-<pid>-<n>, so that several test runs can share a machine. Loopback is up, IPv6 asks
    for no router and checks no duplicates: what is heard on a wire is what a test put there.
    """

    def __init__(self) -> None:
        self.name = f"l2t-{os.getpid()}-{next(_numbers)}"
        self._processes: list[subprocess.Popen[bytes]] = []

    def __enter__(self) -> Self:
        subprocess.run(["ip", "netns", "add", self.name], check=True)
        quiet = [f"net.ipv6.conf.default.{key}=0" for key in ("accept_dad", "router_solicitations")]
        self.run("sysctl", "-eqw", *quiet)  # -e: a kernel without IPv6 is quiet already
        self.ip("link", "set", "lo", "up")
        return self

    def __exit__(self, *_: object) -> None:
        for process in reversed(self._processes):
            stop(process)
        subprocess.run(["ip", "netns", "delete", self.name], check=True)

    def run(self, *command: str, check: bool = True) -> str:
        """Run `command` here to its end; its standard output and standard error, as text."""
        done = subprocess.run(
            ["ip", "netns", "exec", self.name, *command],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        if check and done.returncode:
            raise RuntimeError(f"{' '.join(command)}: status {done.returncode}: {done.stdout}")
        return done.stdout

    def popen(
        self, *command: str, stdout: Stream = None, stderr: Stream = None
    ) -> subprocess.Popen[bytes]:
        """Start `command` here; it is stopped with the namespace unless it was before.

        `ip netns exec` becomes the command itself, so the pid is the command's own.
        """
        process = subprocess.Popen(
            ["ip", "netns", "exec", self.name, *command],
            stdin=subprocess.DEVNULL,
            stdout=stdout,
            stderr=stderr,
        )
        self._processes.append(process)
        return process

    @contextmanager
    def entered(self) -> Iterator[None]:
        """Run the block's own Python code here: a socket opened in it belongs to the namespace.

        Only the calling thread enters. /sys still shows the outside: `run` and `popen` do not.
        """
        home = os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
        try:
            with Path("/run/netns", self.name).open("rb") as there:
                _setns(there.fileno())
            yield
        finally:
            _setns(home)
            os.close(home)

    def ip(self, *arguments: str) -> str:
        """`ip ARGUMENTS` here; its output."""
        return self.run("ip", *arguments)

    def batch(self, tool: str, lines: Iterable[str]) -> None:
        """Run many commands of `ip` or `bridge` here by one process, to the first that fails."""
        with tempfile.NamedTemporaryFile("w", suffix=".batch") as commands:
            commands.writelines(f"{line}\n" for line in lines)
            commands.flush()
            self.run(tool, "-batch", commands.name)

    def sysctl(self, name: str, value: int) -> None:
        """Set a kernel parameter of this namespace, by its dotted name."""
        self.run("sysctl", "-qw", f"{name}={value}")

    def bridge(self, name: str, *ports: str, mac: str = "02:00:00:00:ff:fe") -> None:
        """Make a bridge that forwards at once and floods multicast, with these devices in it."""
        self.ip("link", "add", name, "address", mac, "type", "bridge", *_PLAIN_BRIDGE)
        for port in ports:
            self.ip("link", "set", "dev", port, "master", name, "up")
        self.ip("link", "set", "dev", name, "up")

    def address(self, device: str, cidr: str) -> None:
        """Give `device` an address with its prefix length, "192.0.2.1/24"."""
        self.ip("address", "add", cidr, "dev", device)

    def mac(self, device: str) -> str:
        """The device's hardware address, in lower case with colons."""
        return self.run("cat", f"/sys/class/net/{device}/address").strip()


_PLAIN_BRIDGE = ("stp_state", "0", "forward_delay", "0", "mcast_snooping", "0")


def veth(
    first: Namespace,
    device: str,
    second: Namespace,
    peer: str,
    macs: tuple[str, str] = ("02:00:00:00:ff:01", "02:00:00:00:ff:02"),
) -> None:
    """Join two namespaces (or one with itself) by a wire, both ends up."""
    here = ("name", device, "netns", first.name, "address", macs[0])
    there = ("name", peer, "netns", second.name, "address", macs[1])
    subprocess.run(["ip", "link", "add", *here, "type", "veth", "peer", *there], check=True)
    first.ip("link", "set", "dev", device, "up")
    second.ip("link", "set", "dev", peer, "up")


def stop(process: subprocess.Popen[bytes]) -> int:
    """End a process by SIGTERM, or SIGKILL if it takes too long; its exit status."""
    process.terminate()
    try:
        return process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        return process.wait()


def _setns(descriptor: int) -> None:
    if _libc.setns(descriptor, CLONE_NEWNET) != 0:
        problem = ctypes.get_errno()
        raise OSError(problem, os.strerror(problem))

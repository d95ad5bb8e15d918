"""The two that listen to the same wire: the exporter and, as the peer, arpwatch."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import Protocol, Self

from benchmarks import process
from tests.lab.exporter import Exporter
from tests.lab.namespace import Namespace
from tests.lab.wait import wait_until

DEVICE = "eth0"
CAPTURE_ONLY = "/metrics?collect%5B%5D=capture"
_COUNTER = re.compile(rf'l2_capture_(frames|drops)_total{{device="{DEVICE}",lane="fast"}} (\S+)')


class Receiver(Protocol):
    """One of the two, running."""

    pid: int

    def taken(self) -> tuple[int, int]:
        """(frames handled, frames dropped) since this was last asked."""


class Ours:
    """The exporter on DEVICE, kept on the receivers' core."""

    name = "l2exporter"

    def __init__(self, namespace: Namespace, *flags: str) -> None:
        self.exporter = Exporter(namespace, f"--capture.device={DEVICE}", *flags)
        self._before = (0, 0)

    def __enter__(self) -> Self:
        self.exporter.__enter__()
        self.pid = self.exporter.process.pid
        process.pin(self.pid)
        return self

    def __exit__(self, *_: object) -> None:
        self.exporter.__exit__()

    def taken(self) -> tuple[int, int]:
        found = dict(_COUNTER.findall(self.exporter.get(CAPTURE_ONLY)[1]))
        now = (int(float(found["frames"])), int(float(found["drops"])))
        before, self._before = self._before, now
        return now[0] - before[0], now[1] - before[1]


class Arpwatch:
    """arpwatch as a daemon, as its service starts it, but without mail (-Q) and any subnet (-a).

    Nothing listens to its syslog, which costs it less than where something does.
    """

    name = "arpwatch"

    def __init__(self, namespace: Namespace) -> None:
        self._namespace = namespace
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            database = stack.enter_context(tempfile.NamedTemporaryFile(suffix=".dat"))
            flags = ("-Q", "-N", "-a", "-i", DEVICE, "-f", database.name)
            before = _pids(self._namespace)
            self._namespace.run("arpwatch", *flags)
            (self.pid,) = _pids(self._namespace) - before
            stack.callback(self._stop)
            wait_until(self._captures, "arpwatch waits for packets")
            process.pin(self.pid)
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def taken(self) -> tuple[int, int]:
        return process.packet_statistics(self.pid)

    def _captures(self) -> bool:
        return "poll" in Path(f"/proc/{self.pid}/wchan").read_text()

    def _stop(self) -> None:
        with ExitStack() as stack:
            pidfd = os.pidfd_open(self.pid)
            stack.callback(os.close, pidfd)
            signal.pidfd_send_signal(pidfd, signal.SIGTERM)
            wait_until(lambda: self.pid not in _pids(self._namespace), "arpwatch ends")


def _pids(namespace: Namespace) -> set[int]:
    listed = subprocess.run(
        ["ip", "netns", "pids", namespace.name], capture_output=True, text=True, check=True
    )
    return set(map(int, listed.stdout.split()))

"""The exporter itself, as users start it, inside a lab namespace."""

from __future__ import annotations

import http.client
import os
import re
import sys
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Self

from prometheus_client.parser import text_string_to_metric_families

from tests.lab.namespace import Namespace, stop
from tests.lab.wait import wait_until

COMMAND = (str(Path(sys.executable).with_name("l2exporter")),)
PORT = 10806
LISTEN = f"--web.listen-address=127.0.0.1:{PORT}"

Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]
"""(sample name, its labels) -> value."""


def key(name: str, /, **labels: str) -> tuple[str, frozenset[tuple[str, str]]]:
    """The key of a sample: `samples[key("l2_capture_up", device="eth0")]`."""
    return name, frozenset(labels.items())


def parse(exposition: str) -> Samples:
    """Every sample of a text exposition."""
    families = text_string_to_metric_families(exposition)
    return {
        key(sample.name, **sample.labels): sample.value
        for family in families
        for sample in family.samples
    }


class Exporter:
    """`with Exporter(namespace, "--capture.device=eth0") as exporter:` serves and is ready.

    It listens on the namespace's loopback only. RuntimeError with its log if it ends instead.
    `command` starts it where the `l2exporter` beside this Python does not: in a container.
    """

    def __init__(self, namespace: Namespace, *flags: str, command: Sequence[str] = COMMAND) -> None:
        self._namespace = namespace
        self._command = (*command, LISTEN, *flags)
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            self._log = stack.enter_context(tempfile.TemporaryFile())
            self.process = self._namespace.popen(*self._command, stdout=self._log, stderr=self._log)
            stack.callback(self.stop)
            wait_until(self._ready, "the exporter is ready")
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def get(self, path: str, **headers: str) -> tuple[int, str]:
        """Status and body of one GET from inside the namespace; OSError if nobody answers."""
        connection = http.client.HTTPConnection("127.0.0.1", PORT, timeout=30)
        try:
            with self._namespace.entered():
                connection.connect()
            connection.request("GET", path, headers=headers)
            response = connection.getresponse()
            return response.status, response.read().decode()
        finally:
            connection.close()

    def scrape(self, path: str = "/metrics") -> Samples:
        """Every sample that it exposes now."""
        status, body = self.get(path)
        if status != http.HTTPStatus.OK:
            raise RuntimeError(f"{path}: status {status}: {body}")
        return parse(body)

    def stop(self) -> int:
        """Send SIGTERM and return the exit status; again is harmless."""
        return stop(self.process)

    def log(self) -> str:
        """What it has written on standard output and standard error so far."""
        written = os.fstat(self._log.fileno()).st_size
        return os.pread(self._log.fileno(), written, 0).decode()

    def rss(self) -> int:
        """Resident memory in bytes."""
        status = self._proc("status")
        found = re.search(r"^VmRSS:\s+(\d+) kB$", status, re.MULTILINE)
        if found is None:
            raise RuntimeError(f"no VmRSS in {status!r}")
        return int(found[1]) * 1024

    def cpu_seconds(self) -> float:
        """User and system time since it was started, all threads."""
        after_name = self._proc("stat").rpartition(")")[2].split()
        user, system = int(after_name[11]), int(after_name[12])  # proc(5): fields 14 and 15
        return (user + system) / os.sysconf("SC_CLK_TCK")

    def _proc(self, name: str) -> str:
        return Path(f"/proc/{self.process.pid}/{name}").read_text()

    def _ready(self) -> bool:
        if self.process.poll() is not None:
            status = self.process.returncode
            raise RuntimeError(f"the exporter ended with status {status}: {self.log()}")
        try:
            return self.get("/-/ready")[0] == http.HTTPStatus.OK
        except OSError:
            return False

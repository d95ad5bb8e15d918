"""Running `l2exporter replay` as a process, and reading what it prints."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import IO, NamedTuple

from tests.captures.generate import HERE

TYPES, PROXY = str(HERE / "types.pcap"), str(HERE / "sleep_proxy.pcap")
MAC = "02:00:00:00:00:01"
COMMAND = [sys.executable, "-m", "l2exporter", "replay"]


class Run(NamedTuple):
    status: int
    out: str
    said: list[str]

    def value(self, sample: str) -> float | None:
        """The value of the sample that is written just so."""
        found = [
            line.split()[-1] for line in self.out.splitlines() if line.startswith(f"{sample} ")
        ]
        return float(found[0]) if found else None


def replay(*arguments: str | Path, stdout: IO[bytes] | int = subprocess.PIPE) -> Run:
    done = subprocess.run(
        [*COMMAND, *arguments], stdout=stdout, stderr=subprocess.PIPE, check=False
    )
    out = b"" if done.stdout is None else done.stdout
    return Run(done.returncode, out.decode(), done.stderr.decode().splitlines())


def frames(device: str) -> str:
    return f'l2_capture_frames_total{{device="{device}",lane="file"}}'

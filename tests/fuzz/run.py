"""`make fuzz`: every target for some seconds, from the samples of the tests on.

An input that a target fails on is left in tests/fuzz/corpus, where the tests replay it.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.fuzz.targets import CORPUS, TARGETS

LARGEST = 2048
"""Bytes of an input: a slot of the slow lane."""
SLOWEST = 5
"""Seconds for one input under instrumentation, a thousand times what any may take."""
MEMORY = 1024
"""Megabytes, scapy and numpy included."""


def fuzz(name: str, seconds: int) -> bool:
    """Tell whether the target stood `seconds` of it."""
    kept = CORPUS / name
    with tempfile.TemporaryDirectory() as seeds:
        for number, seed in enumerate(TARGETS[name].seeds):
            (Path(seeds) / str(number)).write_bytes(seed)
        kept.mkdir(parents=True, exist_ok=True)
        flags = (
            f"-max_total_time={seconds}",
            f"-max_len={LARGEST}",
            f"-timeout={SLOWEST}",
            f"-rss_limit_mb={MEMORY}",
            f"-artifact_prefix={kept}/",
            "-print_final_stats=1",
        )
        command = [sys.executable, "-m", "tests.fuzz.fuzzer", name, *flags, seeds, str(kept)]
        done = subprocess.run(command, stderr=subprocess.PIPE, text=True, check=False)
    if not any(kept.iterdir()):
        kept.rmdir()
    _tell(name, done)
    return done.returncode == 0


def _tell(name: str, done: subprocess.CompletedProcess[str]) -> None:
    lines = done.stderr.splitlines()
    runs = [line for line in lines if "number_of_executed_units" in line]
    coverage = [line for line in lines if "cov: " in line]
    seen = coverage[-1].split("cov: ")[1].split()[0] if coverage else "?"
    count = runs[0].split()[-1] if runs else "?"
    print(f"{name:22} {count:>9} inputs, coverage {seen}", flush=True)
    if done.returncode:
        print("\n".join(lines[-60:]), flush=True)


def main() -> int:
    """Return 0 when no target has failed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=20, help="for each target")
    parser.add_argument("target", nargs="*", help=f"of {', '.join(TARGETS)}; all, unless named")
    given = parser.parse_args()
    if unknown := {*given.target} - {*TARGETS}:
        parser.error(f"no such target: {', '.join(sorted(unknown))}")
    stood = [fuzz(name, given.seconds) for name in given.target or TARGETS]
    return 0 if all(stood) else 1


if __name__ == "__main__":
    sys.exit(main())

"""promtool: what it says of expositions, configurations, rules and their tests."""

from __future__ import annotations

import subprocess
from pathlib import Path


def promtool(*arguments: str | Path, given: str = "") -> str:
    """Return its words; AssertionError with them if it fails."""
    done = subprocess.run(
        ["promtool", *arguments],
        input=given,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode:
        raise AssertionError(f"promtool: status {done.returncode}\n{done.stdout}")
    return done.stdout


def check_metrics(exposition: str) -> None:
    """Raise AssertionError with promtool's words if it rejects the text or has a lint remark."""
    if words := promtool("check", "metrics", given=exposition):
        raise AssertionError(f"promtool:\n{words}")

"""Prometheus' own linter for the text format."""

from __future__ import annotations

import subprocess


def check_metrics(exposition: str) -> None:
    """Raise AssertionError with promtool's words if it rejects the text or has a lint remark."""
    done = subprocess.run(
        ["promtool", "check", "metrics"],
        input=exposition,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode or done.stdout:
        raise AssertionError(f"promtool: status {done.returncode}\n{done.stdout}")

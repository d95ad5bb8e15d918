"""Figures to a table, on the terminal and in RESULTS.md."""

from __future__ import annotations

import os
import platform
import statistics
import subprocess
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path

MEGABYTE = 1e6


@dataclass(frozen=True, slots=True)
class Row:
    """One figure: ours, the peer's, what was aimed at, and whether that was met (None: no aim)."""

    what: str
    ours: str
    peer: str = ""
    ratio: str = ""
    target: str = ""
    met: bool | None = None


@dataclass(frozen=True, slots=True)
class Section:
    """The rows of one scenario, and how they were measured."""

    title: str
    note: str
    rows: list[Row] = field(default_factory=list)


def median(values: Iterable[float]) -> float:
    return statistics.median(values)


def spread(values: Sequence[float], form: str = "{:.2f}") -> str:
    """`median (lowest to highest)`."""
    low, middle, high = (form.format(f(values)) for f in (min, statistics.median, max))
    return f"{middle} ({low} to {high})"


def megabytes(size: float) -> str:
    return f"{size / MEGABYTE:.1f} MB"


def limited(what: str, value: float, most: float, form: str) -> Row:
    """A row whose figure must not exceed `most`."""
    return Row(what, form.format(value), target=f"<= {form.format(most)}", met=value <= most)


def table(section: Section) -> str:
    """A section as Markdown."""
    lines = [f"## {section.title}", "", section.note, ""]
    lines += ["| | l2exporter | peer | ratio | target | |", "|---|---|---|---|---|---|"]
    for row in section.rows:
        verdict = {True: "met", False: "**missed**", None: ""}[row.met]
        cells = (row.what, row.ours, row.peer, row.ratio, row.target, verdict)
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join([*lines, ""])


def machine() -> str:
    """What this was measured on, as a paragraph."""
    info = Path("/proc/cpuinfo").read_text()
    model = next(line for line in info.splitlines() if line.startswith("model name"))
    packages = ", ".join(f"{name} {version(name)}" for name in ("numpy", "prometheus-client"))
    return (
        f"{os.cpu_count()} cores ({model.partition(':')[2].strip()}), Linux {platform.release()}, "
        f"Python {platform.python_version()}, {packages}; l2exporter {version('l2exporter')}, "
        f"arpwatch {_debian_version('arpwatch')}. Load average at the end: "
        f"{os.getloadavg()[0]:.1f} over one minute."
    )


def _debian_version(package: str) -> str:
    command = ["dpkg-query", "-W", "-f", "${Version}", package]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout

"""Run every benchmark (root; about nine minutes) and write RESULTS.md beside this file."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
RESULTS = Path(__file__).with_name("RESULTS.md")


def main() -> int:
    """Print each section as it is there; 1 when a target was missed."""
    sys.path.insert(0, str(ROOT))
    os.chdir(ROOT)
    from benchmarks import (  # noqa: PLC0415 - the path
        bridge_ports,
        dissect,
        fakes,
        fdb_events,
        fdb_scrape,
        flood_cost,
        idle,
        latency,
        load,
        ndp,
        replay,
        report,
        slow_lane,
        storm,
    )

    began = time.monotonic()
    sections = []
    wire = (idle, latency, load, ndp, storm, slow_lane, dissect, fakes, replay)
    kernel = (fdb_scrape, bridge_ports, fdb_events, flood_cost)
    for scenario in (*wire, *kernel):
        for section in scenario.sections():
            sections.append(section)
            print(report.table(section), flush=True)
    tables = "\n".join(map(report.table, sections))
    minutes = (time.monotonic() - began) / 60
    head = (
        "# Speed and size\n\nWritten by `make bench`, which took"
        f" {minutes:.1f} minutes. Ratios are ours to the peer's in the same run: keep them,"
        f" not the figures.\n\n{report.machine()}\n\n"
    )
    RESULTS.write_text(head + tables)
    missed = [
        f"{section.title}: {row.what}"
        for section in sections
        for row in section.rows
        if row.met is False
    ]
    print(f"missed: {'; '.join(missed)}" if missed else "every target is met")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())

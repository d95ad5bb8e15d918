"""What it costs to be there: from start to the first scrape, and memory with nothing to do."""

from __future__ import annotations

import time

from benchmarks import process
from benchmarks.report import Row, Section, limited, spread
from tests.lab.exporter import Exporter
from tests.lab.namespace import Namespace, veth

STARTS = 5
DEVICES = (1, 8)
MOST_MEGABYTES, MOST_START_SECONDS = 60.0, 1.5


def sections() -> list[Section]:
    section = Section(
        "Start and idle memory",
        f"From the start of the process to the end of the first good scrape: median of {STARTS}"
        " (lowest to highest), looked for every 20 ms. Resident memory (VmRSS) after that scrape;"
        " the ring of each device counts in it.",
    )
    for count in DEVICES:
        with Namespace() as here:
            for number in range(count):
                veth(here, f"eth{number}", here, f"peer{number}")
            flag = "--capture.device-include=eth[0-9]+"
            starts = []
            for _ in range(STARTS if count == 1 else 1):
                began = time.perf_counter()
                with Exporter(here, flag) as exporter:
                    samples = exporter.scrape()
                    starts.append(time.perf_counter() - began)
                    resident = process.resident(exporter.process.pid) / 1e6
            up = [value for (name, _), value in samples.items() if name == "l2_capture_up"]
            captured = int(sum(up))
            if captured != count:
                raise RuntimeError(f"{captured} devices captured instead of {count}")
        section.rows.extend(_rows(count, starts, resident))
    return [section]


def _rows(devices: int, starts: list[float], resident: float) -> list[Row]:
    label = f"{devices} device{'s' if devices > 1 else ''}"
    rows = [limited(f"idle memory, {label}", resident, MOST_MEGABYTES, "{:.1f} MB")]
    if len(starts) > 1:
        met = max(starts) <= MOST_START_SECONDS
        target = f"<= {MOST_START_SECONDS} s"
        rows.append(Row("start to first scrape", spread(starts) + " s", target=target, met=met))
    return rows

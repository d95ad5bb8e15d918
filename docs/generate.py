"""Writes the reference of all metrics from what the collectors yield: docs/generate.py [FILE].

The examples are samples after a small capture, on a host that is made by hand, so they are true;
figures that differ from run to run are left out.
"""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from prometheus_client.exposition import generate_latest
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import CollectorRegistry

sys.path.insert(0, str(Path(__file__).parent.parent))

from l2exporter.capture.lane import Lane
from l2exporter.capture.pcap import read_frames
from l2exporter.collectors.base import Collector, Context, ReloadStatus
from l2exporter.collectors.registry import COLLECTORS
from l2exporter.collectors.suite import Suite
from l2exporter.evidence.ledger import Ledger
from l2exporter.limits import Limits
from l2exporter.pipeline import Pipeline
from l2exporter.slow_lane import SlowLane
from l2exporter.tables.state import Tables
from tests.collectors.hypervisor import hypervisor

HERE = Path(__file__).parent
CAPTURES = HERE.parent / "tests" / "captures"
EXAMPLES = ("sleep_proxy.pcap", "segment.pcap")
DEVICE = "eth0"

INTRODUCTION = """\
# Metrics

<!-- Written by `make docs` from l2exporter/collectors; changes here are lost. -->

Each collector is switched off by `--no-collector.NAME`; `?collect[]=NAME` asks for it alone.
Counters begin at 0 when the exporter starts, but for those that are the kernel's own. What cannot
be read is absent, never zero. The examples are from captures of a Mac that falls asleep while a
sleep proxy answers for it, and of a router that somebody else claims to be; and from a hypervisor
whose bridge has forgotten a quiet guest. `...` stands for figures that differ from run to run. A
replay has what is told of frames alone.

| Label | Meaning |
|---|---|
| `device` | Name of the network device; in a replay the file's name, or `--device` |
| `bridge`, `port` | Names of a bridge, and of a device that is a port of it |
| `vlan` | 802.1Q VID, of several tags the outermost; empty when untagged, `other` beyond the cap |
| `ip` | Address that ARP packets or neighbour discovery bind; of a neighbour, its own |
| `mac`, `from_mac`, `to_mac` | MAC address, in lower case with colons |
| `family` | `ipv4` (ARP) or `ipv6` (neighbour discovery) |
| `state` | Of a neighbour `none`, `incomplete`, `reachable`, `stale`, `delay`, `probe`, `failed`, \
`noarp`, `permanent` (the kernel's NUD states); of a port its spanning tree state |
| `kind` | Of an FDB entry or an anomaly: see the collector |
| `table` | Of the exporter in `tracked`, of the kernel in `netlink` |
"""

SUFFIXES = {"counter": "_total", "info": "_info", "gaugehistogram": "_bucket"}
UNITS = (
    ("_timestamp_seconds", "seconds since 1970"),
    ("_start_time_seconds", "seconds since 1970"),
    ("_seconds", "seconds"),
    ("_seconds_total", "seconds"),
    ("_bytes", "bytes"),
    ("_ratio", "ratio, 0 to 1"),
    ("_seconds_bucket", "count, `le` in seconds"),
    ("_info", "1"),
)
VARYING = re.compile(r"(process_\w+|\w+_duration_seconds)(\{[^}]*\})? ")


def metrics() -> dict[str, tuple[object, list[Metric]]]:
    """What each collector yields after the capture on the host; the suite's own under ""."""
    tables = Tables(Limits())
    batches = [batch for name in EXAMPLES for batch in read_frames(str(CAPTURES / name))]
    taken = sum(map(len, batches))
    now = batches[-1].now
    lane = Lane(DEVICE, "fast", up=True, frames=taken, drops=0, used=0.02)
    reload = ReloadStatus(successful=True, last_success=1288260000.0)
    kernel = hypervisor("fdb").side
    ledger = Ledger(tables)
    context = Context(tables, ledger, lambda: [lane], lambda: reload, lambda: now, kernel)
    collectors: dict[str, Collector] = {name: make(context) for name, make in COLLECTORS.items()}
    suite = Suite(collectors)
    pipeline = Pipeline(tables, suite, ledger, SlowLane(None))
    for frames in batches:
        pipeline.frames(pipeline.device(DEVICE) or 0, frames)
    pipeline.finish(now, frames.latest)
    families = {name: (one, list(one.collect())) for name, one in collectors.items()}
    first = next(iter(collectors))
    own = list(suite.collect(frozenset({first})))[len(families[first][1]) :]
    return {**families, "": (suite, own)}


def reference() -> str:
    """The whole page."""
    sections = [INTRODUCTION]
    for name, (collector, families) in metrics().items():
        title = f"`{name}`" if name else "The collectors themselves"
        sections.append("\n".join([f"## {title}", "", *_section(collector, families)]))
    return "\n".join(sections)


def _section(collector: object, families: list[Metric]) -> Iterator[str]:
    yield from (_prose(collector), "")
    yield "| Metric | Type | Labels | Unit | Meaning |"
    yield "|---|---|---|---|---|"
    for family in families:
        labels = ", ".join(f"`{label}`" for label in family.samples[0].labels)
        cells = [f"`{_name(family)}`", family.type, labels, _unit(family), family.documentation]
        yield f"| {' | '.join(cells)} |"
    yield from ("", "```", *map(_example, families), "```", "")


def _prose(collector: object) -> str:
    """The class docstring without its last paragraph, the sample: what is counted when."""
    return (inspect.getdoc(type(collector)) or "").rpartition("\n\n")[0]


def _name(family: Metric) -> str:
    return family.name + SUFFIXES.get(family.type, "")


def _unit(family: Metric) -> str:
    if family.documentation.startswith("Whether "):
        return "1 or 0"
    name = _name(family)
    return next((unit for suffix, unit in UNITS if name.endswith(suffix)), "count")


def _example(family: Metric) -> str:
    """The first sample that has counted something, else the first."""
    lines = [line for line in _exposition(family) if not line.startswith("#")]
    line = next((line for line in lines if not line.endswith(" 0.0")), lines[0])
    return f"{line.rsplit(' ', 1)[0]} ..." if VARYING.match(line) else line


def _exposition(family: Metric) -> Iterable[str]:
    registry = CollectorRegistry()
    registry.register(_One(family))
    return generate_latest(registry).decode().splitlines()


class _One:
    """The shape in which prometheus_client's encoders take a family."""

    def __init__(self, family: Metric) -> None:
        self._family = family

    def collect(self) -> Iterable[Metric]:
        return [self._family]


if __name__ == "__main__":
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else HERE / "metrics.md"
    target.write_text(reference())

"""Exporters that are in trouble themselves."""

from __future__ import annotations

import os
import signal
import sys
import tempfile
from contextlib import closing
from pathlib import Path

from tests.dissect.dns_messages import multicast, offer
from tests.lab.exporter import Exporter
from tests.lab.frames import announcement
from tests.lab.segment import DEVICE
from tests.live.monitoring.scenes.repeating import repeating
from tests.live.monitoring.stage import WatchedStage
from tests.live.storms import Sender

CAP = 32
CONFIG = f"limits: {{addresses: {CAP}, address_burst: 64, address_rate: 100}}\n"
BEYOND_A_RING = 20_000
"""Frames, of which the ring holds 16,384."""

SICK = """
import os, sys
from dataclasses import replace
from l2exporter import cli
from l2exporter.collectors.wake_on_lan import WakeOnLanCollector
from l2exporter.kernel import reader
healthy = WakeOnLanCollector.collect
ballast = []
read, lost = reader.read_neighbor_tables, []
def overflowing(*arguments):
    lost.extend([1] if os.path.exists({flag!r}) else [])
    return [replace(table, overflows=len(lost)) for table in read(*arguments)]
reader.read_neighbor_tables = overflowing
def collect(self):
    if not os.path.exists({flag!r}):
        ballast.clear()
        return healthy(self)
    if not ballast:
        ballast.append(b"x" * {ballast})
    raise ZeroDivisionError("a fault of ours")
WakeOnLanCollector.collect = collect
sys.exit(cli.main())
"""
"""An exporter with a collector that fails and keeps memory, as long as a file is there; and with
neighbour tables that overflow meanwhile: to overflow the kernel's own, which is one for all
namespaces, would take neighbours from the machine.
"""

BALLAST = 256 << 20


def overwhelmed(stage: WatchedStage) -> None:
    """A host shouts, and sends what is broken or takes long to read; ever new senders fill small
    tables; more comes than can be taken in.
    """
    watcher, host = stage.segment(2).hosts
    config = Path(stage.enter(tempfile.TemporaryDirectory()), "config.yml")
    config.write_text(CONFIG)
    exporter = stage.exporter(watcher.namespace, f"--config.file={config}")
    storm, flood = (stage.enter(closing(Sender(host.namespace, DEVICE))) for _ in range(2))
    shout, broken = announcement(host.mac, host.ip), announcement(host.mac, host.ip)[:30]
    slow = multicast(offer("Slow", "slow.local", host.ip, 5000), host.mac, host.ip)
    assert host.ping(watcher.ip)
    stage.recorded(f'segment:l2_gratuitous_arp:baseline{{segment="{stage.name}"}}')
    for _ in stage.rounds():
        with repeating(lambda: flood.send(shout, broken), 0.02):
            stage.told("L2GratuitousArpStorm")
        with repeating(lambda: flood.send(*[slow] * 50), 0.01):
            stage.told("L2TableFull", meanwhile=lambda: storm.spoof(4 * CAP))
            stage.recorded(f'l2_slow_packets_total{{segment="{stage.name}",result="skipped"}} > 0')
        stage.told("L2CaptureDrops", lane="fast", meanwhile=lambda: overfill(exporter, storm))
        stage.resolved("L2TableFull")
        stage.resolved("L2CaptureDrops")
        stage.resolved("L2GratuitousArpStorm")


def overfill(exporter: Exporter, sender: Sender) -> None:
    """Send more than the ring holds while the exporter cannot read it."""
    os.kill(exporter.process.pid, signal.SIGSTOP)
    try:
        sender.spoof(BEYOND_A_RING)
    finally:
        os.kill(exporter.process.pid, signal.SIGCONT)


def faulty(stage: WatchedStage) -> None:
    """A collector fails, memory grows, neighbours find no place; then all is well again."""
    (host,) = stage.segment(1).hosts
    flag = Path(stage.enter(tempfile.TemporaryDirectory()), "sick")
    command = (sys.executable, "-c", SICK.format(flag=str(flag), ballast=BALLAST))
    stage.exporter(host.namespace, command=command)
    for _ in stage.rounds():
        flag.touch()
        stage.told("L2CollectorFailing")
        stage.told("L2ExporterMemoryHigh")
        stage.told("L2NeighborTableOverflow", family="ipv4")
        flag.unlink()
        stage.resolved("L2CollectorFailing")
        stage.resolved("L2ExporterMemoryHigh")
        stage.resolved("L2NeighborTableOverflow")


def gone(stage: WatchedStage) -> None:
    """A device goes down and comes back; then the exporter does."""
    (host,) = stage.segment(1).hosts
    exporter = stage.exporter(host.namespace)
    for _ in stage.rounds():
        host.namespace.ip("link", "set", "dev", host.device, "down")
        stage.told("L2CaptureDown")
        host.namespace.ip("link", "set", "dev", host.device, "up")
        stage.resolved("L2CaptureDown")
        exporter.stop()
        stage.told("L2ExporterDown")
        exporter = stage.enter(Exporter(host.namespace))
        stage.resolved("L2ExporterDown")

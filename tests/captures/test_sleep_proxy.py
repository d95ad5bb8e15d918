"""192.70.106.117 moves as the router's log says: read from the capture, and one by one."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from prometheus_client.metrics_core import Metric

from l2exporter.app import REPLAY_COLLECTORS, Replay
from l2exporter.capture.pcap import read_frames
from l2exporter.collectors import base
from l2exporter.collectors.suite import Suite
from l2exporter.config import Replay as Settings
from l2exporter.dissect.frames import Frames
from l2exporter.evidence.ledger import Ledger
from l2exporter.limits import Limits
from l2exporter.pipeline import Pipeline
from l2exporter.slow_lane import SlowLane
from l2exporter.tables.bindings import Moves
from l2exporter.tables.state import Tables
from tests.captures.sleep_proxy import LOG, OWNER, OWNER_IP, PROXY, frames, seconds
from tests.dissect.batch import batch

CAPTURE = str(Path(__file__).with_name("sleep_proxy.pcap"))
Line = tuple[str, str, str, str]


class Log:
    """Writes down each move as the router did: the time to the second, the address, the MACs."""

    observes = Moves

    def __init__(self, tables: Tables) -> None:
        self._tables = tables
        self.lines: list[Line] = []
        self.flip_flops: list[bool] = []

    def observe(self, event: Moves) -> Iterable[object]:
        ips = self._tables.addresses.keys(event.row)[1]
        columns = (event.time, ips, event.from_mac, event.to_mac)
        for time, ip, old, new in zip(*(column.tolist() for column in columns), strict=True):
            clock = datetime.fromtimestamp(time, UTC).strftime("%H:%M:%S")
            self.lines.append((clock, base.ipv4(ip), base.mac(old), base.mac(new)))
        self.flip_flops += event.flip_flop.tolist()
        return ()

    def collect(self) -> Iterable[Metric]:
        return ()


def logged(batches: Iterable[Frames]) -> Log:
    tables = Tables(Limits())
    log = Log(tables)
    pipeline = Pipeline(tables, Suite({"log": log}), Ledger(tables), SlowLane(None))
    number = pipeline.device("vlan0")
    assert number is not None
    for frames_ in batches:
        pipeline.frames(number, frames_)
    return log


@pytest.mark.parametrize(
    "batches",
    [
        lambda: read_frames(CAPTURE),
        lambda: (batch([frame], time=time, now=time) for time, frame in frames()),
        lambda: [batch([f for _, f in frames()], time=[t for t, _ in frames()])],
    ],
    ids=["capture", "one by one", "at once"],
)
def test_the_moves_are_the_four_lines_of_the_log(
    batches: Callable[[], Iterable[Frames]],
) -> None:
    log = logged(batches())
    assert log.lines == [(clock, OWNER_IP, *macs) for clock, *macs in LOG]
    assert log.flip_flops == [False, True, True, True]


def test_the_exposition_counts_them_and_shows_the_last() -> None:
    replay = Replay(Settings((CAPTURE,), REPLAY_COLLECTORS, "vlan0", None))
    replay.read(CAPTURE, None)
    lines = replay.exposition().splitlines()
    address = f'device="vlan0",ip="{OWNER_IP}",vlan=""'
    cause = 'cause="sleep_proxy_release",device="vlan0"'
    macs = f'{cause},from_mac="{PROXY}",ip="{OWNER_IP}",to_mac="{OWNER}",vlan=""'
    assert f"l2_arp_moves_total{{{address}}} 4.0" in lines
    assert f"l2_arp_flip_flops_total{{{address}}} 3.0" in lines
    assert f"l2_gratuitous_arp_total{{{address}}} 8.0" in lines
    assert f"l2_arp_last_move_info{{{macs}}} 1.0" in lines
    last = next(line for line in lines if line.startswith("l2_arp_last_move_timestamp_seconds{"))
    assert float(last.split()[1]) == seconds("13:41:15") == 1288273275

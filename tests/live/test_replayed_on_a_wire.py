"""One capture file three ways: replayed by us, by arpwatch, and by tcpreplay on a wire to both."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.lab import arpwatch, frames
from tests.lab.arpwatch import FLIP_FLOP, Counts
from tests.lab.exporter import COMMAND, Exporter, Samples, key, parse
from tests.lab.namespace import Namespace, veth
from tests.lab.wait import wait_until
from tests.live import populations
from tests.live.samples import by, eventually

pytestmark = pytest.mark.root

DEVICE = "eth0"
CAPTURES = Path(__file__).parents[1] / "captures"
OF_THE_PROCESS = ("l2_capture_", "l2_scrape_", "l2_collector_", "l2_exporter_", "l2_config_")
OTHER_TABLES = {
    ("table", table) for table in ("fdb", "fdb_moving_macs", "evidence", "sleep_proxy_evidence")
}
"""The host's own, and those whose entries go with time."""
OF_THE_HOST = ("l2_bridge_", "l2_neighbor_", "l2_vxlan_", "l2_netlink_", "l2_unknown_unicast_")
NOT_OF_THE_FILE = (
    *OF_THE_PROCESS,
    *OF_THE_HOST,
    *("process_", "l2_arp_last_move_timestamp_seconds", "l2_moves_"),
)
"""Verdicts among them: at a file's end all moves have theirs, on a wire they wait for it."""


def replay(path: Path) -> Samples:
    command = [*COMMAND, "replay", f"--device={DEVICE}", str(path)]
    return parse(subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout)


def of_the_file(samples: Samples) -> Samples:
    return {
        (name, frozenset(label for label in labels if label[0] != "cause")): value
        for (name, labels), value in samples.items()
        if not name.startswith(NOT_OF_THE_FILE) and labels.isdisjoint(OTHER_TABLES)
    }


def moves(samples: Samples) -> dict[str, float]:
    return by(samples, "l2_arp_moves_total", "ip", vlan="")


def flip_flops(samples: Samples) -> dict[str, float]:
    return {ip: n for ip, n in by(samples, "l2_arp_flip_flops_total", "ip", vlan="").items() if n}


def shared(figures: dict[str, float] | dict[str, int]) -> dict[str, float]:
    return {ip: n for ip, n in figures.items() if ip in populations.SHARED}


def assert_alike(samples: Samples, found: Counts) -> None:
    """The same addresses, each with the same moves and flip-flops."""
    expected = shared(arpwatch.moves(found))
    assert sum(expected.values()) > 100
    assert shared(moves(samples)) == expected
    flips = {ip: kinds[FLIP_FLOP] for ip, kinds in found.items() if kinds[FLIP_FLOP]}
    assert shared(flip_flops(samples)) == shared(flips)


@dataclass(frozen=True, slots=True)
class Played:
    """What came of the file: its number of frames, our live view, arpwatch's."""

    path: Path
    frames: int
    live: Samples
    watch: Counts


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Played]:
    records = populations.records(seed=1)
    path = frames.write_pcap(tmp_path_factory.mktemp("wire") / "sent.pcap", records)
    last = key("l2_arp_moves_total", device=DEVICE, vlan="", ip=populations.LAST)
    with ExitStack() as stack:
        there, here = stack.enter_context(Namespace()), stack.enter_context(Namespace())
        veth(there, DEVICE, here, DEVICE)
        here.address(DEVICE, "192.0.2.200/24")
        exporter = stack.enter_context(Exporter(here))
        watch = stack.enter_context(arpwatch.Live(here, DEVICE))
        there.run("tcpreplay", f"--intf1={DEVICE}", "--pps=10000", str(path))
        live = eventually(exporter, {last: 0})
        wait_until(lambda: populations.LAST in watch.counts(), "arpwatch has seen the last frame")
        yield Played(path, len(records), live, watch.counts())


def test_every_frame_is_counted_once(played: Played) -> None:
    lane = {"device": DEVICE, "lane": "fast"}
    assert played.live[key("l2_capture_frames_total", **lane)] == played.frames
    assert played.live[key("l2_capture_drops_total", **lane)] == 0
    counted = ("l2_arp_packets_total", "l2_frame_errors_total")
    assert sum(n for (name, _), n in played.live.items() if name in counted) == played.frames


def test_the_wire_and_the_file_come_to_the_same(played: Played) -> None:
    assert of_the_file(played.live) == of_the_file(replay(played.path))


def test_on_the_wire_it_is_as_arpwatch_beside_it_says(played: Played) -> None:
    assert_alike(played.live, played.watch)


@pytest.mark.parametrize("seed", [2, 3, 4])
def test_in_a_file_it_is_as_arpwatch_says(tmp_path: Path, seed: int) -> None:
    path = frames.write_pcap(tmp_path / "segment.pcap", populations.records(seed))
    assert_alike(replay(path), arpwatch.replay(path))


@pytest.mark.parametrize("name", ["sleep_proxy.pcap", "duplicate.pcapng"])
def test_in_a_kept_capture_it_is_as_arpwatch_says(name: str) -> None:
    samples, found = replay(CAPTURES / name), arpwatch.replay(CAPTURES / name)
    assert any(moves(samples).values())
    assert moves(samples) == arpwatch.moves(found)

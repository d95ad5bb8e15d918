"""A capture or a host in, the exposition that it leads to out; `make golden` rewrites the latter.

Of the kernel's side there is no capture: a host that is made by hand stands for it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

import pytest
from prometheus_client.metrics_core import Metric
from prometheus_client.openmetrics import parser as openmetrics_parser
from prometheus_client.parser import text_string_to_metric_families as parse_text

from l2exporter.app import REPLAY_COLLECTORS, Replay
from l2exporter.capture.lane import Lane
from l2exporter.capture.pcap import read_frames
from l2exporter.collectors.registry import COLLECTORS
from l2exporter.config import Replay as Settings
from l2exporter.web.exposition import render
from tests.captures.generate import CAPTURES, HERE
from tests.collectors.hypervisor import hypervisor
from tests.collectors.scene import Scene
from tests.conftest import GOLDEN, Golden
from tests.lab.promtool import check_metrics

# Untyped where it comes from.
parse_openmetrics: Callable[[str], Iterable[Metric]] = (
    openmetrics_parser.text_string_to_metric_families
)

Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]


HOST = "hypervisor"
HOST_COLLECTORS = [name for name in COLLECTORS if name not in {*REPLAY_COLLECTORS, "exporter"}]
OPENMETRICS = "application/openmetrics-text"


def stem(capture: str) -> str:
    return Path(capture).stem


EXPECTED = {HOST: "", **{stem(capture): capture for capture in CAPTURES}}
"""What is known to lead to each golden file: a capture's name; none for the host."""


def known(name: str) -> str:
    return (GOLDEN / f"{name}.prom").read_text()


def of_host(accept: str) -> str:
    """What a scrape of the host gets."""
    return render(hypervisor(*HOST_COLLECTORS).suite.families(), accept, "").body.decode()


def openmetrics(capture: str) -> str:
    """What a scrape that asks for OpenMetrics would get after the capture."""
    scene = Scene(*REPLAY_COLLECTORS)
    number = scene.pipeline.device(capture)
    assert number is not None
    taken = 0
    for frames in read_frames(str(HERE / capture)):
        scene.now = frames.now
        scene.pipeline.frames(number, frames)
        taken += len(frames)
    scene.pipeline.finish(frames.now, frames.latest)
    scene.lanes = [Lane(capture, "file", None, taken, None, None)]
    return render(scene.suite.families(), OPENMETRICS, "").body.decode()


@pytest.mark.parametrize("capture", CAPTURES)
def test_a_capture_is_what_its_script_makes(capture: str) -> None:
    assert (HERE / capture).read_bytes() == CAPTURES[capture]()


@pytest.mark.parametrize("capture", CAPTURES)
def test_a_capture_leads_to_its_exposition(capture: str, golden: Golden) -> None:
    path = str(HERE / capture)
    replay = Replay(Settings((path,), REPLAY_COLLECTORS, None, None))
    replay.read(path, None)
    golden(f"{stem(capture)}.prom", replay.exposition())


def test_a_host_leads_to_its_exposition(golden: Golden) -> None:
    golden(f"{HOST}.prom", of_host(""))


@pytest.mark.parametrize("name", EXPECTED)
def test_prometheus_own_linter_has_no_remark(name: str) -> None:
    check_metrics(known(name))


@pytest.mark.parametrize("name", EXPECTED)
def test_openmetrics_is_well_formed_and_tells_the_same(name: str) -> None:
    told: dict[str, Samples] = {}
    scraped = of_host(OPENMETRICS) if name == HOST else openmetrics(EXPECTED[name])
    for form, families in (
        ("text", parse_text(known(name))),
        ("openmetrics", parse_openmetrics(scraped)),
    ):
        told[form] = {
            (sample.name, frozenset(sample.labels.items())): sample.value
            for family in families
            for sample in family.samples
        }
    assert told["openmetrics"] == told["text"] != {}


def test_there_is_a_golden_file_for_each_of_them_and_no_other() -> None:
    assert {path.name for path in GOLDEN.iterdir()} == {f"{name}.prom" for name in EXPECTED}


def test_there_is_a_script_for_each_capture() -> None:
    files = {path.name for path in HERE.iterdir() if path.suffix in {".pcap", ".pcapng", ".gz"}}
    assert files == set(CAPTURES)

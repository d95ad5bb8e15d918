from __future__ import annotations

import os

import pytest

from l2exporter import __version__
from l2exporter.collectors.base import ReloadStatus
from tests.collectors.scene import Scene


def test_the_version_is_a_label() -> None:
    assert Scene("exporter").samples("l2_exporter_build_info") == {(__version__,): 1}


@pytest.mark.parametrize("good", [True, False])
def test_the_last_reading_of_the_configuration_is_told(good: bool) -> None:
    scene = Scene("exporter")
    scene.reload = ReloadStatus(successful=good, last_success=1288260793.0)
    assert scene.samples("l2_config_last_reload_successful") == {(): float(good)}
    assert scene.samples("l2_config_last_reload_success_timestamp_seconds") == {(): 1288260793.0}


def test_the_process_is_this_one() -> None:
    scene = Scene("exporter")
    open_files = len(os.listdir("/proc/self/fd"))
    assert abs(scene.total("process_open_fds") - open_files) <= 2
    assert scene.total("process_resident_memory_bytes") > 1_000_000

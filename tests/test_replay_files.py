"""`l2exporter replay` with several files: their labels, their clock, and faults in one of them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.lab.frames import announcement, write_pcap
from tests.replaying import MAC, PROXY, TYPES, frames, replay


def test_several_files_are_several_devices() -> None:
    run = replay(TYPES, PROXY)
    assert (run.status, run.said) == (0, [])
    assert run.value(frames("types.pcap")) == 9
    assert run.value(frames("sleep_proxy.pcap")) == 19


def test_or_one_device_if_they_are_called_alike(tmp_path: Path) -> None:
    one, two = "02:00:00:00:00:01", "02:00:00:00:00:02"
    first = write_pcap(tmp_path / "1.pcap", [(10.0, announcement(one, "192.0.2.1"))])
    second = write_pcap(tmp_path / "2.pcap", [(20.0, announcement(two, "192.0.2.1"))])
    run = replay("--device", "eth0", first, second)
    assert run.value('l2_arp_moves_total{device="eth0",ip="192.0.2.1",vlan=""}') == 1
    assert run.value(frames("eth0")) == 2


def test_files_that_are_called_alike_are_told_apart_by_their_paths(tmp_path: Path) -> None:
    paths = [tmp_path / name / "eth0.pcap" for name in ("a", "b")]
    for count, path in enumerate(paths, start=1):
        path.parent.mkdir()
        write_pcap(path, [(10.0, announcement(MAC, "192.0.2.1"))] * count)
    run = replay(*paths, TYPES)
    assert (run.status, run.said) == (0, [])
    labels = (str(paths[0]), str(paths[1]), "types.pcap")
    assert [run.value(frames(label)) for label in labels] == [1, 2, 9]
    assert run.value(frames("eth0.pcap")) is None


def test_a_file_whose_name_is_no_text_has_a_label_that_is(tmp_path: Path) -> None:
    paths = [tmp_path / os.fsdecode(name) for name in (b"\xff.pcap", b"\xfe.pcap")]
    for path in paths:
        write_pcap(path, [(10.0, announcement(MAC, "192.0.2.1"))])
    run = replay(*paths)
    assert (run.status, run.said) == (0, [])
    # In the text format a backslash in a label is written twice.
    assert run.value(frames(r"\\xff.pcap")) == run.value(frames(r"\\xfe.pcap")) == 1


def test_a_fault_in_one_file_does_not_keep_the_others_from_being_read(tmp_path: Path) -> None:
    foreign = tmp_path / "notes.txt"
    foreign.write_text("no capture at all")
    run = replay(foreign, TYPES, tmp_path / "none.pcap")
    assert run.status == 2
    assert run.said == [
        f"l2exporter: error: {foreign}: offset 0: not a pcap or pcapng file: starts with 6e6f2063",
        f"l2exporter: error: {tmp_path}/none.pcap: offset 0: No such file or directory",
    ]
    assert run.value(frames("types.pcap")) == 9


def test_there_is_a_device_for_each_file_however_many(tmp_path: Path) -> None:
    settings = tmp_path / "l2.yml"
    settings.write_text("limits: {devices: 1}")
    paths = [tmp_path / f"{n}.pcap" for n in range(70)]
    for path in paths:
        write_pcap(path, [(10.0, announcement(MAC, "192.0.2.1"))])
    for flags in (("--config.file", settings), ()):
        run = replay(*flags, *paths)
        assert (run.status, run.said) == (0, [])
        assert [run.value(frames(path.name)) for path in paths] == [1] * 70
        assert run.value('l2_tracked_limit{table="devices"}') == 70
        assert run.value('l2_tracked_entries{table="devices"}') == 70


@pytest.mark.parametrize("order", [1, -1], ids=["as recorded", "the other way round"])
def test_the_clock_goes_on_from_file_to_file(tmp_path: Path, order: int) -> None:
    """One new address a second is admitted: all of the first file, and of the second, which
    begins where that ended, all but the one without a second before it."""
    settings = tmp_path / "l2.yml"
    settings.write_text("limits: {addresses: 1000, address_burst: 1, address_rate: 1}")
    paths = []
    for file, start in enumerate((1000.0, 9000.0)):
        ips = [f"192.0.{file}.{n}" for n in range(10)]
        wire = [(start + 2 * n, announcement(MAC, ip)) for n, ip in enumerate(ips)]
        paths.append(write_pcap(tmp_path / f"{file}.pcap", wire))
    run = replay("--config.file", settings, *paths[::order])
    assert run.value('l2_tracked_entries{table="addresses"}') == 19
    assert run.value('l2_tracked_refusals_total{table="addresses"}') == 1

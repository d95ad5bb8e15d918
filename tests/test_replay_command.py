"""`l2exporter replay` as its users run it: a process, its two outputs, its exit status."""

from __future__ import annotations

import gzip
import os
import shlex
import subprocess
from pathlib import Path

import pytest

from l2exporter.app import REPLAY_COLLECTORS
from tests.conftest import GOLDEN
from tests.lab.frames import announcement, write_pcap
from tests.replaying import COMMAND, TYPES, Run, frames, replay


def test_a_capture_leads_to_its_golden_exposition_and_nothing_is_said() -> None:
    assert replay(TYPES) == Run(0, (GOLDEN / "types.prom").read_text(), [])


def test_the_device_is_called_as_told() -> None:
    run = replay("--device", "eth0", TYPES)
    assert run.out == (GOLDEN / "types.prom").read_text().replace("types.pcap", "eth0")


def test_a_compressed_file_is_read_as_it_is(tmp_path: Path) -> None:
    packed = tmp_path / "types.pcap.gz"
    packed.write_bytes(gzip.compress(Path(TYPES).read_bytes()))
    run = replay("--device=types.pcap", packed)
    assert run == Run(0, (GOLDEN / "types.prom").read_text(), [])


@pytest.mark.parametrize("name", ["arp", "arp_moves"])
def test_a_collector_that_is_switched_off_is_not_there(name: str) -> None:
    whole, run = replay(TYPES).out, replay(f"--no-collector.{name}", TYPES)
    assert run.status == 0
    assert set(run.out.splitlines()) < set(whole.splitlines())
    assert ("l2_arp_packets_total" in run.out) == (name != "arp")
    assert ("l2_arp_moves_total" in run.out) == (name != "arp_moves")


def test_all_of_them_may_be_switched_off() -> None:
    off = (f"--no-collector.{name}" for name in REPLAY_COLLECTORS)
    assert replay(*off, TYPES) == Run(0, "", [])


def test_the_configuration_file_counts_here_too(tmp_path: Path) -> None:
    settings = tmp_path / "l2.yml"
    settings.write_text("limits: {addresses: 16, address_burst: 1, address_rate: 0}")
    run = replay("--config.file", settings, TYPES)
    assert run.value('l2_tracked_limit{table="addresses"}') == 16
    assert run.value('l2_arp_new_stations_total{device="types.pcap",vlan=""}') == 1


def test_a_truncated_file_prints_what_came_before_and_where_it_breaks_off(tmp_path: Path) -> None:
    cut = tmp_path / "cut.pcap"
    whole = Path(TYPES).read_bytes()
    cut.write_bytes(whole[:-10])
    run = replay(cut)
    assert run.status == 2
    offset = len(whole) - 16 - 42
    assert run.said == [
        f"l2exporter: error: {cut}: offset {offset}: truncated record: 32 of 42 bytes"
    ]
    assert run.value(frames("cut.pcap")) == 8
    assert run.value('l2_arp_packets_total{device="cut.pcap",type="other",vlan=""}') == 1


def test_a_compressed_file_that_is_cut_off_is_said_in_one_line(tmp_path: Path) -> None:
    path = tmp_path / "types.pcap.gz"
    path.write_bytes(gzip.compress(Path(TYPES).read_bytes())[:-9])
    run = replay(path)
    assert run.status == 2
    (line,) = run.said
    assert line.startswith(f"l2exporter: error: {path}: offset ")
    assert "the gzip stream is damaged" in line
    assert run.value(frames("types.pcap.gz")) == 9


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--speed", "fast", TYPES], "unrecognized arguments: --speed"),
        ([], "the following arguments are required: FILE"),
        (["--capture.device", "eth0", TYPES], "unrecognized arguments: --capture.device"),
        (["--log.level", "loud", TYPES], "argument --log.level: invalid choice: 'loud'"),
    ],
)
def test_a_wrong_flag_is_one_line_and_status_2(arguments: list[str], words: str) -> None:
    run = replay(*arguments)
    assert (run.status, run.out) == (2, "")
    (line,) = run.said
    assert line.startswith(f"l2exporter: error: {words}")
    assert "(see l2exporter replay --help)" in line


@pytest.mark.parametrize(
    ("text", "words"),
    [("limit: {}", "line 1: unknown key 'limit'"), (None, "No such file or directory")],
)
def test_a_wrong_configuration_is_one_line_and_status_1(
    tmp_path: Path, text: str | None, words: str
) -> None:
    settings = tmp_path / "l2.yml"
    if text is not None:
        settings.write_text(text)
    run = replay("--config.file", settings, TYPES)
    assert (run.status, run.out) == (1, "")
    (line,) = run.said
    assert line.startswith(f"l2exporter: error: {settings}: {words}")


def test_an_empty_name_is_one_line_and_status_2() -> None:
    for flag in (["--device", ""], ["--device="]):
        assert replay(*flag, TYPES) == Run(2, "", ["l2exporter: error: --device: a name is wanted"])


def test_help_is_no_error() -> None:
    run = replay("--help")
    assert (run.status, run.said) == (0, [])
    assert "--no-collector.arp_moves" in run.out


def test_an_output_that_nobody_reads_is_no_reason_to_complain() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    with open(writer, "wb") as pipe:
        assert replay(TYPES, stdout=pipe) == Run(1, "", [])


def test_who_reads_only_the_beginning_hears_no_complaint() -> None:
    command = shlex.join([*COMMAND, TYPES]) + " | head -n 1"
    done = subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=False)
    assert done.stdout == "# HELP l2_arp_packets_total ARP packets received, by type.\n"
    assert done.stderr == ""


def test_a_full_disk_is_one_line() -> None:
    with Path("/dev/full").open("wb") as full:
        run = replay(TYPES, stdout=full)
    assert run == Run(1, "", ["l2exporter: error: standard output: No space left on device"])


def test_a_closed_output_is_one_line() -> None:
    command = shlex.join([*COMMAND, TYPES]) + " >&-"
    done = subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (1, "l2exporter: error: standard output is closed\n")


def test_the_clock_is_the_captures_own(tmp_path: Path) -> None:
    """One new address a second is admitted: all of the slow ones, one of those at once."""
    settings = tmp_path / "l2.yml"
    settings.write_text("limits: {addresses: 1000, address_burst: 1, address_rate: 1}")
    mac = "02:00:00:00:00:01"
    slow = [(2.0 * n, announcement(mac, f"192.0.2.{n}")) for n in range(1, 21)]
    fast = [(300 + n / 1000, announcement(mac, f"198.51.100.{n}")) for n in range(1, 21)]
    path = write_pcap(tmp_path / "x.pcap", [*slow, *fast])
    run = replay("--config.file", settings, path)
    assert run.value('l2_tracked_entries{table="addresses"}') == 21
    assert run.value('l2_tracked_refusals_total{table="addresses"}') == 19

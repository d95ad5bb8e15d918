"""What is left without a privilege, and how little is said when it cannot start."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.lab import frames
from tests.lab.exporter import COMMAND, PORT, Exporter, key
from tests.lab.namespace import Namespace, veth
from tests.lab.wait import wait_until
from tests.live.samples import by, eventually

pytestmark = pytest.mark.root

WITHOUT_NET_RAW = ("setpriv", "--bounding-set=-net_raw", *COMMAND)


@pytest.fixture(scope="module")
def here(there: Namespace) -> Iterator[Namespace]:
    with Namespace() as made:
        for device in ("eth0", "eth1"):
            veth(there, device, made, device)
        yield made


def test_without_cap_net_raw_it_serves_and_says_once_what_is_missing(
    there: Namespace, here: Namespace
) -> None:
    with Exporter(here, command=WITHOUT_NET_RAW) as exporter:
        frames.send(there, "eth0", [frames.announcement("02:00:00:00:00:01", "192.0.2.1")])
        here.ip("link", "set", "eth1", "down")
        here.ip("link", "set", "eth1", "up")
        samples = exporter.scrape()
        assert by(samples, "l2_capture_up", "device") == {"eth0": 0, "eth1": 0}
        for name in ("l2_capture_frames_total", "l2_capture_drops_total"):
            assert not by(samples, name, "device")
        assert by(samples, "l2_arp_packets_total", "device") == {"eth0": 0, "eth1": 0}
        assert set(by(samples, "l2_scrape_collector_success", "collector").values()) == {1}
        assert exporter.get("/-/healthy")[0] == exporter.get("/-/ready")[0] == 200
        about = [line for line in exporter.log().splitlines() if "CAP_NET_RAW" in line]
        assert len(about) == 1
        assert "level=error" in about[0]
        assert "--cap-add=NET_RAW" in about[0]
        assert ": capturing" not in exporter.log()
        assert exporter.stop() == 0


def refused(here: Namespace, *flags: str) -> tuple[int, list[str]]:
    """Exit status and what was said by an exporter that is not to start."""
    process = here.popen(*COMMAND, *flags, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    said, _ = process.communicate(timeout=20)
    return process.returncode, said.decode().splitlines()


LISTEN = f"--web.listen-address=127.0.0.1:{PORT}"

REFUSED: dict[str, tuple[tuple[str, ...], int, str]] = {
    "an address that is not here": (
        (f"--web.listen-address=192.0.2.99:{PORT}",),
        1,
        f"cannot listen on 192.0.2.99:{PORT}: Cannot assign requested address",
    ),
    "a device that is not here": (
        ("--capture.device=eth0", "--capture.device=nosuch"),
        1,
        "--capture.device: there is no device 'nosuch' here",
    ),
    "a device that is not Ethernet": (
        ("--capture.device=eth0", "--capture.device=lo"),
        1,
        "--capture.device: lo: not an Ethernet device",
    ),
    "a device both named and excluded": (
        ("--capture.device=eth0", "--capture.device-exclude=eth0"),
        1,
        "--capture.device: eth0: excluded by --capture.device-exclude",
    ),
    "a regular expression": (
        ("--capture.device-include=(",),
        2,
        "--capture.device-include: '(' is not a regular expression",
    ),
    "a listen address": (
        ("--web.listen-address=a:b:c",),
        2,
        "--web.listen-address: 'a:b:c': not [HOST]:PORT",
    ),
    "a flag": (("--no-such-flag",), 2, "unrecognized arguments: --no-such-flag"),
    "a file that is not there": (
        ("--config.file=/nonexistent.yml",),
        1,
        "/nonexistent.yml: No such file or directory",
    ),
    "a directory for a file": (("--config.file=/",), 1, "/: Is a directory"),
    "no regular file": (("--config.file=/dev/zero",), 1, "/dev/zero: not a regular file"),
}


@pytest.mark.parametrize(("flags", "status", "words"), REFUSED.values(), ids=REFUSED)
def test_what_it_cannot_do_is_said_in_one_line(
    here: Namespace, flags: tuple[str, ...], status: int, words: str
) -> None:
    code, said = refused(here, *flags)
    assert len(said) == 1
    assert said[0].startswith(f"l2exporter: error: {words}")
    assert code == status


def test_a_pipe_for_a_configuration_file_is_not_waited_for(here: Namespace, tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    code, said = refused(here, f"--config.file={pipe}")
    assert (code, said) == (1, [f"l2exporter: error: {pipe}: not a regular file"])


def test_a_named_device_beyond_the_limit_is_refused(here: Namespace, tmp_path: Path) -> None:
    path = tmp_path / "l2exporter.yml"
    path.write_text("limits: {devices: 1}\n")
    named = [f"--capture.device={device}" for device in ("eth0", "eth1")]
    code, said = refused(here, f"--config.file={path}", *named)
    assert code == 1
    assert re.fullmatch(
        r"l2exporter: error: --capture\.device: eth[01]: beyond limits\.devices", said[-1]
    )


def test_a_device_beyond_the_limit_is_down_and_said_once(here: Namespace, tmp_path: Path) -> None:
    path = tmp_path / "l2exporter.yml"
    path.write_text("limits: {devices: 1}\n")
    with Exporter(here, f"--config.file={path}") as exporter:
        up = by(exporter.scrape(), "l2_capture_up", "device")
        assert sorted(up.values()) == [0, 1]
        (beyond,) = (device for device, value in up.items() if not value)
        said = f"{beyond}: not captured: more devices than limits.devices"
        for number in (1, 2):
            refusals = exporter.scrape()[REFUSALS]
            here.address("eth0", f"192.0.2.{number}/24")
            wait_until(lambda seen=refusals: exporter.scrape()[REFUSALS] > seen, "another look")  # type: ignore[misc]
        assert exporter.log().count(said) == 1
        assert by(exporter.scrape(), "l2_capture_up", "device") == up


REFUSALS = key("l2_tracked_refusals_total", table="devices")

FAILING = """
import os, sys
from l2exporter import cli
from l2exporter.pipeline import Pipeline
surroundings = Pipeline.surroundings
def failing(self, host, numbers):
    if os.path.exists({flag!r}):
        raise ZeroDivisionError("a fault of ours")
    surroundings(self, host, numbers)
Pipeline.surroundings = failing
sys.exit(cli.main())
"""
"""An exporter that fails when it is told of its surroundings, as long as a file is there."""


def test_it_is_not_ready_while_capturing_fails(
    there: Namespace, here: Namespace, tmp_path: Path
) -> None:
    flag = tmp_path / "fail"
    command = (sys.executable, "-c", FAILING.format(flag=str(flag)))
    with Exporter(here, command=command) as exporter:
        flag.touch()
        here.address("eth1", "192.0.2.77/24")
        wait_until(lambda: exporter.get("/-/ready")[0] == 503, "the fault")
        reason = "l2exporter is not ready: capturing fails: a fault of ours\n"
        assert exporter.get("/-/ready")[1] == reason
        assert exporter.get("/-/healthy")[0] == 200
        assert exporter.get("/metrics")[0] == 200
        flag.unlink()
        frames.send(there, "eth0", [frames.announcement("02:00:00:00:00:01", "192.0.2.1")])
        eventually(exporter, {key("l2_capture_frames_total", device="eth0", lane="fast"): 1})
        assert exporter.get("/-/ready")[0] == 200


def test_a_port_in_use_is_said_in_one_line(here: Namespace) -> None:
    with here.entered():
        taken = socket.create_server(("127.0.0.1", PORT))
    with taken:
        assert refused(here, LISTEN) == (
            1,
            [f"l2exporter: error: cannot listen on 127.0.0.1:{PORT}: Address already in use"],
        )


def test_a_bad_configuration_is_said_in_one_line(here: Namespace, tmp_path: Path) -> None:
    path = tmp_path / "l2exporter.yml"
    path.write_text("protected_addresses:\n  - 192.0.2.1\nlimits:\n  adresses: 5\n")
    code, said = refused(here, f"--config.file={path}")
    assert (code, len(said)) == (1, 1)
    assert said[0].startswith(f"l2exporter: error: {path}: line 4: ")
    assert "'adresses'" in said[0]

"""What is left without a privilege, and how little is said when it cannot start."""

from __future__ import annotations

import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.lab import frames
from tests.lab.exporter import COMMAND, PORT, Exporter
from tests.lab.namespace import Namespace, veth
from tests.live.samples import by

pytestmark = pytest.mark.root

WITHOUT_NET_RAW = ("setpriv", "--bounding-set=-net_raw", *COMMAND)


@pytest.fixture(scope="module")
def there() -> Iterator[Namespace]:
    with Namespace() as made:
        yield made


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
        for name in ("l2_capture_frames_total", "l2_capture_drops_total", "l2_arp_packets_total"):
            assert not by(samples, name, "device")
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
}


@pytest.mark.parametrize(("flags", "status", "words"), REFUSED.values(), ids=REFUSED)
def test_what_it_cannot_do_is_said_in_one_line(
    here: Namespace, flags: tuple[str, ...], status: int, words: str
) -> None:
    code, said = refused(here, *flags)
    assert len(said) == 1
    assert said[0].startswith(f"l2exporter: error: {words}")
    assert code == status


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

"""The process: what it may do, what it does about signals, and how it ends."""

from __future__ import annotations

import os
import re
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryFile

import pytest

from tests.lab import frames
from tests.lab.exporter import COMMAND, LISTEN, PORT, Exporter, key
from tests.lab.namespace import Namespace, stop, veth
from tests.lab.wait import wait_until
from tests.live.samples import by, eventually
from tests.live.storms import storm

pytestmark = pytest.mark.root

DEVICE = "eth0"
A = "02:00:00:00:0a:01"
END_SECONDS = 1.0
"""Within which SIGTERM ends it: a promise of the command line."""

NET_RAW = 1 << 13
NOBODY = 65534
GOOD = key("l2_config_last_reload_successful")
WHEN = key("l2_config_last_reload_success_timestamp_seconds")


@pytest.fixture(scope="module")
def here(there: Namespace) -> Iterator[Namespace]:
    with Namespace() as made:
        veth(there, DEVICE, made, DEVICE)
        yield made


def end(exporter: Exporter, number: signal.Signals) -> int:
    """Send the signal; the exit status, TimeoutExpired when it does not end soon enough."""
    exporter.process.send_signal(number)
    return exporter.process.wait(END_SECONDS)


@pytest.mark.parametrize(("hard", "allowed"), [(512, 512), (4096, 2048)])
def test_counters_of_floods_get_descriptors_as_far_as_allowed(
    here: Namespace, hard: int, allowed: int
) -> None:
    command = ("prlimit", f"--nofile=256:{hard}", *COMMAND)
    with Exporter(here, "--capture.guest-unknown-unicast", command=command) as exporter:
        limits = Path(f"/proc/{exporter.process.pid}/limits").read_text()
    assert re.search(rf"^Max open files +{allowed} +{hard} ", limits, re.MULTILINE)


def test_only_cap_net_raw_is_left_in_every_thread(here: Namespace) -> None:
    with Exporter(here) as exporter:
        threads = list(Path(f"/proc/{exporter.process.pid}/task").iterdir())
        assert len(threads) > 2
        for thread in threads:
            status = dict(re.findall(r"(\w+):\t(.*)", (thread / "status").read_text()))
            sets = [int(status[f"Cap{name}"], 16) for name in ("Eff", "Prm", "Inh", "Amb")]
            assert sets == [NET_RAW, NET_RAW, 0, 0]
            assert status["NoNewPrivs"] == "1"
        assert end(exporter, signal.SIGINT) == 0
        assert exporter.log().splitlines()[-1].endswith('msg="SIGINT: stopping"')


def test_sigterm_ends_it_in_a_storm_with_connections_open(
    there: Namespace, here: Namespace
) -> None:
    scrape = b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n"
    with Exporter(here) as exporter, ExitStack() as stack:
        stack.enter_context(storm(there, DEVICE))
        wait_until(
            lambda: exporter.scrape()[key("l2_tracked_entries", table="addresses")] > 1000,
            "the storm has arrived",
        )
        for request in (b"", scrape[:9], scrape * 9):
            with here.entered():
                connection = stack.enter_context(socket.create_connection(("127.0.0.1", PORT)))
            connection.sendall(request)
        assert end(exporter, signal.SIGTERM) == 0
        assert "Traceback" not in exporter.log()


def test_sighup_before_it_serves_ends_nothing(here: Namespace) -> None:
    with TemporaryFile() as log:
        process = here.popen(*COMMAND, LISTEN, stdout=log, stderr=log)
        wait_until(lambda: blocks(process.pid, signal.SIGHUP), "signals wait")
        process.send_signal(signal.SIGHUP)
        wait_until(lambda: b"configuration read again" in log_of(log.fileno()), "it reads again")
        assert stop(process) == 0


def test_a_file_that_only_a_privilege_could_read_is_warned_of_at_the_start(
    here: Namespace, file: Path
) -> None:
    other = file.with_name("other.yml")
    other.write_text(config(OLD))
    other.chmod(0o600)
    os.chown(other, NOBODY, NOBODY)
    with Exporter(here, f"--config.file={other}") as exporter:
        samples = exporter.scrape()
        assert samples[GOOD] == 1
        warning = f'level=warn caller=l2exporter.app msg="{other}: cannot be read again by SIGHUP"'
        assert exporter.log().count(warning) == exporter.log().count("level=warn") == 1
        exporter.process.send_signal(signal.SIGHUP)
        wait_until(lambda: exporter.scrape()[GOOD] == 0, "the file is read")
        assert exporter.scrape()[WHEN] == samples[WHEN]
        assert f"stays as it was: {other}: Permission denied" in exporter.log()


def test_a_file_that_can_be_read_again_is_not_warned_of(here: Namespace, file: Path) -> None:
    own = file.with_name("own.yml")
    own.write_text(config(OLD))
    own.chmod(0o600)
    with Exporter(here, f"--config.file={own}") as exporter:
        assert "SIGHUP" not in exporter.log()


def blocks(pid: int, number: signal.Signals) -> bool:
    """Whether the process's first thread blocks the signal."""
    found = re.search(r"SigBlk:\t(\w+)", Path(f"/proc/{pid}/status").read_text())
    assert found is not None
    return bool(int(found[1], 16) >> (number - 1) & 1)


def log_of(descriptor: int) -> bytes:
    return Path(f"/proc/self/fd/{descriptor}").read_bytes()


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("reload") / "l2exporter.yml"


def config(*protected: str, rate: int = 0) -> str:
    """No more than one address enters, but for those that are protected."""
    return f"limits: {{address_burst: 1, address_rate: {rate}}}\nprotected_addresses:\n" + "".join(
        f"  - {ip}\n" for ip in protected
    )


OLD, NEW, LATER = "192.0.2.7", "192.0.2.8", "192.0.2.9"

Reload = Callable[[str | None], None]
Announce = Callable[[str], None]


@pytest.fixture(scope="module")
def exporter(here: Namespace, there: Namespace, file: Path) -> Iterator[Exporter]:
    """One that protects OLD and has admitted what else it may."""
    file.write_text(config(OLD))
    with Exporter(here, f"--config.file={file}") as running:
        frames.send(there, DEVICE, [frames.announcement(A, "192.0.2.1")])
        eventually(running, {key("l2_arp_moves_total", device=DEVICE, vlan="", ip="192.0.2.1"): 0})
        yield running


@pytest.fixture
def reload(exporter: Exporter, file: Path) -> Reload:
    """`reload(text)` writes the file anew (None: removes it) and returns when it has been read."""

    def reload(text: str | None) -> None:
        if text is None:
            file.unlink()
        else:
            file.write_text(text)
        lines = exporter.log().count("configuration")
        exporter.process.send_signal(signal.SIGHUP)
        wait_until(lambda: exporter.log().count("configuration") > lines, "the file is read")

    return reload


@pytest.fixture
def admitted(exporter: Exporter, there: Namespace) -> Callable[[str], bool]:
    """`admitted(ip)`: whether an address that announces itself enters the table."""
    types = {"device": DEVICE, "vlan": "", "type": "announcement"}

    def admitted(ip: str) -> bool:
        packets = key("l2_arp_packets_total", **types)
        before = exporter.scrape()[packets]
        frames.send(there, DEVICE, [frames.announcement(A, ip)])
        samples = eventually(exporter, {packets: before + 1})
        return ip in by(samples, "l2_arp_moves_total", "ip")

    return admitted


def test_sighup_reads_the_file_again(
    exporter: Exporter, reload: Reload, admitted: Callable[[str], bool]
) -> None:
    before = exporter.scrape()
    assert before[GOOD] == 1
    assert not admitted(NEW)
    reload(config(OLD, NEW))
    samples = exporter.scrape()
    assert samples[GOOD] == 1
    assert samples[WHEN] > before[WHEN]
    assert admitted(NEW)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("protected_addresses: [192.0.2.]\n", "line 1: "),
        ("protected_adresses: [192.0.2.9]\n", "line 1: "),
        ("a: [", "line 1: "),
        (config(LATER, rate=5), "limits: read only at the start"),
        (None, "No such file or directory"),
    ],
    ids=["value", "key", "no YAML", "limits", "gone"],
)
def test_a_bad_file_changes_nothing_but_the_metric(
    exporter: Exporter,
    reload: Reload,
    admitted: Callable[[str], bool],
    file: Path,
    text: str | None,
    problem: str,
) -> None:
    reload(config(OLD))
    good = exporter.scrape()
    reload(text)
    samples = exporter.scrape()
    assert samples[GOOD] == 0
    assert samples[WHEN] == good[WHEN]
    last = exporter.log().splitlines()[-1]
    assert "level=error" in last
    assert f"the configuration stays as it was: {file}: {problem}" in last
    assert admitted(OLD)
    assert not admitted(LATER)
    reload(config(OLD))
    assert exporter.scrape()[GOOD] == 1


def test_what_it_holds_outlives_a_reload(
    exporter: Exporter, reload: Reload, admitted: Callable[[str], bool]
) -> None:
    assert admitted(OLD)
    reload(config())
    assert admitted(OLD)
    reload(config(OLD))


def test_a_device_that_appears_later_is_opened_with_what_was_kept(
    exporter: Exporter, there: Namespace, here: Namespace
) -> None:
    veth(there, "late0", here, "late0")
    eventually(exporter, {key("l2_capture_up", device="late0"): 1})
    here.ip("link", "delete", "late0")

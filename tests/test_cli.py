"""Flags to settings, and settings that will not do: one line, and an exit status that tells."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from collections.abc import Iterator

import pytest

from l2exporter import __version__, app, cli, logs
from l2exporter.capture.devices import Selection
from l2exporter.collectors.registry import COLLECTORS
from l2exporter.config import Config
from l2exporter.errors import KernelError, StartError
from l2exporter.signals import SIGNALS
from l2exporter.web.addresses import EVERYWHERE


class Started:
    """What would have been served, instead of serving it."""

    settings: list[Config]
    logging: list[tuple[str, str]]
    held: set[int]
    fault: BaseException | None

    def __init__(self) -> None:
        self.settings, self.logging, self.held, self.fault = [], [], set(), None

    def exporter(self, settings: Config) -> Started:
        self.settings.append(settings)
        self.held = set(signal.pthread_sigmask(signal.SIG_BLOCK, ()))
        return self

    def run(self) -> int:
        if self.fault:
            raise self.fault
        return 0


@pytest.fixture(autouse=True)
def started(monkeypatch: pytest.MonkeyPatch) -> Iterator[Started]:
    made = Started()
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, ())
    monkeypatch.setattr(app, "Exporter", made.exporter)
    monkeypatch.setattr(logs, "setup", lambda level, style: made.logging.append((level, style)))
    yield made
    signal.pthread_sigmask(signal.SIG_SETMASK, mask)


def settings(started: Started, *flags: str) -> Config:
    assert cli.main(flags) == 0
    return started.settings[-1]


def test_without_a_flag_it_serves_everything_everywhere(started: Started) -> None:
    assert settings(started) == Config(
        listen=((EVERYWHERE, 10806),),
        telemetry_path="/metrics",
        collectors=tuple(COLLECTORS),
        selection=Selection(),
        promiscuous=False,
        unknown_unicast=False,
        guest_unknown_unicast=False,
        file=None,
    )
    assert started.logging == [("info", "logfmt")]


def test_signals_wait_before_what_is_slow_is_imported(started: Started) -> None:
    settings(started)
    assert started.held >= set(SIGNALS) == {signal.SIGTERM, signal.SIGINT, signal.SIGHUP}
    told = subprocess.run(
        [sys.executable, "-c", IMPORTED, "--config.file=/nonexistent.yml"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        check=False,
    )
    assert (told.returncode, told.stdout.split()) == (1, ["False", "True"])


IMPORTED = """
import sys
from l2exporter import cli, signals
hold, apps = signals.hold, []
def told():
    apps.append("l2exporter.app" in sys.modules)
    hold()
signals.hold = told
status = cli.main()
print(*apps)
sys.exit(status)
"""
"""Prints at each call of `hold` whether what serves has been imported."""


def test_commands_that_end_by_themselves_hold_no_signal(capsys: pytest.CaptureFixture[str]) -> None:
    before = signal.pthread_sigmask(signal.SIG_BLOCK, ())
    cli.main(["replay", "/nonexistent.pcap"])
    cli.main(["check"])
    capsys.readouterr()
    assert signal.pthread_sigmask(signal.SIG_BLOCK, ()) == before


def test_flags_that_may_be_repeated(started: Started) -> None:
    made = settings(
        started,
        *("--web.listen-address=127.0.0.1:1", "--web.listen-address", "[::1]:2"),
        *("--capture.device", "eth0", "--capture.device=eth1"),
    )
    assert made.listen == (("127.0.0.1", 1), ("::1", 2))
    assert made.selection.names == ("eth0", "eth1")


def test_the_other_flags(started: Started) -> None:
    made = settings(
        started,
        *("--web.telemetry-path=/l2", "--capture.promiscuous", "--config.file=x.yml"),
        *("--capture.device-include=eth.*", "--capture.device-exclude=eth9"),
        *("--log.level=debug", "--log.format=json"),
        *("--capture.unknown-unicast", "--capture.guest-unknown-unicast"),
    )
    assert made.unknown_unicast
    assert made.guest_unknown_unicast
    assert (made.telemetry_path, made.promiscuous, made.file) == ("/l2", True, "x.yml")
    assert made.selection.include == re.compile("eth.*")
    assert made.selection.exclude == re.compile("eth9")
    assert started.logging == [("debug", "json")]


@pytest.mark.parametrize("name", COLLECTORS)
def test_each_collector_has_its_switch(started: Started, name: str) -> None:
    without = settings(started, f"--no-collector.{name}").collectors
    assert without == tuple(each for each in COLLECTORS if each != name)
    assert settings(started, f"--no-collector.{name}", f"--collector.{name}").collectors == tuple(
        COLLECTORS
    )


REFUSED = {
    "an unknown flag": (["--nosuch"], "unrecognized arguments: --nosuch"),
    "an unknown command": (["nosuch"], "unrecognized arguments: nosuch"),
    "a flag cut short": (["--capture.promisc"], "unrecognized arguments: --capture.promisc"),
    "a flag without its value": (
        ["--config.file"],
        "argument --config.file: expected one argument",
    ),
    "an unknown collector": (["--no-collector.x"], "unrecognized arguments: --no-collector.x"),
    "an unknown level": (["--log.level=loud"], "argument --log.level: invalid choice: 'loud'"),
    "an unknown format": (["--log.format=xml"], "argument --log.format: invalid choice: 'xml'"),
    "a bad expression": (
        ["--capture.device-exclude=*"],
        "--capture.device-exclude: '*' is not a regular expression: nothing to repeat",
    ),
    "a port too high": (
        ["--web.listen-address=:65536"],
        "--web.listen-address: ':65536': a port is at most 65535",
    ),
    "a relative path": (
        ["--web.telemetry-path=metrics"],
        "--web.telemetry-path: 'metrics' is not a path such as /metrics",
    ),
    "a path that is taken": (
        ["--web.telemetry-path=/-/ready"],
        "--web.telemetry-path: '/-/ready' is not a path such as /metrics",
    ),
    "the root as a path": (
        ["--web.telemetry-path=/"],
        "--web.telemetry-path: '/' is not a path such as /metrics",
    ),
    "a device without a name": (["replay", "--device=", "x.pcap"], "--device: a name is wanted"),
    "replay without a file": (["replay"], "the following arguments are required: FILE"),
    "a flag that replay has not": (
        ["replay", "--capture.device=eth0", "x.pcap"],
        "unrecognized arguments: --capture.device=eth0",
    ),
    "the collector that replay has not": (
        ["replay", "--no-collector.exporter", "x.pcap"],
        "unrecognized arguments: --no-collector.exporter",
    ),
    "check with something": (["check", "me"], "unrecognized arguments: me"),
}


@pytest.mark.parametrize(("arguments", "words"), REFUSED.values(), ids=REFUSED)
def test_what_will_not_do_is_one_line_and_status_2(
    started: Started, capsys: pytest.CaptureFixture[str], arguments: list[str], words: str
) -> None:
    assert cli.main(arguments) == 2
    out, said = capsys.readouterr()
    assert out == ""
    assert said.startswith(f"l2exporter: error: {words}")
    assert said.count("\n") == 1
    assert not started.settings


@pytest.mark.parametrize("error", [StartError, KernelError])
def test_an_error_while_starting_is_one_line_and_its_status(
    started: Started, capsys: pytest.CaptureFixture[str], error: type[Exception]
) -> None:
    started.fault = error("it is as it is")
    assert cli.main([]) == 1
    assert capsys.readouterr().err == "l2exporter: error: it is as it is\n"


def test_a_fault_of_ours_is_not_hidden(started: Started) -> None:
    started.fault = ZeroDivisionError("a fault of ours")
    with pytest.raises(ZeroDivisionError):
        cli.main([])


def test_control_c_is_130_and_says_nothing(
    started: Started, capsys: pytest.CaptureFixture[str]
) -> None:
    started.fault = KeyboardInterrupt()
    assert cli.main([]) == 130
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--version"], [f"l2exporter {__version__}"]),
        (["--help"], ["l2exporter replay FILE", "l2exporter check", "--web.listen-address"]),
        (["replay", "--help"], ["usage: l2exporter replay", "--device NAME", "--config.file FILE"]),
        (["check", "--help"], ["usage: l2exporter check", "--capture.device NAME"]),
    ],
    ids=["version", "help", "replay", "check"],
)
def test_who_asks_is_told(
    capsys: pytest.CaptureFixture[str], arguments: list[str], words: list[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(arguments)
    assert ended.value.code == 0
    out = capsys.readouterr().out
    assert all(word in out for word in words)


@pytest.mark.parametrize("complete", [True, False])
def test_check_prints_its_report_and_its_status_tells(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], complete: bool
) -> None:
    asked = []

    def report(selection: Selection) -> tuple[str, bool]:
        asked.append(selection)
        return "the report\n", complete

    monkeypatch.setattr("l2exporter.check.report", report)
    assert cli.main(["check", "--capture.device=eth0"]) == (0 if complete else 1)
    assert capsys.readouterr() == ("the report\n", "")
    assert asked == [Selection(names=("eth0",))]

"""Commands and flags to settings; nothing else."""

from __future__ import annotations

import argparse
import os
import re
import sys
from collections.abc import Sequence
from typing import Any, NoReturn

from . import __version__, config, logs, signals
from .capture.devices import Selection
from .collectors.registry import COLLECTORS
from .errors import CaptureFileError, L2ExporterError, UsageError
from .web.addresses import parse_listen_address

DESCRIPTION = """\
Prometheus exporter for layer-2 health. Without a command it captures and serves.

commands:
  l2exporter replay FILE...   print the exposition that capture files lead to
  l2exporter check            tell what this host lets it see, and how to mend the rest
"""
PROGRESS_BYTES = 10_000_000


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command; return its exit status. What is wrong is said in one line each."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    commands = {"replay": _replay, "check": _check}
    command = _serve
    if arguments and arguments[0] in commands:
        command = commands[arguments.pop(0)]
    try:
        return command(arguments)
    except L2ExporterError as error:
        _complain(error)
        return error.exit_status
    except BrokenPipeError:
        return 1  # whoever reads our output has seen enough
    except KeyboardInterrupt:
        return 130


def _serve(arguments: list[str]) -> int:
    parser = _parser("l2exporter", DESCRIPTION)
    parser.add_argument("--version", action="version", version=f"l2exporter {__version__}")
    _add_web_flags(parser)
    _add_capture_flags(parser)
    _add_common_flags(parser, tuple(COLLECTORS))
    flags = parser.parse_args(arguments)
    signals.hold()
    logs.setup(flags.log_level, flags.log_format)
    settings = config.Config(
        listen=tuple(map(parse_listen_address, flags.listen or [":10806"])),
        telemetry_path=_path(flags.telemetry_path),
        collectors=_enabled(flags, tuple(COLLECTORS)),
        selection=_selection(flags),
        promiscuous=flags.promiscuous,
        unknown_unicast=flags.unknown_unicast,
        guest_unknown_unicast=flags.guest_unknown_unicast,
        file=flags.config_file,
    )
    from .app import Exporter  # noqa: PLC0415 - costs 30 MB, which a wrong flag need not spend

    return Exporter(settings).run()


def _replay(arguments: list[str]) -> int:
    from .app import REPLAY_COLLECTORS, Replay  # noqa: PLC0415 - as above

    parser = _parser("l2exporter replay", "Print the exposition that capture files lead to.")
    parser.add_argument("files", metavar="FILE", nargs="+", help="pcap or pcapng, also gzipped")
    parser.add_argument("--device", metavar="NAME", help="device label (default: the file's name)")
    _add_common_flags(parser, REPLAY_COLLECTORS)
    flags = parser.parse_args(arguments)
    logs.setup(flags.log_level, flags.log_format)
    if flags.device == "":
        raise UsageError("--device: a name is wanted")
    collectors = _enabled(flags, REPLAY_COLLECTORS)
    replay = Replay(config.Replay(tuple(flags.files), collectors, flags.device, flags.config_file))
    status = 0
    for path in flags.files:
        try:
            replay.read(path, _progress(path))
        except CaptureFileError as error:
            _complain(error)
            status = error.exit_status
    _print(replay.exposition())
    return status


def _check(arguments: list[str]) -> int:
    from .check import report  # noqa: PLC0415 - as above

    parser = _parser("l2exporter check", "Tell what this host lets the exporter see.")
    _add_capture_flags(parser)
    flags = parser.parse_args(arguments)
    text, complete = report(_selection(flags))
    _print(text)
    return 0 if complete else 1


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise UsageError(f"{message} (see {self.prog} --help)")


def _parser(program: str, description: str) -> _Parser:
    return _Parser(
        prog=program,
        description=description,
        allow_abbrev=False,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )


def _add_web_flags(parser: _Parser) -> None:
    web = parser.add_argument_group("web")
    web.add_argument(
        "--web.listen-address",
        dest="listen",
        metavar="[HOST]:PORT",
        action="append",
        help="where to listen; may be repeated (default: :10806)",
    )
    web.add_argument(
        "--web.telemetry-path",
        dest="telemetry_path",
        metavar="PATH",
        default="/metrics",
        help="where the metrics are (default: %(default)s)",
    )


def _add_capture_flags(parser: _Parser) -> None:
    capture = parser.add_argument_group("capture")
    capture.add_argument(
        "--capture.device",
        dest="devices",
        metavar="NAME",
        action="append",
        default=[],
        help="capture this device and no other; may be repeated (default: see the README)",
    )
    for name, text in (
        ("include", "capture every Ethernet device whose whole name matches"),
        ("exclude", "capture no device whose whole name matches"),
    ):
        capture.add_argument(
            f"--capture.device-{name}", dest=f"device_{name}", metavar="REGEX", help=text
        )
    capture.add_argument(
        "--capture.promiscuous",
        dest="promiscuous",
        action="store_true",
        help="take frames for other hosts too, as on a mirror port",
    )
    capture.add_argument(
        "--capture.unknown-unicast",
        dest="unknown_unicast",
        action="store_true",
        help="count frames for other hosts that a switch floods to captured devices (promiscuous)",
    )
    capture.add_argument(
        "--capture.guest-unknown-unicast",
        dest="guest_unknown_unicast",
        action="store_true",
        help="count frames for others that bridges flood to their guests' ports",
    )


def _add_common_flags(parser: _Parser, collectors: Sequence[str]) -> None:
    group = parser.add_argument_group("collectors")
    for name in collectors:
        group.add_argument(
            f"--collector.{name}",
            dest=f"collector_{name}",
            action=argparse.BooleanOptionalAction,
            default=True,
            help="on unless switched off",
        )
    parser.add_argument("--config.file", dest="config_file", metavar="FILE", help="YAML")
    parser.add_argument(
        "--log.level", dest="log_level", choices=logs.LEVELS, default="info", help="default: info"
    )
    parser.add_argument(
        "--log.format",
        dest="log_format",
        choices=logs.FORMATS,
        default="logfmt",
        help="default: logfmt",
    )


def _enabled(flags: argparse.Namespace, collectors: Sequence[str]) -> tuple[str, ...]:
    return tuple(name for name in collectors if getattr(flags, f"collector_{name}"))


def _selection(flags: argparse.Namespace) -> Selection:
    return Selection(
        names=tuple(flags.devices),
        include=_regex("--capture.device-include", flags.device_include),
        exclude=_regex("--capture.device-exclude", flags.device_exclude),
    )


def _regex(flag: str, text: str | None) -> re.Pattern[str] | None:
    try:
        return None if text is None else re.compile(text)
    except re.error as error:
        raise UsageError(f"{flag}: {text!r} is not a regular expression: {error}") from error


def _path(text: str) -> str:
    if not re.fullmatch(r"/[A-Za-z0-9._~/-]+", text) or text.startswith("/-/"):
        raise UsageError(f"--web.telemetry-path: {text!r} is not a path such as /metrics")
    return text


def _progress(path: str) -> Any:
    """Return what draws the progress of a large file on a terminal, None for others."""
    if not sys.stderr.isatty():
        return None

    def draw(done: int, total: int) -> None:
        if total >= PROGRESS_BYTES:
            end = "\n" if done >= total else ""
            print(f"\r{path}: {100 * done // total} %", end=end, file=sys.stderr, flush=True)

    return draw


def _print(text: str) -> None:
    """Write to standard output; BrokenPipeError when nobody reads it any more."""
    if sys.stdout is None:
        raise L2ExporterError("standard output is closed")
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except OSError as error:
        # Python must not find out again at its exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if isinstance(error, BrokenPipeError):
            raise
        raise L2ExporterError(f"standard output: {error.strerror}") from error


def _complain(error: L2ExporterError) -> None:
    print(f"l2exporter: error: {error}", file=sys.stderr)

"""`python -m grafana.demo`: play the lab's scenes before a real Prometheus and Alertmanager."""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Sequence

from grafana.demo.scenes import SCENES

PROGRAMS = {
    "prometheus": "prometheus",
    "prometheus-alertmanager": "prometheus-alertmanager",
    "arping": "iputils-arping",
    "arpspoof": "dsniff",
    "bridge": "iproute2",
    "ip": "iproute2",
    "keepalived": "keepalived",
    "ping": "iputils-ping",
    "sysctl": "procps",
}
"""What the scenes start, with the Debian package of each."""


def main() -> int:
    """Return the exit status of the play, 1 where it cannot begin."""
    options = _arguments().parse_args()
    if problem := _problem():
        print(f"demo: error: {problem}", file=sys.stderr)
        return 1
    return _play([f"--minutes={options.minutes:g}", *options.scene])


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m grafana.demo", description=__doc__.partition(": ")[2]
    )
    parser.add_argument(
        "--minutes", type=_minutes, default=15.0, help="when it ends by itself (default: 15)"
    )
    parser.add_argument(
        "--scene",
        action="append",
        choices=SCENES,
        default=[],
        help="play this one only; may be given several times",
    )
    return parser


def _minutes(text: str) -> float:
    minutes = float(text)
    if not 0 < minutes <= 24 * 60:
        raise argparse.ArgumentTypeError(f"{text} is not between 0 and a day")
    return minutes


def _problem() -> str:
    """What is missing, in one line; empty where nothing is."""
    if os.geteuid() != 0:
        return "network namespaces need root: sudo make demo"
    missing = {package for name, package in PROGRAMS.items() if shutil.which(name) is None}
    return f"apt-get install {' '.join(sorted(missing))}" if missing else ""


def _play(arguments: Sequence[str]) -> int:
    """Play apart from the terminal: its Ctrl-C would end all that the lab runs, in no order."""
    command = (sys.executable, "-m", "grafana.demo.play", *arguments)
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, start_new_session=True) as play:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, lambda *_: play.terminate())
        return play.wait()


if __name__ == "__main__":
    sys.exit(main())

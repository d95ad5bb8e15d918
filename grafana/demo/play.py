"""The play itself: until it is told to end, or its time is over."""

from __future__ import annotations

import argparse
import inspect
import signal
import threading
import time
from collections.abc import Sequence
from typing import Final
from urllib.parse import quote

from grafana.demo.scenes import SCENES
from tests.lab.webhook import Notification
from tests.live.monitoring.stack import Monitoring
from tests.live.monitoring.stage import Play, WatchedScene
from tests.live.monitoring.thresholds import quick

QUERIES: Final = {
    "why addresses move": "sum by (segment, cause) (increase(l2_moves_by_cause_total[1m])) > 0",
    "who holds what": "l2_sleep_proxy_held",
    "gratuitous ARP": "segment:l2_gratuitous_arp:rate",
    "forgotten by a bridge": "l2_neighbor_missing_from_fdb_info",
}


def main() -> None:
    """Play the scenes that are named, or all."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--minutes", type=float, required=True)
    parser.add_argument("scene", nargs="*")
    options = parser.parse_args()
    over = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: over.set())
    scenes = [SCENES[name] for name in options.scene or SCENES]
    with Monitoring(quick(), Teller()) as monitoring:
        introduce(scenes, monitoring, options.minutes)
        with Play(scenes, monitoring, endless=True) as play:
            attend(play, monitoring, over, time.monotonic() + 60 * options.minutes)
            say("\nIt ends: exporters, namespaces and servers are taken down.")


def attend(play: Play, monitoring: Monitoring, over: threading.Event, until: float) -> None:
    """Say what begins and what fails, until it is over."""
    told: set[str] = set()
    while time.monotonic() < until and not over.wait(1.0):
        monitoring.check()
        news = [f"  exporter of {name:20} http://{at}/" for name, at in monitoring.watched()]
        news += [f"  scene {name} has failed: {error!r}" for name, error in play.failures()]
        for line in news:
            if line not in told:
                told.add(line)
                say(line)


def introduce(scenes: Sequence[WatchedScene], monitoring: Monitoring, minutes: float) -> None:
    """Say what there is to see, and where."""
    prometheus, alertmanager = monitoring.prometheus.url, monitoring.alertmanager.url
    say("The scenes, each on a segment of its own, again and again:\n")
    for scene in scenes:
        say(f"  {scene.__name__:20} {_sentence(scene)}")
    say("\nOpen (all on this machine's loopback device alone):\n")
    say(f"  {'alerts':22} {prometheus}/alerts")
    for name, query in QUERIES.items():
        graph = f"g0.expr={quote(query)}&g0.tab=0&g0.range_input=15m"
        say(f"  {name:22} {prometheus}/graph?{graph}")
    say(f"  {'who is told':22} {alertmanager}/")
    say(f"\nFor the dashboards of grafana/dashboards, give a Grafana {prometheus} as data source.")
    say(
        "The rules are those of grafana/alerts, but quick: what is judged by minutes or hours there"
    )
    say("takes seconds here (tests/live/monitoring/thresholds.py). The first come in a minute.")
    say(f"Ctrl-C ends it; else it ends after {minutes:g} minutes.\n")


def _sentence(scene: WatchedScene) -> str:
    return " ".join((inspect.getdoc(scene) or "").split())


class Teller:
    """Says what Alertmanager tells its receivers: when an alert begins, and when it is over.

    Alertmanager repeats all that goes on whenever one more begins.
    """

    def __init__(self) -> None:
        self._firing: set[frozenset[tuple[str, str]]] = set()

    def __call__(self, notification: Notification) -> None:
        """Say it, unless it is said already."""
        alert, fires = frozenset(notification.labels.items()), notification.status == "firing"
        if fires == (alert in self._firing):
            return
        self._firing ^= {alert}
        severity, where = notification.labels["severity"], notification.labels.get("segment", "")
        head = f"{time.strftime('%H:%M:%S')} {notification.status.upper():8} {severity:8}"
        say(f"{head} {notification.name} ({where}), to {notification.receiver}")
        for text in ("summary", "description") if fires else ():
            say(f"         {notification.annotations[text]}")


def say(line: str) -> None:
    """Print it at once: whoever reads may be a pipe."""
    print(line, flush=True)


if __name__ == "__main__":
    main()

"""A real Prometheus and a real Alertmanager with the project's own rules and routes, made quick."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final, Self

import yaml

from grafana.mixin import prometheus_rules
from grafana.mixin.alerts import groups
from grafana.mixin.thresholds import Thresholds
from tests.lab.alertmanager import Alertmanager
from tests.lab.exporter import parse
from tests.lab.prometheus import Prometheus
from tests.lab.webhook import Listener, Webhook
from tests.live.samples import by

ROUTES: Final = Path(__file__).parents[3] / "grafana/alertmanager.yml"
RULES: Final = "l2exporter.rules.yml"
SCRAPES: Final = "2s"
"""Twice what it takes on a machine with much else to do: who misses one is a gap in every rule."""

TARGETS: Final = "targets.json"


class Monitoring:
    """`with Monitoring(thresholds) as monitoring:` scrapes every other second, evaluates each, and
    tells.

    prometheus, alertmanager, webhook  the three that an alert goes through; `heard` is called with
    each notification
    began  when, seconds since 1970
    """

    def __init__(self, thresholds: Thresholds, heard: Listener | None = None) -> None:
        self._thresholds = thresholds
        self.webhook = Webhook(heard)
        self._targets: list[Mapping[str, Any]] = []
        self._lock = threading.Lock()
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            self.began = time.time()
            stack.enter_context(self.webhook)
            routes = yaml.safe_load(ROUTES.read_text())
            files = {"alertmanager.yml": yaml.safe_dump(told_here(routes, self.webhook.url))}
            self.alertmanager = stack.enter_context(Alertmanager(files))
            self.prometheus = stack.enter_context(Prometheus(self._files()))
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def _files(self) -> dict[str, str]:
        addressees = [{"static_configs": [{"targets": [_address(self.alertmanager.url)]}]}]
        discovery = [{"files": [TARGETS], "refresh_interval": "1s"}]
        config = {
            "global": {"scrape_interval": SCRAPES, "evaluation_interval": "1s"},
            "rule_files": [RULES],
            "alerting": {"alertmanagers": addressees},
            "scrape_configs": [{"job_name": self._thresholds.job, "file_sd_configs": discovery}],
        }
        rules = prometheus_rules.render(groups(self._thresholds))
        return {"prometheus.yml": yaml.safe_dump(config), RULES: rules, TARGETS: "[]"}

    def watch(self, address: str, instance: str, segment: str) -> None:
        """Scrape what answers at HOST:PORT from now on."""
        labels = {"instance": instance, "segment": segment}
        with self._lock:
            self._targets.append({"targets": [address], "labels": labels})
            new = self.prometheus.home / f"{TARGETS}.new"
            new.write_text(json.dumps(self._targets))
            new.rename(self.prometheus.home / TARGETS)

    def watched(self) -> list[tuple[str, str]]:
        """Instance and address of each that is scraped."""
        with self._lock:
            return [(each["labels"]["instance"], each["targets"][0]) for each in self._targets]

    def evaluations(self) -> float:
        """How often each group of rules has been evaluated, at least."""
        page = parse(self.prometheus.request("GET", "/metrics")[1])
        counts = by(page, "prometheus_rule_group_iterations_total", "rule_group")
        return min(counts.values(), default=0.0)

    def check(self) -> None:
        """Raise RuntimeError with its log where one of them has ended."""
        self.prometheus.check()
        self.alertmanager.check()


def told_here(config: Mapping[str, Any], url: str) -> dict[str, Any]:
    """Routes and inhibitions as they are, but at once; all receivers, by name, told at one URL."""
    hook = [{"url": url, "send_resolved": True}]
    receivers = [{"name": each["name"], "webhook_configs": hook} for each in config["receivers"]]
    route = _at_once(config["route"])
    return {"inhibit_rules": config["inhibit_rules"], "route": route, "receivers": receivers}


def _at_once(route: Mapping[str, Any]) -> dict[str, Any]:
    # Whoever waits gives what inhibits an evaluation's time to be there first.
    wait = "0s" if route.get("group_wait") == "0s" else "2s"
    quick = {"group_wait": wait, "group_interval": "1s", "repeat_interval": "1h"}
    return {**route, **quick, "routes": [_at_once(each) for each in route.get("routes", ())]}


def _address(url: str) -> str:
    return url.removeprefix("http://")

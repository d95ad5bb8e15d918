"""Prometheus, Alertmanager and who they tell: one alert goes all the way."""

from __future__ import annotations

import pytest

from tests.lab.alertmanager import Alertmanager
from tests.lab.prometheus import Prometheus
from tests.lab.wait import wait_until
from tests.lab.webhook import Notification, Webhook

RULES = """\
groups:
  - name: lab
    rules:
      - alert: AlwaysSo
        expr: vector(3)
        labels: {severity: info}
        annotations: {summary: "It is {{ $value }}."}
      - record: broken
        expr: up * on () group_left () {job=~".+"}
"""
ROUTES = """\
route: {{receiver: lab, group_wait: 0s, group_interval: 1s}}
receivers: [{{name: lab, webhook_configs: [{{url: "{url}"}}]}}]
"""
SCRAPES = """\
global: {{scrape_interval: 1s, evaluation_interval: 1s}}
rule_files: [rules.yml]
scrape_configs: [{{job_name: itself, static_configs: [{{targets: ["{alertmanager}"]}}]}}]
alerting: {{alertmanagers: [{{static_configs: [{{targets: ["{alertmanager}"]}}]}}]}}
"""


def test_an_alert_goes_from_a_rule_to_the_webhook() -> None:
    with (
        Webhook() as webhook,
        Alertmanager({"alertmanager.yml": ROUTES.format(url=webhook.url)}) as alertmanager,
    ):
        target = alertmanager.url.removeprefix("http://")
        files = {"prometheus.yml": SCRAPES.format(alertmanager=target), "rules.yml": RULES}
        with Prometheus(files) as prometheus:
            wait_until(lambda: bool(webhook.notifications(alertname="AlwaysSo")), "it arrives")
            wait_until(lambda: bool(prometheus.query("up == 1")), "a scrape")
            (told,) = webhook.notifications(alertname="AlwaysSo")
            assert (told.receiver, told.status, told.name) == ("lab", "firing", "AlwaysSo")
            assert told.labels["severity"] == "info"
            assert told.annotations == {"summary": "It is 3."}
            assert not webhook.notifications(alertname="AlwaysSo", severity="warning")
            assert [alert["labels"]["alertname"] for alert in alertmanager.alerts()] == ["AlwaysSo"]
            (active,) = prometheus.alerts()
            assert (active.state, active.annotations) == ("firing", told.annotations)
            wait_until(lambda: bool(prometheus.rule_errors()), "the broken rule is found out")
            ((broken, error),) = prometheus.rule_errors().items()
            assert broken == "broken"
            assert "many-to-many" in error
            (up,) = prometheus.query("up")
            assert (up.value, up.labels["job"]) == (1.0, "itself")
            assert prometheus.query("scalar(vector(2))")[0].value == 2.0
            ((now, _),) = up.points
            (over_time,) = prometheus.query_range("up", now - 5, now)
            assert over_time.value == 1.0
            assert [each["job"] for each in prometheus.series("up")] == ["itself"]
            with pytest.raises(RuntimeError, match=r"status 400.*parse error"):
                prometheus.query("up{")


def test_one_that_cannot_start_is_an_error_with_its_words() -> None:
    with pytest.raises(RuntimeError, match=r"(?s)Prometheus ended with status .*no_such_key"):
        Prometheus({"prometheus.yml": "no_such_key: 1\n"}).__enter__()
    with pytest.raises(RuntimeError, match=r"(?s)Alertmanager ended with status .*no route"):
        Alertmanager({"alertmanager.yml": "receivers: []\n"}).__enter__()


def test_what_ends_by_itself_is_found_out() -> None:
    with Prometheus({"prometheus.yml": "{}"}) as prometheus:
        prometheus.check()
        prometheus.process.kill()
        prometheus.process.wait()
        with pytest.raises(RuntimeError, match="ended with status -9"):
            prometheus.check()


def test_a_listener_hears_of_each_alert_of_a_message_once() -> None:
    heard: list[Notification] = []
    alert = {"status": "firing", "labels": {"alertname": "A"}, "annotations": {}}
    message = {"receiver": "lab", "alerts": [alert, {**alert, "status": "resolved"}]}
    with Webhook(heard.append) as webhook:
        webhook.receive(message)
        assert [each.status for each in heard] == ["firing", "resolved"]
        assert webhook.notifications(alertname="A") == heard

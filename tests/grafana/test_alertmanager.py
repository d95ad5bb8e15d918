"""alertmanager.yml in a real Alertmanager: who is told of what, and what silences what."""

from __future__ import annotations

import http.client
import json
import re
import subprocess
from collections.abc import Iterable, Iterator
from functools import cache
from itertools import chain
from pathlib import Path
from typing import Any

import pytest
import yaml

from grafana.mixin.alerts import groups
from grafana.mixin.rules import Alert
from grafana.mixin.thresholds import DEFAULTS
from tests.grafana import rule_tests
from tests.lab.alertmanager import Alertmanager
from tests.lab.server import HOST
from tests.lab.wait import wait_until
from tests.lab.webhook import Webhook

FILE = Path(__file__).parents[2] / "grafana/alertmanager.yml"
CONFIG = yaml.safe_load(FILE.read_text())
ALERTS = {
    rule.name: rule for group in groups(DEFAULTS) for rule in group.rules if isinstance(rule, Alert)
}
RECEIVERS = {"critical": "pager", "warning": "chat", "info": "nobody"}

Labels = dict[str, str]


def alert(name: str, /, **labels: str) -> Labels:
    return {"alertname": name, "severity": ALERTS[name].severity, **labels}


def test_amtool_accepts_it() -> None:
    subprocess.run(["amtool", "check-config", FILE], check=True, stdout=subprocess.DEVNULL)


@pytest.mark.parametrize("name", ALERTS)
def test_each_alert_goes_to_the_receiver_of_its_severity(name: str) -> None:
    labels = [f"{label}={value}" for label, value in alert(name, segment="office").items()]
    command = ["amtool", "config", "routes", "test", f"--config.file={FILE}", *labels]
    told = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    assert told.split() == [RECEIVERS[ALERTS[name].severity]]


def test_nothing_is_muted_by_the_hour() -> None:
    """What ends before the morning would be told to nobody."""
    hours = {"active_time_intervals", "mute_time_intervals"}
    assert [route for route in CONFIG["route"]["routes"] if hours & route.keys()] == []


def test_the_receivers_are_obviously_to_be_replaced() -> None:
    hooks = [hook for each in CONFIG["receivers"] for hook in each.get("webhook_configs", ())]
    assert len(hooks) == 2
    for hook in hooks:
        assert re.fullmatch(r"http://127\.0\.0\.1:9/replace-me-by-your-[\w-]+", hook["url"])


def test_inhibition_names_alerts_that_there_are() -> None:
    for rule in CONFIG["inhibit_rules"]:
        for side in ("source_matchers", "target_matchers"):
            assert set(matching(rule[side])), rule


def test_what_inhibition_compares_is_among_the_labels_of_what_silences() -> None:
    """Alertmanager takes two alerts without a label for equal. Untagged frames have no vlan."""
    for rule in CONFIG["inhibit_rules"]:
        sources = [each for each in expected() if all_match(rule["source_matchers"], each)]
        assert sources, rule
        for source in sources:
            assert set(rule["equal"]) - {"vlan"} <= source.keys()
        targets = [each for each in expected() if all_match(rule["target_matchers"], each)]
        assert any(set(rule["equal"]) - {"vlan"} <= target.keys() for target in targets)


@cache
def expected() -> tuple[Labels, ...]:
    """The alerts of the rules' unit tests."""
    tests = [yaml.safe_load(path.read_text())["tests"] for path in rule_tests.files()]
    asked = [case for test in chain(*tests) for case in test.get("alert_rule_test", ())]
    return tuple(
        {"alertname": case["alertname"], **alert["exp_labels"]}
        for case in asked
        for alert in case["exp_alerts"]
    )


def matching(matchers: Iterable[str]) -> Iterator[str]:
    """The alerts whose names the matchers let through."""
    of_names = [each for each in matchers if each.startswith("alertname")]
    for name in ALERTS:
        if all_match(of_names, {"alertname": name}):
            yield name


def all_match(matchers: Iterable[str], labels: Labels) -> bool:
    return all(matches(each, labels) for each in matchers)


def matches(matcher: str, labels: Labels) -> bool:
    parts = re.fullmatch(r'(\w+) (=~|!=|=) "(.*)"', matcher)
    assert parts, matcher
    value = labels.get(parts[1], "")
    if parts[2] == "=~":
        return re.fullmatch(parts[3], value) is not None
    return (value == parts[3]) == (parts[2] == "=")


OFFICE = {"segment": "office", "vlan": "10"}
HOST_A = {"job": "l2exporter", "instance": "a:10806", "segment": "office"}
HOST_B = {"job": "l2exporter", "instance": "b:10806", "segment": "office"}

SPOOFED = alert("L2ProtectedAddressClaimed", **OFFICE, ip="192.0.2.1", role="gateway")
RESOLVER = {"segment": "lab", "ip": "192.0.2.53"}
MOVED = alert("L2ProtectedAddressMoved", **RESOLVER, role="dns_server")
DOWN = alert("L2ExporterDown", **HOST_A)
OVERFLOW = alert("L2NeighborTableOverflow", **HOST_B, family="ipv4")

SILENCED = [
    *(alert("L2SuspectedSpoofing", **OFFICE, ip=f"192.0.2.{host}") for host in (1, 7)),
    alert("L2DuplicateAddress", **OFFICE, ip="192.0.2.8"),
    alert("L2SuspectedSpoofing", **RESOLVER),
    alert("L2CaptureDown", **HOST_A, device="eth0"),
    alert("L2NeighborTableNearLimit", **HOST_B, family="ipv4"),
]
TOLD = [
    alert("L2SuspectedSpoofing", segment="lab", ip="192.0.2.7"),
    alert("L2UnexplainedMoves", segment="lab"),
    alert("L2SuspectedSpoofing", segment="office", vlan="20", ip="192.0.2.9"),
    alert("L2SuspectedSpoofing", segment="lab", vlan="10", ip="192.0.2.1"),
    alert("L2DuplicateAddress", segment="office", ip="192.0.2.8"),
    alert("L2CaptureDown", **HOST_B, device="eth0"),
    alert("L2RogueRouterAdvertisement", **OFFICE, ip="fe80::1", mac="02:00:00:00:00:99"),
    alert("L2NeighborTableNearLimit", **HOST_B, family="ipv6"),
]
UNTOLD = [alert("L2NeighborsOutliveFdb", **HOST_B, bridge="br0", family="ipv4")]


def test_what_is_silenced_and_who_is_told() -> None:
    with Webhook() as webhook, Alertmanager({"alertmanager.yml": quick(webhook.url)}) as running:
        post(running, pages := [SPOOFED, MOVED, DOWN, OVERFLOW])
        wait_until(lambda: len(told(webhook, "pager")) == len(pages), "the pager is told of each")
        post(running, [*SILENCED, *TOLD, *UNTOLD])
        silenced = [each["labels"] for each in running.alerts() if each["status"]["inhibitedBy"]]
        assert in_order(silenced) == in_order(SILENCED)
        wait_until(lambda: len(told(webhook, "chat")) >= len(TOLD), "the others are told")
        post(running, [last := alert("L2TableFull", **HOST_B, table="addresses")])
        wait_until(lambda: last in told(webhook, "chat"), "what came last is told")
        assert in_order(told(webhook, "pager")) == in_order(pages)
        assert in_order(told(webhook, "chat")) == in_order([*TOLD, last])


def test_an_exporter_that_is_down_nowhere_silences_nothing() -> None:
    """`equal` takes two alerts without the label for equal."""
    nowhere = alert("L2ExporterDown", job="l2exporter")
    moves = alert("L2UnexplainedMoves", segment="office")
    with Webhook() as webhook, Alertmanager({"alertmanager.yml": quick(webhook.url)}) as running:
        post(running, [nowhere, moves])
        wait_until(lambda: moves in told(webhook, "chat"), "the moves are told")


def quick(url: str) -> str:
    """The configuration with one webhook for all receivers, and without a wait."""
    config = yaml.safe_load(FILE.read_text())
    config["route"] |= {"group_wait": "0s", "group_interval": "1s"}
    for receiver in config["receivers"]:
        for hook in receiver.get("webhook_configs", ()):
            hook["url"] = url
    return yaml.safe_dump(config)


def post(running: Alertmanager, alerts: Iterable[Labels]) -> None:
    connection = http.client.HTTPConnection(HOST, running.port, timeout=30)
    try:
        body = json.dumps([{"labels": labels} for labels in alerts])
        headers = {"Content-Type": "application/json"}
        connection.request("POST", "/api/v2/alerts", body, headers)
        response = connection.getresponse()
        assert response.status == http.HTTPStatus.OK, response.read()
    finally:
        connection.close()


def told(webhook: Webhook, receiver: str) -> list[Labels]:
    """The labels of what a receiver was told of, each once."""
    heard = [dict(each.labels) for each in webhook.notifications() if each.receiver == receiver]
    return [labels for number, labels in enumerate(heard) if labels not in heard[:number]]


def in_order(alerts: Iterable[Any]) -> list[list[tuple[str, str]]]:
    return sorted(sorted(labels.items()) for labels in alerts)

"""What is wrong on the wire is told to the one who should know, in words that help."""

from __future__ import annotations

import pytest

from grafana.mixin.alerts import groups
from grafana.mixin.rules import Alert
from tests.lab.webhook import Notification
from tests.live.monitoring.expected import (
    EXPECTED,
    OF_THE_MACHINE,
    RECEIVERS,
    Expected,
)
from tests.live.monitoring.marks import TIMEOUT
from tests.live.monitoring.scenes import BENIGN, TROUBLE, conflicts
from tests.live.monitoring.stack import Monitoring
from tests.live.monitoring.stage import Play, WatchedScene
from tests.live.monitoring.thresholds import SHORT

pytestmark = [pytest.mark.root, pytest.mark.timeout(TIMEOUT)]

ALERTS = {
    rule.name: rule for group in groups(SHORT) for rule in group.rules if isinstance(rule, Alert)
}
BAD = ("<no value>", "{{", "<error", "%!", "NaN", "map[")
"""What is in a text when a template found nothing, or not what it wanted."""

each_scene = pytest.mark.parametrize("scene", TROUBLE, ids=lambda scene: scene.__name__)
each_alert = pytest.mark.parametrize(
    ("scene", "expected"),
    [pytest.param(each.scene, each, id=f"{each.alert}-{each.scene.__name__}") for each in EXPECTED],
)


def test_every_alert_is_played() -> None:
    assert {each.alert for each in EXPECTED} == ALERTS.keys()


@each_scene
def test_the_scene_is_told_of_and_that_it_is_over(scene: WatchedScene, play: Play) -> None:
    play.wait_for(scene)


@each_alert
def test_an_alert_says_what_it_should(
    scene: WatchedScene, expected: Expected, play: Play, monitoring: Monitoring
) -> None:
    play.settle(scene)
    wanted = {"alertname": expected.alert, "segment": scene.__name__, **expected.labels}
    told = monitoring.webhook.notifications(**wanted)
    assert told, f"nobody was told of {wanted}"
    alert = ALERTS[expected.alert]
    assert {each.receiver for each in told} == {RECEIVERS[alert.severity]}
    assert {each.annotations["runbook_url"] for each in told} == {alert.runbook_url}
    texts = [f"{each.annotations['summary']} {each.annotations['description']}" for each in told]
    assert [word for word in expected.words if not any(word in text for text in texts)] == []


def test_one_gateway_is_one_alert_whoever_sees_it(play: Play, monitoring: Monitoring) -> None:
    scene = conflicts.gateway_spoofed
    play.settle(scene)
    for name in ("L2ProtectedAddressClaimed", "L2ProtectedAddressMoved"):
        told = monitoring.webhook.notifications(alertname=name, segment=scene.__name__)
        assert len({frozenset(each.labels.items()) for each in told}) == 1
        assert not any("instance" in each.labels for each in told)


@pytest.mark.parametrize("scene", BENIGN, ids=lambda scene: scene.__name__)
def test_what_is_benign_wakes_nobody(
    scene: WatchedScene, play: Play, monitoring: Monitoring
) -> None:
    play.wait_for(scene)
    fired = 'max_over_time(ALERTS{alertstate="firing", severity=~"warning|critical"}[10m])'
    here = [
        each.labels for each in monitoring.prometheus.query(fired) if _is_of(each.labels, scene)
    ]
    assert [labels for labels in here if labels["alertname"] not in OF_THE_MACHINE] == []


def _is_of(labels: object, scene: WatchedScene) -> bool:
    return scene.__name__ in str(labels)


def test_no_rule_fails_and_every_text_is_whole(everything: Monitoring) -> None:
    assert everything.prometheus.rule_errors() == {}
    told = everything.webhook.notifications()
    assert [each for each in told if not _is_whole(each)] == []
    firing = everything.prometheus.alerts()
    texts = [text for alert in firing for text in alert.annotations.values()]
    assert [text for text in texts if any(bad in text for bad in BAD)] == []


def _is_whole(told: Notification) -> bool:
    texts = told.annotations.values()
    return len(texts) == 3 and all(texts) and not any(bad in text for text in texts for bad in BAD)

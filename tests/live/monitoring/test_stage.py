"""Scenes that fail are named, and the others go on; routes are those of the project, made quick."""

from __future__ import annotations

import threading
from typing import Any
from unittest.mock import Mock

import pytest

from tests.live.monitoring.stack import told_here
from tests.live.monitoring.stage import CurtainError, Play, WatchedStage

NOBODY: Any = Mock()
"""In the place of a Prometheus that no scene here asks."""


def test_one_that_fails_is_named_and_the_others_go_on() -> None:
    def bad(stage: WatchedStage) -> None:
        raise RuntimeError("no wire")

    def good(stage: WatchedStage) -> None:
        assert list(stage.rounds()) == [1]

    with Play([bad, good], NOBODY) as play:
        play.wait_for_all()
        play.wait_for(good)
        with pytest.raises(RuntimeError, match="no wire") as caught:
            play.wait_for(bad)
        ((name, error),) = play.failures()
    assert (name, error) == ("bad", caught.value)
    assert caught.value.__notes__ == ["scene bad\n"]


def test_a_stage_stands_until_the_curtain_falls_which_ends_an_endless_scene() -> None:
    ended, rounds = [], threading.Event()

    class Part:
        def __enter__(self) -> None: ...

        def __exit__(self, *_: object) -> None:
            ended.append(self)

    def over(stage: WatchedStage) -> None:
        stage.enter(Part())

    def endless(stage: WatchedStage) -> None:
        for _ in stage.rounds():
            rounds.set()

    with Play([over, endless], NOBODY, endless=True) as play:
        play.wait_for(over)
        assert rounds.wait(20)
        assert ended == []
    assert len(ended) == 1
    with pytest.raises(CurtainError):
        play.wait_for(endless)


def test_routes_are_kept_and_made_quick() -> None:
    config = {
        "global": {"smtp_smarthost": "mail.example.net:25"},
        "inhibit_rules": [{"equal": ["segment"]}],
        "receivers": [{"name": "pager", "email_configs": [{}]}, {"name": "nobody"}],
        "route": {
            "receiver": "nobody",
            "group_wait": "1m",
            "routes": [
                {"matchers": ["a = b"], "receiver": "pager", "group_wait": "0s"},
                {"receiver": "nobody"},
            ],
        },
    }
    quick = {"group_interval": "1s", "repeat_interval": "1h", "routes": []}
    hook = [{"url": "http://here/", "send_resolved": True}]
    assert told_here(config, "http://here/") == {
        "inhibit_rules": [{"equal": ["segment"]}],
        "receivers": [
            {"name": "pager", "webhook_configs": hook},
            {"name": "nobody", "webhook_configs": hook},
        ],
        "route": {
            "receiver": "nobody",
            "group_wait": "2s",
            **quick,
            "routes": [
                {"matchers": ["a = b"], "receiver": "pager", "group_wait": "0s", **quick},
                {"receiver": "nobody", "group_wait": "2s", **quick},
            ],
        },
    }

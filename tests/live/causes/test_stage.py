"""Scenes are played side by side, and one that fails tells so in its own tests only."""

from __future__ import annotations

import threading

import pytest

from tests.lab.exporter import key
from tests.live.causes.stage import Stage, Stages, View, Views


def test_all_are_played_at_the_same_time() -> None:
    meeting = threading.Barrier(2, timeout=20)

    def one(stage: Stage) -> Views:
        meeting.wait()
        return {"one": View({}, "")}

    def other(stage: Stage) -> Views:
        meeting.wait()
        return {"other": View({}, "")}

    with Stages([one, other]) as played:
        assert played.views(one).keys() == {"one"}
        assert played.views(other).keys() == {"other"}


def test_one_that_fails_is_named_and_the_others_go_on() -> None:
    def bad(stage: Stage) -> Views:
        raise RuntimeError("no wire")

    def good(stage: Stage) -> Views:
        return {}

    with Stages([bad, good]) as played:
        with pytest.raises(RuntimeError, match="no wire") as caught:
            played.views(bad)
        assert played.views(good) == {}
    assert caught.value.__notes__[0].startswith("scene bad\n")


def test_what_a_scene_made_ends_with_it_also_when_it_fails() -> None:
    ended = []

    class Part:
        def __enter__(self) -> None: ...

        def __exit__(self, *_: object) -> None:
            ended.append(self)

    def bad(stage: Stage) -> Views:
        stage.enter(Part())
        raise RuntimeError

    with Stages([bad]) as played, pytest.raises(RuntimeError):
        played.views(bad)
    assert len(ended) == 1


def test_a_view_finds_samples_by_some_of_their_labels() -> None:
    name = "l2_moves_by_cause_total"
    labels = {"device": "eth0", "vlan": "", "family": "ipv4"}
    samples = {
        key(name, **labels, cause="failover"): 2.0,
        key(name, **labels, cause="unknown"): 0.0,
    }
    view = View(samples, "its log")
    assert view.causes() == {"failover": 2}
    assert view.causes("ipv6") == {}
    assert view.value(name, cause="failover") == 2
    assert view.value(name, cause="duplicate_address") is None
    with pytest.raises(AssertionError, match="2 samples"):
        view.value(name)
    assert view.cause("192.0.2.1") is None
    assert "failover" in view.story()
    assert "unknown" not in view.story()
    assert view.story().endswith("its log")

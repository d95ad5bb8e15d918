"""Scenes begin here; what tests/conftest.py puts before their own tests runs meanwhile."""

from __future__ import annotations

import pytest

from tests.lab.wait import wait_until
from tests.live.monitoring.stage import Play

pytestmark = pytest.mark.root


def test_every_scene_begins(request: pytest.FixtureRequest) -> None:
    """It asks for none itself: those are played that other tests ask for."""
    play: Play = request.getfixturevalue("play")
    wait_until(play.all_begun, "every scene begins")

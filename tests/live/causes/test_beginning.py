"""Scenes begin here; what tests/conftest.py puts before their own tests runs meanwhile."""

from __future__ import annotations

import pytest

from tests.lab.wait import wait_until
from tests.live.causes.stage import Stages

pytestmark = pytest.mark.root


def test_every_scene_begins(played: Stages) -> None:
    wait_until(played.all_begun, "every scene begins")

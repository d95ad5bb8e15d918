"""How a test names its scene."""

from __future__ import annotations

import pytest

from tests.live.causes.stage import Scene

TIMEOUT = 300
"""Seconds for the test that comes first: all the scenes are played meanwhile."""


def of(scene: Scene) -> pytest.MarkDecorator:
    """`@of(scene)` above a test with an argument `told`."""
    return pytest.mark.parametrize("told", [scene], indirect=True, ids=[scene.__name__])

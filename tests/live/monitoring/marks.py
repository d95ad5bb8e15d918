"""Which scenes the selected tests need."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import pytest

from tests.live.monitoring.stage import WatchedScene

TIMEOUT: Final = 400
"""Seconds for the test that comes first: all the scenes are played meanwhile."""


def chosen(items: Iterable[pytest.Item]) -> list[WatchedScene]:
    """The scenes that the tests are of; none where one of them is of all."""
    scenes: dict[WatchedScene, None] = {}
    for item in items:
        callspec = getattr(item, "callspec", None)
        if callspec is None or "scene" not in callspec.params:
            return []
        scenes[callspec.params["scene"]] = None
    return list(scenes)

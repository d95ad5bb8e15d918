"""Scenes are played once, all that the selected tests ask for at the same time."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import pytest

from tests.live.causes.stage import Stages, Views


@pytest.fixture(scope="session")
def played(request: pytest.FixtureRequest) -> Iterator[Stages]:
    """The scenes that the selected tests name with `of`."""
    here = (item for item in request.session.items if "played" in getattr(item, "fixturenames", ()))
    params = (getattr(item, "callspec", None) for item in here)
    scenes = {each.params["told"]: None for each in params if each and "told" in each.params}
    with Stages(scenes) as stages:
        yield stages


@pytest.fixture
def told(request: pytest.FixtureRequest, played: Stages) -> Views:
    """What exporters told of the scene that the test is `of`; shown where the test fails."""
    views = played.views(request.param)
    for name, view in views.items():
        sys.stdout.write(f"--- {request.param.__name__}, {name}\n{view.story()}\n")
    return views

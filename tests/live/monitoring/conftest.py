"""One Prometheus and one Alertmanager for all tests here, and the scenes that they watch."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.live.monitoring.demo import Demo
from tests.live.monitoring.marks import chosen
from tests.live.monitoring.scenes import BENIGN, TROUBLE
from tests.live.monitoring.stack import Monitoring
from tests.live.monitoring.stage import Play
from tests.live.monitoring.thresholds import quick


@pytest.fixture(scope="session")
def monitoring() -> Iterator[Monitoring]:
    with Monitoring(quick()) as made:
        yield made


@pytest.fixture(scope="session")
def demo() -> Iterator[Demo]:
    """A demonstration of one scene."""
    with Demo("--minutes=20", "--scene=forgetful_bridge") as started:
        yield started


@pytest.fixture(scope="session")
def play(request: pytest.FixtureRequest, monitoring: Monitoring) -> Iterator[Play]:
    """The scenes that the selected tests name; all where a test asks for all."""
    items = [item for item in request.session.items if "play" in getattr(item, "fixturenames", ())]
    if any("demo" in getattr(item, "fixturenames", ()) for item in request.session.items):
        request.getfixturevalue("demo")  # it has begun when its test comes
    with Play(chosen(items) or (*TROUBLE, *BENIGN), monitoring) as playing:
        yield playing


@pytest.fixture(scope="session")
def everything(play: Play, monitoring: Monitoring) -> Monitoring:
    """What there is once all scenes are over; one that failed tells so in its own test."""
    play.wait_for_all()
    return monitoring

"""docs/causes.md says of each live scene what the exporter says of it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.live.causes import (
    test_abused_proxy,
    test_conflicts,
    test_failovers,
    test_leases,
    test_services,
    test_sleep_proxies,
    test_spoofers,
)
from tests.live.causes.marks import TIMEOUT
from tests.live.causes.sleepers import MIRROR
from tests.live.causes.stage import Scene, Views

PAGE = Path(__file__).parents[3] / "docs/causes.md"
MODULES = (
    test_abused_proxy,
    test_conflicts,
    test_failovers,
    test_leases,
    test_services,
    test_sleep_proxies,
    test_spoofers,
)
OBTAINED = re.compile(r"\| ([^|]*) \((\w+)\) \|$", re.MULTILINE)


def scenes() -> Iterator[Scene]:
    """Every scene that a test in these modules is of."""
    for module in MODULES:
        for test in vars(module).values():
            for mark in getattr(test, "pytestmark", ()):
                if mark.args[:1] == ("told",):
                    yield from mark.args[1]


def written() -> dict[str, set[str]]:
    """The causes that the page names for each scene."""
    causes: dict[str, set[str]] = {}
    for cell, name in OBTAINED.findall(PAGE.read_text()):
        causes.setdefault(name, set()).update(re.findall(r"`(\w+)`", cell))
    return causes


SCENES = {scene.__name__: scene for scene in scenes()}


def test_every_scene_is_on_the_page_and_no_other() -> None:
    assert written().keys() == SCENES.keys()


@pytest.mark.root
@pytest.mark.timeout(TIMEOUT)
@pytest.mark.parametrize(
    ("told", "causes"),
    [pytest.param(SCENES[name], causes, id=name) for name, causes in written().items()],
    indirect=["told"],
)
def test_what_was_obtained_is_what_is_written(told: Views, causes: set[str]) -> None:
    view = list(told.values())[-1]
    obtained = {
        cause
        for device in ("eth0", MIRROR)
        for family in ("ipv4", "ipv6")
        for cause in view.causes(family, device)
    }
    assert obtained == causes

"""Every question that a dashboard asks has an answer in some scene."""

from __future__ import annotations

from typing import Final

import pytest

from tests.grafana.reading import dashboards, variables
from tests.live.monitoring.marks import TIMEOUT
from tests.live.monitoring.panels import ADDRESSES, Audience, queries
from tests.live.monitoring.stack import Monitoring

pytestmark = [pytest.mark.root, pytest.mark.timeout(TIMEOUT)]

EMPTY: Final = {
    "l2-sleep-proxies: Which holds outlast the norm?: A": "no play lasts for a day",
    "l2-bridges: What went wrong with neighbours?: C": "a namespace is not told of it",
}
"""Queries without data in any scene, `dashboard: panel: query`, and why."""

NO_CHOICE: Final = {
    ("l2-bridges", "vlan"): "the lab's kernel has no VLAN filtering",
}
"""Variables without a value in any scene, and why."""

QUERY_VARIABLES = [
    (stem, name)
    for stem, dashboard in dashboards().items()
    for name, variable in variables(dashboard).items()
    if variable["type"] == "query"
]


@pytest.fixture(scope="module")
def audience(everything: Monitoring) -> Audience:
    return Audience(everything.prometheus, everything.began)


@pytest.mark.parametrize("stem", dashboards())
def test_every_query_has_data_at_some_time(stem: str, audience: Audience) -> None:
    asked = (query for query in queries() if query.dashboard == stem)
    without = {query.name for query in asked if not audience.sees(query)}
    assert without == {name for name in EMPTY if name.startswith(f"{stem}: ")}


def test_what_is_excepted_is_there() -> None:
    assert EMPTY.keys() <= {query.name for query in queries()}
    assert NO_CHOICE.keys() <= set(QUERY_VARIABLES)


@pytest.mark.parametrize(("stem", "name"), QUERY_VARIABLES)
def test_every_variable_has_something_to_choose(stem: str, name: str, audience: Audience) -> None:
    everything = variables(dashboards()[stem])
    choices = audience.choices(everything[name], everything)
    assert bool(choices) != ((stem, name) in NO_CHOICE)
    if name == "ip":
        assert choices >= set(ADDRESSES)

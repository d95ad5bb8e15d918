"""Every question that a dashboard asks has an answer in some scene."""

from __future__ import annotations

from typing import Final

import pytest

from tests.grafana.reading import dashboards, variables
from tests.live.monitoring.marks import TIMEOUT
from tests.live.monitoring.panels import Audience, queries
from tests.live.monitoring.stack import Monitoring

pytestmark = [pytest.mark.root, pytest.mark.timeout(TIMEOUT)]

EMPTY: Final[dict[str, str]] = {}
"""Queries without data in any scene, `dashboard: panel: query`, and why."""

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
    without = [
        query.name for query in queries() if query.dashboard == stem and not audience.sees(query)
    ]
    assert without == [name for name in EMPTY if name.startswith(f"{stem}: ")]


def test_what_is_excepted_is_a_query() -> None:
    assert EMPTY.keys() <= {query.name for query in queries()}


@pytest.mark.parametrize(("stem", "name"), QUERY_VARIABLES)
def test_every_variable_has_something_to_choose(stem: str, name: str, audience: Audience) -> None:
    everything = variables(dashboards()[stem])
    assert audience.choices(everything[name], everything)

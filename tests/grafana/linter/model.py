"""What a rule of the linter is, and what of a dashboard the rules read."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from tests.grafana.reading import Json, panels, variables

FIGURES: Final = ("stat", "singlestat", "graph", "table", "timeseries", "gauge")
"""Types of panels that rules about panels are for: the linter leaves alone what it does not know.
Rules about queries are for those of all panels."""


@dataclass(frozen=True, slots=True)
class Complaint:
    """What is wrong, and where: the panel's title and the target's index, if it is about one."""

    text: str
    panel: str = ""
    target: int | None = None


Rule = Callable[[Json], Iterator[Complaint]]


def datasources(dashboard: Json) -> list[Json]:
    """Its datasource variables."""
    return [one for one in variables(dashboard).values() if one["type"] == "datasource"]


def is_prometheus(dashboard: Json) -> bool:
    """Whether the rules about PromQL are for it; without a datasource another rule complains."""
    return [one["query"] for one in datasources(dashboard)][:1] == ["prometheus"]


def references(dashboard: Json) -> set[str]:
    """How its panels and variables name a datasource variable."""
    names = [one["name"] for one in datasources(dashboard)]
    return {text for name in names for text in (f"${name}", f"${{{name}}}")}


def uid(holder: Json) -> str:
    """The datasource of a panel, target or variable; "" without one."""
    datasource = holder.get("datasource") or {}
    return str(datasource.get("uid", "")) if isinstance(datasource, dict) else str(datasource)


def of_types(dashboard: Json, types: tuple[str, ...]) -> Iterator[Json]:
    """Its panels of these types."""
    return (panel for panel in panels(dashboard) if panel["type"] in types)


def targets(dashboard: Json) -> Iterator[tuple[Json, int, Json]]:
    """Every panel with the indices of its targets, and the targets."""
    for panel in panels(dashboard):
        for index, target in enumerate(panel.get("targets", [])):
            yield panel, index, target

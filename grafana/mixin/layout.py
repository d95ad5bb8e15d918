"""Panels into a grid of 24 columns: left to right, then down, without holes that could overlap."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.models.dashboard import (
    AnnotationContainer,
    Dashboard,
    DashboardCursorSync,
    DashboardDashboardTemplating,
    DashboardDashboardTime,
    GridPos,
    Panel,
    RowPanel,
    VariableModel,
)

from .pages import TAG, Page, link_bar
from .variables import common

COLUMNS: Final = 24


@dataclass(frozen=True, slots=True)
class Section:
    """Panels under a heading, which is a question; without one at the top of a dashboard."""

    heading: str
    panels: tuple[Builder[Panel], ...]


def dashboard_of(
    page: Page, description: str, variables: tuple[VariableModel, ...], *sections: Section
) -> Dashboard:
    """A dashboard of `sections`, with the common variables and then its own."""
    return Dashboard(
        uid=page.uid,
        title=page.title,
        description=description,
        tags=[TAG],
        timezone="browser",
        editable=False,
        graph_tooltip=DashboardCursorSync.CROSSHAIR,
        time=DashboardDashboardTime(from_val="now-6h", to="now"),
        refresh="30s",
        panels=list(_placed(sections)),
        templating=DashboardDashboardTemplating(list_val=[*common(), *variables]),
        annotations=AnnotationContainer(list_val=[]),
        links=[link_bar()],
    )


def _placed(sections: tuple[Section, ...]) -> Iterator[Panel | RowPanel]:
    y = 0
    next_id = 1
    for section in sections:
        if section.heading:
            yield _row(section.heading, next_id, y)
            next_id, y = next_id + 1, y + 1
        panels = [builder.build() for builder in section.panels]
        y = _flow(panels, y)
        for panel in panels:
            panel.id_val = next_id
            next_id += 1
            yield panel


def _row(heading: str, row_id: int, y: int) -> RowPanel:
    return RowPanel(
        collapsed=False,
        title=heading,
        id_val=row_id,
        grid_pos=GridPos(x=0, y=y, w=COLUMNS, h=1),
        panels=[],
    )


def _flow(panels: list[Panel], y: int) -> int:
    """Give each panel its place from the line `y` on; the first free line below all of them."""
    x = height = 0
    for panel in panels:
        place = _size(panel)
        if x + place.w > COLUMNS:
            x, y, height = 0, y + height, 0
        place.x, place.y = x, y
        x, height = x + place.w, max(height, place.h)
    return y + height


def _size(panel: Panel) -> GridPos:
    if panel.grid_pos is None:
        raise ValueError(f"panel {panel.title!r} has neither width nor height")
    return panel.grid_pos

"""Tables: rows of what the queries say now, in named columns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Unpack

from grafana_foundation_sdk.builders.table import Panel
from grafana_foundation_sdk.models.dashboard import DataTransformerConfig, DynamicConfigValue
from grafana_foundation_sdk.models.prometheus import Dataquery as Query
from grafana_foundation_sdk.models.prometheus import PromQueryFormat

from .colours import Steps, thresholds
from .pages import Link
from .panels import Said, Word, mappings_of, told


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table: the heading, and what differs from the table's own settings.

    `url` leads on from a cell, as `ADDRESS.url(ip="${__value.raw}")`; `url_title` says where.
    """

    heading: str
    unit: str | None = None
    width: int | None = None
    steps: Steps | None = None
    words: Mapping[str, Word] | None = None
    url: str | None = None
    url_title: str = ""


def table(
    title: str, columns: Mapping[str, Column], *queries: Query, **said: Unpack[Said]
) -> Panel:
    """Rows with just these `columns`, by the name of their field and in this order."""
    for query in queries:
        query.format_val = PromQueryFormat.TABLE
    panel = told(Panel(), title, queries, said, width=24, height=8)
    if len(queries) > 1:
        panel.with_transformation(_transformation("merge", {}))
    panel.with_transformation(
        _transformation("filterFieldsByName", {"include": {"names": list(columns)}})
    )
    panel.with_transformation(
        _transformation(
            "organize",
            {
                "excludeByName": {},
                "indexByName": {name: index for index, name in enumerate(columns)},
                "renameByName": {name: column.heading for name, column in columns.items()},
            },
        )
    )
    # The panel's words for emptiness would fill each empty cell too.
    panel.override_by_regexp(".*", [DynamicConfigValue(id_val="noValue", value="-")])
    for column in columns.values():
        if properties := _properties(column):
            panel.override_by_name(column.heading, properties)
    return panel


def _transformation(name: str, options: object) -> DataTransformerConfig:
    return DataTransformerConfig(id_val=name, options=options)


def _properties(column: Column) -> list[DynamicConfigValue]:
    found: dict[str, object] = {}
    if column.unit is not None:
        found["unit"] = column.unit
    if column.width is not None:
        found["custom.width"] = column.width
    if column.steps is not None:
        found["thresholds"] = thresholds(column.steps)
    if column.words is not None:
        found["mappings"] = mappings_of(column.words)
    if column.steps is not None or column.words is not None:
        found["custom.cellOptions"] = {"type": "color-text"}
    if column.url is not None:
        found["links"] = [Link(title=column.url_title, url=column.url)]
    return [DynamicConfigValue(id_val=key, value=value) for key, value in found.items()]

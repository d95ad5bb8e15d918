"""How the lines of one query are drawn where they are a limit of others."""

from __future__ import annotations

from grafana_foundation_sdk.builders.timeseries import Panel
from grafana_foundation_sdk.models.dashboard import DynamicConfigValue

from ..panels import fixed_colour


def drawn(panel: Panel, ref_id: str, colour: str = "", *, dashed: bool = False) -> Panel:
    """The query's lines in one colour if it is given, and without the area below them."""
    properties = [DynamicConfigValue(id_val="custom.fillOpacity", value=0)]
    if colour:
        properties.append(fixed_colour(colour))
    if dashed:
        style = {"fill": "dash", "dash": [10, 10]}
        properties.append(DynamicConfigValue(id_val="custom.lineStyle", value=style))
    return panel.override_by_query(ref_id, properties)

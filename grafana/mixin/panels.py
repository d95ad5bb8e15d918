"""Makers of panels. A dashboard is written in these words:

    from ..colours import WARNING, from_zero
    from ..layout import Section, dashboard_of
    from ..pages import ADDRESS, SLEEP_PROXIES
    from ..panels import now, stat
    from ..variables import DEVICE, VLAN, device, series, vlan

    def dashboard() -> Dashboard:
        return dashboard_of(
            SLEEP_PROXIES,
            "Who holds what, for whom, since when?",
            (device(), vlan()),
            Section("Now", (held(), ...)),
        )

    def held() -> stat_builder.Panel:
        return stat(
            "Addresses held now",
            now(f"sum({series('l2_sleep_proxy_held', DEVICE, VLAN)})"),
            description="How many addresses sleep proxies answer for.",
            empty="No sleep proxy is known",
            unit="none",
            steps=from_zero((10, WARNING)),
            page=ADDRESS,
        )

Each maker takes a title, queries, and what `Said` lists: description, empty and unit always. It
gives a builder of the SDK, whose own methods go on from there (`.override_by_name(...)`,
`.interval("1m")`). `layout` gives positions and ids; nothing else does. Columns of a `table` are
named by the labels of its queries, values `Value` (one query) or `Value #A`, `Value #B`...
(several, which are merged over the labels that all of them have).

A count of events in bars wants `counted(...)`: a bar is a scrape shorter than the window of its
query, so that each event is in one bar. Where scrapes are more than 20 s apart that needs hours:
`$__rate_interval` is four of them at least, and a bar may be a minute.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from string import ascii_uppercase
from typing import Final, NotRequired, TypedDict, TypeVar, Unpack

from grafana_foundation_sdk.builders import bargauge as bargauge_builder
from grafana_foundation_sdk.builders import stat as stat_builder
from grafana_foundation_sdk.builders import statetimeline as statetimeline_builder
from grafana_foundation_sdk.builders import table as table_builder
from grafana_foundation_sdk.builders import timeseries as timeseries_builder
from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.cog.variants import Dataquery
from grafana_foundation_sdk.models import common, dashboard
from grafana_foundation_sdk.models.prometheus import Dataquery as Query

from .colours import CAUSES, GOOD, Steps, thresholds
from .pages import Page
from .variables import DATASOURCE

T = TypeVar("T")
P = TypeVar(
    "P",
    bargauge_builder.Panel,
    stat_builder.Panel,
    statetimeline_builder.Panel,
    table_builder.Panel,
    timeseries_builder.Panel,
)


class Said(TypedDict):
    """What every panel says: its question, what emptiness means, and the page that tells more."""

    description: str
    empty: str
    unit: str
    width: NotRequired[int]
    height: NotRequired[int]
    page: NotRequired[Page]
    steps: NotRequired[Steps]
    words: NotRequired[Mapping[str, Word]]


@dataclass(frozen=True, slots=True)
class Word:
    """What is shown instead of a value."""

    text: str
    colour: str


NONE: Final = {"0": Word("None", GOOD)}
"""Words for a count of troubles: there are none."""


@dataclass(frozen=True, slots=True)
class Built(Builder[T]):
    """A model where the SDK asks for a builder: those of dashboards warn of their own end."""

    model: T

    def build(self) -> T:
        """The model itself."""
        return self.model


def over_time(expr: str, legend: str = "__auto") -> Query:
    """A query at each step of the time range, its series named by `legend`."""
    return Query(expr=expr, legend_format=legend, range_val=True, instant=False)


def now(expr: str, legend: str = "__auto") -> Query:
    """A query at the end of the time range alone."""
    return Query(expr=expr, legend_format=legend, range_val=False, instant=True)


def timeseries(title: str, *queries: Query, **said: Unpack[Said]) -> timeseries_builder.Panel:
    """Lines over time; `steps` are drawn as dashed lines, so name those alone that are limits."""
    panel = told(timeseries_builder.Panel(), title, queries, said, width=12, height=8)
    panel.min(0).fill_opacity(10).show_points(common.VisibilityMode.NEVER)
    panel.color_scheme(Built(dashboard.FieldColor(dashboard.FieldColorModeId.PALETTE_CLASSIC)))
    panel.legend(Built(common.VizLegendOptions(show_legend=True)))
    panel.tooltip(
        Built(
            common.VizTooltipOptions(
                mode=common.TooltipDisplayMode.MULTI, sort=common.SortOrder.DESCENDING
            )
        )
    )
    if "steps" in said:
        style = common.GraphThresholdsStyleConfig(mode=common.GraphThresholdsStyleMode.DASHED)
        panel.thresholds_style(Built(style))
    return panel


def counted(title: str, *queries: Query, **said: Unpack[Said]) -> timeseries_builder.Panel:
    """Events as stacked bars of at least a minute, and no more than can be told apart.

    Ask for them by `variables.increase`.
    """
    panel = timeseries(title, *queries, **said)
    panel.draw_style(common.GraphDrawStyle.BARS).fill_opacity(80).line_width(0).decimals(0)
    # Whole thousands would not be told apart on an axis.
    panel.unit("none")
    panel.stacking(Built(common.StackingConfig(mode=common.StackingMode.NORMAL, group="A")))
    return panel.interval("1m").max_data_points(100)


def stat(title: str, *queries: Query, **said: Unpack[Said]) -> stat_builder.Panel:
    """A figure on the colour of its step or word: to be read from the other side of the room.

    One that is neither good nor bad has none: that below the first step is of what is not known.
    """
    panel = told(stat_builder.Panel(), title, queries, said, width=6, height=4)
    judged = "steps" in said or "words" in said
    mode = common.BigValueColorMode
    panel.color_mode(mode.BACKGROUND_SOLID if judged else mode.NONE)
    panel.graph_mode(common.BigValueGraphMode.NONE)
    panel.reduce_options(Built(common.ReduceDataOptions(calcs=["lastNotNull"])))
    return panel


def bar_gauge(title: str, *queries: Query, **said: Unpack[Said]) -> bargauge_builder.Panel:
    """How full each of several things is; give them the unit `percentunit`."""
    panel = told(bargauge_builder.Panel(), title, queries, said, width=12, height=8)
    panel.min(0).max(1).orientation(common.VizOrientation.HORIZONTAL)
    panel.display_mode(common.BarGaugeDisplayMode.BASIC)
    panel.reduce_options(Built(common.ReduceDataOptions(calcs=["lastNotNull"])))
    return panel


def state_timeline(
    title: str, *queries: Query, **said: Unpack[Said]
) -> statetimeline_builder.Panel:
    """What was the case when: a bar for each series, in the colours of `words`."""
    panel = told(statetimeline_builder.Panel(), title, queries, said, width=24, height=8)
    panel.merge_values(True).row_height(0.8).fill_opacity(80).show_value(common.VisibilityMode.AUTO)
    panel.legend(Built(common.VizLegendOptions(show_legend=True)))
    # Coloured by thresholds, a bar would be labelled with those and not with its word.
    panel.color_scheme(Built(dashboard.FieldColor(mode=dashboard.FieldColorModeId.FIXED)))
    # Of an answer without fields Grafana says that it lacks a time, and not what emptiness means.
    return panel.with_transformation(
        dashboard.DataTransformerConfig(
            id_val="filterFieldsByName", options={"include": {"pattern": ".*"}}
        )
    )


def by_cause(panel: timeseries_builder.Panel) -> timeseries_builder.Panel:
    """Series named after causes get the causes' colours."""
    return coloured(panel, **CAUSES)


def coloured(panel: timeseries_builder.Panel, **colours: str) -> timeseries_builder.Panel:
    """Series of these names get these colours."""
    for name, colour in colours.items():
        panel.override_by_name(name, [fixed_colour(colour)])
    return panel


def leading_to(page: Page, panel: P) -> P:
    """`panel` with a link to the page that tells more."""
    panel.links([Built(page.link())])
    return panel


def told(
    panel: P, title: str, queries: tuple[Query, ...], said: Said, *, width: int, height: int
) -> P:
    """`panel` with what every panel has; `width` and `height` where nothing else is said."""
    panel.title(title).description(said["description"]).no_value(said["empty"]).unit(said["unit"])
    panel.span(said.get("width", width)).height(said.get("height", height)).datasource(DATASOURCE)
    panel.targets([_target(query, ascii_uppercase[n]) for n, query in enumerate(queries)])
    panel.thresholds(Built(thresholds(said.get("steps", ()))))
    panel.color_scheme(Built(dashboard.FieldColor(dashboard.FieldColorModeId.THRESHOLDS)))
    panel.mappings(mappings_of(said.get("words", {})))
    return leading_to(said["page"], panel) if "page" in said else panel


def _target(query: Query, ref_id: str) -> Built[Dataquery]:
    query.ref_id = ref_id
    query.datasource = DATASOURCE
    return Built(query)


def mappings_of(words: Mapping[str, Word]) -> list[dashboard.ValueMapping]:
    """`words` as Grafana has them."""
    if not words:
        return []
    results = {
        value: dashboard.ValueMappingResult(text=word.text, color=word.colour, index=index)
        for index, (value, word) in enumerate(words.items())
    }
    return [dashboard.ValueMap(options=results)]


def fixed_colour(colour: str) -> dashboard.DynamicConfigValue:
    """What makes an override's fields have this colour whatever their values."""
    return dashboard.DynamicConfigValue(
        id_val="color", value={"mode": "fixed", "fixedColor": colour}
    )

"""What dashboards share: colours, links, tables, and where panels lie."""

from __future__ import annotations

import json
from typing import Any

import pytest
from grafana_foundation_sdk.builders.table import Panel as TablePanel
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.dashboard import Dashboard

from grafana.mixin import colours
from grafana.mixin.layout import Section, dashboard_of
from grafana.mixin.pages import ADDRESS, OVERVIEW, link_bar
from grafana.mixin.panels import Word, by_cause, now, over_time, stat, state_timeline, timeseries
from grafana.mixin.tables import Column, table
from grafana.mixin.variables import ANY_OR_NONE, DEVICE, increase_in_range, series, vlan
from l2exporter.evidence.moves.causes import CAUSES


def plain(model: object) -> dict[str, Any]:
    """As it is written to a file."""
    found: dict[str, Any] = json.loads(json.dumps(model, cls=JSONEncoder))
    return found


def small(width: int, height: int) -> Section:
    panel = stat(
        *("A", now("up")), description="?", empty="-", unit="none", width=width, height=height
    )
    return Section("", (panel,))


def together(*sizes: tuple[int, int]) -> Section:
    return Section("Why?", tuple(one for size in sizes for one in small(*size).panels))


def drawn(*sections: Section) -> list[dict[str, Any]]:
    panels: list[dict[str, Any]] = plain(board(*sections))["panels"]
    return panels


def board(*sections: Section) -> Dashboard:
    return dashboard_of(OVERVIEW, "?", (vlan(),), *sections)


def two_queries() -> TablePanel:
    columns = {
        "ip": Column("Address", url=ADDRESS.url(ip="${__value.raw}"), url_title="More"),
        "Value #B": Column("Moves", steps=colours.from_zero((1, colours.CRITICAL))),
    }
    return table(
        *("T", columns, now("a"), now("b")), description="?", empty="Nothing", unit="short"
    )


def test_every_cause_has_a_colour_of_its_own() -> None:
    assert set(colours.CAUSES) == {*CAUSES, "pending"}
    assert len(set(colours.CAUSES.values())) == len(colours.CAUSES)


def test_causes_are_coloured_by_the_names_of_their_series() -> None:
    panel = by_cause(
        timeseries("M", over_time("up"), description="?", empty="-", unit="short")
    ).build()
    overrides = plain(panel)["fieldConfig"]["overrides"]
    found = {one["matcher"]["options"]: one["properties"][0]["value"] for one in overrides}
    assert found["suspected_spoofing"] == {"mode": "fixed", "fixedColor": colours.CRITICAL}
    assert set(found) == set(colours.CAUSES)


def test_what_is_not_known_is_not_green() -> None:
    steps = plain(colours.thresholds(colours.from_zero((1, colours.CRITICAL))))["steps"]
    assert steps == [
        {"value": None, "color": colours.NO_DATA},
        {"value": 0, "color": colours.GOOD},
        {"value": 1, "color": colours.CRITICAL},
    ]


def test_panels_flow_into_lines_below_the_heading() -> None:
    heading, *panels = drawn(together((12, 8), (8, 4), (6, 2), (24, 1)), small(4, 4))
    assert (heading["type"], heading["title"]) == ("row", "Why?")
    places = [tuple(panel["gridPos"][key] for key in "xywh") for panel in panels]
    assert places == [(0, 1, 12, 8), (12, 1, 8, 4), (0, 9, 6, 2), (0, 11, 24, 1), (0, 12, 4, 4)]


def test_ids_are_counted_through() -> None:
    ids = [panel["id"] for panel in drawn(together((6, 4), (6, 4)), together((6, 4)))]
    assert ids == [1, 2, 3, 4, 5]


def test_a_link_carries_all_variables_and_the_time() -> None:
    assert ADDRESS.url() == "/d/l2-address?${__url_time_range}&${__all_variables}"


def test_a_link_to_one_thing_carries_those_that_every_page_has() -> None:
    assert ADDRESS.url(ip="${__value.raw}", instance="a") == (
        "/d/l2-address?${__url_time_range}&${datasource:queryparam}&${job:queryparam}"
        "&var-ip=${__value.raw}&var-instance=a"
    )


def test_the_bar_of_links_is_not_hidden_in_a_menu() -> None:
    assert "placement" not in plain(link_bar())


def test_selectors_obey_the_variables() -> None:
    assert series("up", 'a="b"') == 'up{job=~"$job", instance=~"$instance", a="b"}'
    assert increase_in_range("x_total", DEVICE) == (
        'increase(x_total{job=~"$job", instance=~"$instance", device=~"$device"}[$__range])'
    )


def test_all_vlans_are_untagged_frames_too() -> None:
    assert (vlan().all_value, vlan().multi, vlan().include_all) == (ANY_OR_NONE, True, True)


def test_a_table_has_its_columns_and_no_others() -> None:
    merge, kept, ordered = plain(two_queries().build())["transformations"]
    assert merge["id"] == "merge"
    assert kept["options"] == {"include": {"names": ["ip", "Value #B"]}}
    assert ordered["options"]["renameByName"] == {"ip": "Address", "Value #B": "Moves"}
    assert ordered["options"]["indexByName"] == {"ip": 0, "Value #B": 1}


def test_a_table_says_once_that_it_is_empty() -> None:
    fields = plain(two_queries().build())["fieldConfig"]
    assert fields["defaults"]["noValue"] == "Nothing"
    assert fields["overrides"][0] == {
        "matcher": {"id": "byRegexp", "options": ".*"},
        "properties": [{"id": "noValue", "value": "-"}],
    }


def test_columns_differ_where_they_say_so() -> None:
    _, address, moves = plain(two_queries().build())["fieldConfig"]["overrides"]
    assert [one["id"] for one in address["properties"]] == ["links"]
    assert [one["id"] for one in moves["properties"]] == ["thresholds", "custom.cellOptions"]


@pytest.mark.parametrize(("query", "instant"), [(now("up"), True), (over_time("up"), False)])
def test_a_query_is_of_now_or_of_the_range(query: Any, instant: bool) -> None:
    found = plain(query)
    assert (found["instant"], found["range"]) == (instant, not instant)


def test_a_figure_that_is_neither_good_nor_bad_has_no_colour() -> None:
    plainly = stat("S", now("up"), description="?", empty="-", unit="none").build()
    judged = stat(
        *("S", now("up")), description="?", empty="-", unit="none", steps=colours.from_zero()
    ).build()
    modes = [plain(panel)["options"]["colorMode"] for panel in (plainly, judged)]
    assert modes == ["none", "background_solid"]


def test_a_timeline_shows_words_or_what_emptiness_means() -> None:
    words = {"0": Word("No", "red")}
    panel = plain(
        state_timeline(
            *("T", over_time("up")), description="?", empty="-", unit="none", words=words
        ).build()
    )
    assert panel["fieldConfig"]["defaults"]["color"] == {"mode": "fixed"}
    assert panel["transformations"] == [
        {"id": "filterFieldsByName", "options": {"include": {"pattern": ".*"}}}
    ]


def test_words_stand_for_values() -> None:
    panel = stat(
        *("S", now("up")),
        description="?",
        empty="-",
        unit="none",
        words={"0": Word("No", "red")},
    ).build()
    options = plain(panel)["fieldConfig"]["defaults"]["mappings"][0]["options"]
    assert options == {"0": {"text": "No", "color": "red", "index": 0}}

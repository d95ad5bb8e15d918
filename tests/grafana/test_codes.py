"""Labels as numbers: every value that the exporter gives has its place, and its words."""

from __future__ import annotations

import re

import pytest

from grafana.mixin.codes import CAUSE, CONFIDENCE, PORT_STATE, Code
from l2exporter.collectors.moves import PENDING
from l2exporter.evidence.moves.causes import CAUSES
from l2exporter.evidence.sleep.hold import Merit
from tests.grafana.promql import parsed
from tests.grafana.reading import REFERENCE

STATES = re.search(r"\| State: (.*)\. \|", REFERENCE.read_text())

TOLD = (
    (CAUSE, {*CAUSES, PENDING}),
    (CONFIDENCE, {merit.name.lower() for merit in Merit}),
    (PORT_STATE, set(re.findall(r"[a-z]{3,}", STATES[1])) if STATES else set()),
)


@pytest.mark.parametrize(("code", "values"), TOLD, ids=lambda one: getattr(one, "label", None))
def test_every_value_of_the_label_has_a_place(code: Code, values: set[str]) -> None:
    assert set(code.colours) == values


def test_a_series_has_the_place_of_its_value_and_the_words_of_the_place() -> None:
    code = Code("state", {"up": "green", "half_up": "yellow"})
    assert parsed(code.of("x")).prettify() == (
        parsed(
            '(x) * on (state) group_left () (label_replace(vector(0), "state", "up", "", "")'
            ' or label_replace(vector(1), "state", "half_up", "", ""))'
        ).prettify()
    )
    assert {place: word.text for place, word in code.words.items()} == {"0": "up", "1": "half up"}
    assert {value: word.colour for value, word in code.cells.items()} == code.colours


def test_an_accusation_overrules_a_benign_cause_and_that_overrules_ignorance() -> None:
    order = list(CAUSE.colours)
    assert order[:2] == ["pending", "unknown"]
    assert order[-2:] == ["duplicate_address", "suspected_spoofing"]

"""Labels as numbers: timelines and figures show numbers alone, and give them their words back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Unpack

from grafana_foundation_sdk.builders.statetimeline import Panel

from .colours import CAUSES, GOOD, INFO, NO_DATA, WARNING
from .panels import Said, Word, mappings_of, over_time, state_timeline


@dataclass(frozen=True, slots=True)
class Code:
    """The values of `label` with their colours: each is known by its place.

    Where several are the case at once, as when exporters differ, `max` keeps the one further on.
    """

    label: str
    colours: Mapping[str, str]

    def of(self, expr: str) -> str:
        """The series of `expr`, which are 1, each with the place of its label's value instead."""
        places = " or ".join(
            f'label_replace(vector({place}), "{self.label}", "{value}", "", "")'
            for place, value in enumerate(self.colours)
        )
        return f"({expr}) * on ({self.label}) group_left () ({places})"

    @property
    def words(self) -> dict[str, Word]:
        """What a place is shown as."""
        return {str(place): word for place, word in enumerate(self.cells.values())}

    @property
    def cells(self) -> dict[str, Word]:
        """What the value itself is shown as: in a column of a table."""
        return {value: Word(value.replace("_", " "), c) for value, c in self.colours.items()}


_WEIGHTS: Final = {"pending": -2, "unknown": -1, "duplicate_address": 1, "suspected_spoofing": 2}
"""An exporter that saw more overrules one that saw less; an accusation overrules both."""

CAUSE: Final = Code(
    "cause", {c: CAUSES[c] for c in sorted(CAUSES, key=lambda cause: _WEIGHTS.get(cause, 0))}
)

CONFIDENCE: Final = Code(
    "confidence", {"low": NO_DATA, "medium": "light-blue", "high": INFO, "confirmed": GOOD}
)

PORT_STATE: Final = Code(
    "state",
    {
        "forwarding": GOOD,
        "blocking": INFO,
        "learning": "light-yellow",
        "listening": WARNING,
        "disabled": NO_DATA,
    },
)


def timeline(title: str, code: Code, by: str, expr: str, **said: Unpack[Said]) -> Panel:
    """A bar for each value of the labels `by`, with what `code` had of `expr` when."""
    labels = " ".join(f"{{{{{label.strip()}}}}}" for label in by.split(","))
    panel = state_timeline(title, over_time(f"max by ({by}) ({code.of(expr)})", labels), **said)
    return panel.mappings(mappings_of(code.words))
